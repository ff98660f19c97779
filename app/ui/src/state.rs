//! How something is: a shape, a word, then a colour. And the one empty state.

use leptos::prelude::*;

use crate::icon::Icon;

/// How a state looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// `data-state`.
    pub state: &'static str,
    /// In `icons.svg`, without the `i-`.
    pub icon: &'static str,
    pub spins: bool,
    pub text: &'static str,
}

impl Look {
    pub const fn new(state: &'static str, icon: &'static str, text: &'static str) -> Self {
        Self { state, icon, spins: false, text }
    }

    /// Something is being done.
    pub const fn spinning(state: &'static str, text: &'static str) -> Self {
        Self { state, icon: "progress", spins: true, text }
    }
}

/// `<span class="state">`.
#[component]
pub fn State(look: Look) -> impl IntoView {
    let class = if look.spins { "icon--spin" } else { "" };
    view! {
        <span class="state" data-state=look.state><Icon name=look.icon class/><span>{look.text}</span></span>
    }
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
