//! Every page, one screen.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route},
    path,
};
use ui::page::NotFound;

#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <FlatRoutes fallback=NotFound>
            <Route path=path!("/") view=NotFound ssr=SsrMode::Async/>
        </FlatRoutes>
    }
}
