//! The console: for whoever is signed in. `ui::shell` is its layout and sends others to sign in first.

use leptos::prelude::*;
use leptos_router::{SsrMode, any_nested_route::AnyNestedRoute, components::Route, path};
use organizations::DashboardPage;

#[component(transparent)]
pub fn ConsoleRoutes() -> AnyNestedRoute {
    view! { <Route path=path!("/console") view=DashboardPage ssr=SsrMode::Async/> }.into_inner()
}
