//! The frame of a page with one question: icon, title, a sentence, a form, and below it another way.

use leptos::prelude::*;
use leptos_meta::Title;
use ui::{icon::Icon, messages::Messages, server};

/// `children` are the form.
#[component]
pub fn Door(
    icon: &'static str,
    title: &'static str,
    #[prop(into)] text: AnyView,
    #[prop(optional_no_strip)] alternative: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let alternative = alternative.map(|view| view! { <div class="door__alternative">{view}</div> });
    view! {
        <Title text=title/>
        <main id="main" class="door">
            <div class="door__panel">
                <span class="door__icon"><Icon name=icon/></span>
                <div>
                    <h1 class="door__title">{title}</h1>
                    <p class="door__text">{text}</p>
                </div>
                {children()}
                {alternative}
            </div>
        </main>
    }
}

/// Where mail can be read on an installation that sends none. Nothing elsewhere.
pub fn mailbox(words: &'static Messages) -> Option<AnyView> {
    server::site().development_mailbox.then(|| {
        view! {
            <p>{words.accounts.development}" "<a href="/dev/mail">{words.accounts.development_mailbox}</a></p>
        }
        .into_any()
    })
}

/// An address inside a sentence.
pub fn address(email: &str) -> AnyView {
    view! { <strong><bdi>{email.to_owned()}</bdi></strong> }.into_any()
}
