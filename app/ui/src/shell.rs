//! A page of the console or the admin: the side with its navigation, who is here, the page, or what went
//! wrong with it. One connection for all of it. Which links there are is up to each area.

use std::future::Future;

use domain::{
    access::{Account, Actor, PlatformRole},
    error::{Error, Result},
    text::Locale,
};
use leptos::prelude::*;
use leptos_meta::Title;
use sqlx::{Postgres, pool::PoolConnection};

use crate::{
    chrome::{Brand, Preferences, SignOut, SkipLink, initials},
    icon::Icon,
    messages::Messages,
    page::{error_view, sign_in_path},
    refresh::Refresh,
    server,
    toast::toasts,
};

/// The navigation of an area, as far as somebody may go.
pub struct Area {
    pub name: &'static str,
    pub links: Vec<AreaLink>,
}

pub struct AreaLink {
    pub href: &'static str,
    pub icon: &'static str,
    pub text: &'static str,
}

/// What a page of an area is given.
pub struct Visitor {
    pub conn: PoolConnection<Postgres>,
    pub actor: Actor,
    pub words: &'static Messages,
    pub locale: Locale,
}

/// What a page of an area gives: what stands in its `<main>`, and a dialog over everything.
pub struct Content {
    main: AnyView,
    dialog: Option<AnyView>,
}

impl Content {
    pub fn new(main: impl IntoView + 'static) -> Self {
        Self { main: main.into_any(), dialog: None }
    }

    #[must_use]
    pub fn over(self, dialog: Option<AnyView>) -> Self {
        Self { dialog, ..self }
    }
}

/// Renders a page of an area for somebody who is signed in; others sign in first and come back.
pub fn page<F, Fut>(area: fn(&Actor, &'static Messages) -> Area, content: F) -> impl IntoView
where
    F: FnOnce(Visitor) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Content>> + Send + 'static,
{
    Suspend::new(async move {
        let words = server::words();
        let (side, result) = match enter(words).await {
            Ok(visitor) => {
                let side = side(words, &area(&visitor.actor, words), visitor.actor.account());
                (Some(side.into_any()), content(visitor).await)
            }
            Err(error) => (None, Err(error)),
        };
        let content = match result {
            Ok(content) => content,
            Err(Error::SignedOut) => {
                server::go(&sign_in_path(&server::request().path));
                return ().into_any();
            }
            Err(error) => {
                server::set_status(server::status(&error));
                Content::new(error_view(&error))
            }
        };
        let main = view! { <main id="main" class="page">{content.main}</main> };
        let body = match side {
            // What lies under a dialog is out of reach, with script or without.
            Some(side) => view! {
                <div class="shell" inert=content.dialog.is_some()>{side}<div class="shell__main">{main}</div></div>
            }
            .into_any(),
            None => main.into_any(),
        };
        view! { <SkipLink words/> {body} {content.dialog} {toasts(words).await} <Refresh/> }.into_any()
    })
}

async fn enter(words: &'static Messages) -> Result<Visitor> {
    let mut conn = server::conn().await?;
    let actor = server::actor(&mut conn).await?;
    Ok(Visitor { conn, actor, words, locale: words.locale })
}

fn side(words: &'static Messages, area: &Area, account: &Account) -> impl IntoView + use<> {
    let request = server::request();
    let here = request.path.split('?').next().unwrap_or_default().to_owned();
    let name = area.name;
    let links = area
        .links
        .iter()
        .map(|link| {
            view! {
                <li>
                    <a class="shell__link" href=link.href aria-current=(link.href == here).then_some("page")>
                        <Icon name=link.icon/>
                        <span>{link.text}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <header class="shell__side">
            <Brand area=name/>
            <nav class="shell__nav" aria-label=name>
                <ul class="shell__list">{links}</ul>
            </nav>
            <div class="shell__foot">{person(words, account)}</div>
        </header>
    }
}

/// Who is signed in, and the menu of theme, language and the ways out.
fn person(words: &'static Messages, account: &Account) -> impl IntoView + use<> {
    let role = role_name(words, account.role);
    let name = if account.display_name.is_empty() {
        account.email.to_string()
    } else {
        account.display_name.clone()
    };
    view! {
        <div class="shell__person">
            <span class="avatar" aria-hidden="true">{initials(account)}</span>
            <span><b><bdi>{name}</bdi></b><small>{role}</small></span>
        </div>
        <button class="button button--quiet" type="button" popovertarget="preferences">
            <Icon name="settings"/>
            <span>{words.common.preferences_short}</span>
        </button>
        <div class="menu" id="preferences" popover="auto">
            <Preferences words/>
            <SignOut words/>
            <form class="menu__group" method="post" action="/sign-out/everywhere">
                <button class="menu__item"><Icon name="lock"/>{words.accounts.sign_out_everywhere}</button>
            </form>
        </div>
    }
}

/// A platform role as people read it.
pub const fn role_name(words: &Messages, role: PlatformRole) -> &'static str {
    match role {
        PlatformRole::Superadmin => words.accounts.role_superadmin,
        PlatformRole::SovereignAdmin => words.accounts.role_sovereign_admin,
        PlatformRole::Support => words.accounts.role_support,
        PlatformRole::Customer => words.accounts.role_customer,
    }
}

/// The heading of a page, which is its title in the browser too.
#[component]
pub fn Heading(title: &'static str, #[prop(optional)] lede: &'static str) -> impl IntoView {
    let lede = (!lede.is_empty()).then(|| view! { <p class="page__lede">{lede}</p> });
    view! {
        <Title text=title/>
        <div class="page__header"><h1 class="page__title">{title}</h1>{lede}</div>
    }
}
