//! The console: for whoever is signed in. `ui::shell` is its layout and sends others to sign in first.

use leptos::prelude::*;
use leptos_router::{MatchNestedRoutes, SsrMode, components::Route, path};
use organizations::DashboardPage;

#[component(transparent)]
pub fn ConsoleRoutes() -> impl MatchNestedRoutes + Clone {
    view! { <Route path=path!("/console") view=DashboardPage ssr=SsrMode::Async/> }.into_inner()
}
