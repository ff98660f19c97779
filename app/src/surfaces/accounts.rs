//! Signing in. For everybody; the posts are in `server/src/auth.rs`.

use accounts::{CodePage, LinkPage, SignInPage};
use leptos::prelude::*;
use leptos_router::{MatchNestedRoutes, SsrMode, components::Route, path};

#[component(transparent)]
pub fn AccountRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
        <Route path=path!("/sign-in/code") view=CodePage ssr=SsrMode::Async/>
        <Route path=path!("/sign-in/link") view=LinkPage ssr=SsrMode::Async/>
    }
    .into_inner()
}
