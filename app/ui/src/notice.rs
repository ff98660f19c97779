//! A sentence that belongs to the page: what went well, what to know, what failed.

use leptos::prelude::*;

use crate::icon::Icon;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Info,
    Success,
    Warning,
    Danger,
}

impl Tone {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }

    pub const fn icon(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "ok",
            Self::Warning => "warning",
            Self::Danger => "alert",
        }
    }
}

/// A notice with a title and what its children say.
#[component]
pub fn Notice(tone: Tone, #[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <div class="notice" data-tone=tone.name()>
            <Icon name=tone.icon()/>
            <div class="notice__body">
                <p class="notice__title">{title}</p>
                {children()}
            </div>
        </div>
    }
}
