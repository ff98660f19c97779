//! Signing in. For everybody; the posts are in `server/src/auth.rs`.

use accounts::{CodePage, LinkPage, SignInPage};
use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute as _},
    components::Route,
    path,
};

#[component(transparent)]
pub fn AccountRoutes() -> AnyNestedRoute {
    view! {
        <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
        <Route path=path!("/sign-in/code") view=CodePage ssr=SsrMode::Async/>
        <Route path=path!("/sign-in/link") view=LinkPage ssr=SsrMode::Async/>
    }
    .into_inner()
    .into_any_nested_route()
}
