//! What stands around pages: skip link, brand, preferences, account menu, footer. The marketplace's header
//! is put together in `shop`, the console's and the admin's in `app/src/surfaces`.

use domain::{access::Account, text::Locale};
use leptos::prelude::*;

use crate::{
    icon::Icon,
    messages::Messages,
    server::{self, Theme},
};

#[component]
pub fn SkipLink(words: &'static Messages) -> impl IntoView {
    view! { <a class="skip-link" href="#main">{words.common.skip_to_content}</a> }
}

/// The mark and the name; `area` names the console or the admin's.
#[component]
pub fn Brand(#[prop(optional)] area: &'static str) -> impl IntoView {
    let area = (!area.is_empty()).then(|| view! { <span class="shell__area">{area}</span> });
    view! {
        <a class="brand" href="/">
            <svg class="brand__mark" aria-hidden="true"><use href="/assets/icons.svg#catalyst"></use></svg>
            <span class="brand__word">"Catalyst"</span>
            {area}
        </a>
    }
}

/// The form of theme and language: each button is a choice, the page comes back as it was.
#[component]
pub fn Preferences(words: &'static Messages) -> impl IntoView {
    let request = server::request();
    let c = &words.common;
    let themes = [
        (Theme::System, "system", "monitor", c.theme_system),
        (Theme::Light, "light", "sun", c.theme_light),
        (Theme::Dark, "dark", "moon", c.theme_dark),
    ]
    .map(|(theme, value, icon, text)| {
        let pressed = if request.theme == theme { "true" } else { "false" };
        view! {
            <button class="menu__item" name="theme" value=value aria-pressed=pressed><Icon name=icon/>{text}</button>
        }
    });
    let locales = [(Locale::En, "English"), (Locale::Ar, "العربية")].map(|(locale, text)| {
        let pressed = if words.locale == locale { "true" } else { "false" };
        view! {
            <button class="menu__item" name="lang" value=locale.tag() lang=locale.tag() aria-pressed=pressed>
                <Icon name="globe"/>
                {text}
            </button>
        }
    });
    view! {
        <form method="post" action="/preferences">
            <div class="menu__group"><p class="menu__label">{c.theme}</p>{themes.into_iter().collect_view()}</div>
            <div class="menu__group"><p class="menu__label">{c.language}</p>{locales.into_iter().collect_view()}</div>
            <input type="hidden" name="return_to" value=request.path/>
        </form>
    }
}

#[component]
pub fn SignOut(words: &'static Messages) -> impl IntoView {
    view! {
        <form class="menu__group" method="post" action="/sign-out">
            <button class="menu__item"><Icon name="sign-out" class="icon--point"/>{words.common.sign_out}</button>
        </form>
    }
}

/// The name that stands for somebody: their own, or their address.
pub fn shown_name(account: &Account) -> String {
    if account.display_name.is_empty() { account.email.to_string() } else { account.display_name.clone() }
}

/// The first letters of the first two words of a name, or of the address.
pub fn initials(account: &Account) -> String {
    let name = shown_name(account);
    let words =
        name.split(|c: char| c.is_whitespace() || "@._-+".contains(c)).filter(|word| !word.is_empty());
    let count = if account.display_name.is_empty() { 1 } else { 2 };
    words.filter_map(|word| word.chars().next()).take(count).flat_map(char::to_uppercase).collect()
}

/// The menu behind the avatar: who it is, where they may go, the way out.
#[component]
pub fn AccountMenu(words: &'static Messages, account: Account) -> impl IntoView {
    let c = &words.common;
    let admin = account.role.home().starts_with("/admin").then(|| {
        view! { <a class="menu__item" href=account.role.home()><Icon name="settings"/>{c.admin}</a> }
    });
    let name = (!account.display_name.is_empty()).then(|| view! { <b>{account.display_name.clone()}</b> });
    view! {
        <div class="menu" id="account" popover="auto">
            <p class="menu__head">{name}<bdi>{account.email.to_string()}</bdi></p>
            <div class="menu__group">
                <a class="menu__item" href="/console"><Icon name="dashboard"/>{c.console}</a>
                {admin}
                <a class="menu__item" href="/review"><Icon name="bag"/>{c.your_order}</a>
            </div>
            <SignOut words/>
        </div>
    }
}

#[component]
pub fn Footer(words: &'static Messages) -> impl IntoView {
    let c = &words.common;
    view! {
        <footer class="footer">
            <div class="footer__inner">
                <p>{c.operated}</p>
                <nav class="footer__links" aria-label=c.more>
                    <a href="/plans">{c.plans}</a>
                    <a href="/apps">{c.apps}</a>
                    <a href="/redeem">{c.redeem}</a>
                </nav>
            </div>
        </footer>
    }
}

#[cfg(test)]
mod tests {
    use domain::{access::PlatformRole, ids::AccountId, text::Email};

    use super::*;

    #[test]
    fn initials_come_from_the_name_or_the_address() {
        let mut account = Account {
            account_id: AccountId("01932c5e-8f3a-7000-8000-000000000000".parse().expect("an id")),
            email: Email::parse("maryam@dunehouse.om").expect("an address"),
            display_name: String::new(),
            role: PlatformRole::Customer,
        };
        assert_eq!(initials(&account), "M");
        "Maryam Al Balushi".clone_into(&mut account.display_name);
        assert_eq!(initials(&account), "MA");
    }
}
