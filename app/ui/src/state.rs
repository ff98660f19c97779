//! How something is: a shape, a word, then a colour. And the one empty state.

use leptos::prelude::*;

use crate::{icon::Icon, live::Look};

/// `<span class="state">`. With `live`, the name under which a live page changes it.
#[component]
pub fn State(look: Look, #[prop(optional, into)] live: Option<String>) -> impl IntoView {
    let class = if look.spins { "icon--spin" } else { "" };
    let icon = view! {
        <svg class=format!("icon {class}").trim_end().to_owned() aria-hidden="true">
            <use href=look.icon_href()></use>
        </svg>
    };
    view! { <span class="state" data-state=look.state data-live=live>{icon}<span>{look.text}</span></span> }
}

/// Nothing is here yet: what it would be, and where it comes from. `children` are the ways there.
#[component]
pub fn Empty(
    icon: &'static str,
    title: &'static str,
    text: &'static str,
    /// Inside a section that has its own heading.
    #[prop(optional)]
    nested: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let title = if nested {
        view! { <h3 class="empty__title">{title}</h3> }.into_any()
    } else {
        view! { <h2 class="empty__title">{title}</h2> }.into_any()
    };
    view! {
        <div class="empty">
            <span class="empty__icon"><Icon name=icon/></span>
            {title}
            <p class="empty__text">{text}</p>
            {children.map(|children| view! { <div class="empty__actions">{children()}</div> })}
        </div>
    }
}
