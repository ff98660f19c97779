//! Every page, one screen. A surface gives its routes, with its layout and its guard.

use domain::Error;
use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route},
    path,
};
use ui::shop::{self, Place};

/// The page for an address that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    shop::page(Place::Open(""), |_| async { Err::<(), _>(Error::NotFound) })
}

#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <FlatRoutes fallback=NotFound>
            <Route path=path!("/") view=NotFound ssr=SsrMode::Async/>
        </FlatRoutes>
    }
}
