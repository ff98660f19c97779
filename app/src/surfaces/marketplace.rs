//! The shop: open to everybody. Its pages bring their own header (`ui::shop`).

use commerce::{
    cart::{AddonsPage, ReviewPage},
    catalog::{AppPage, AppsPage, LandingPage, PlansPage},
    checkout::CheckoutPage,
    orders::OrderPage,
    redeem::RedeemPage,
};
use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute as _},
    components::Route,
    path,
};

#[component(transparent)]
pub fn MarketplaceRoutes() -> AnyNestedRoute {
    view! {
        <Route path=path!("/") view=LandingPage ssr=SsrMode::Async/>
        <Route path=path!("/plans") view=PlansPage ssr=SsrMode::Async/>
        <Route path=path!("/apps") view=AppsPage ssr=SsrMode::Async/>
        <Route path=path!("/apps/:slug") view=AppPage ssr=SsrMode::Async/>
        <Route path=path!("/addons") view=AddonsPage ssr=SsrMode::Async/>
        <Route path=path!("/review") view=ReviewPage ssr=SsrMode::Async/>
        <Route path=path!("/checkout") view=CheckoutPage ssr=SsrMode::Async/>
        <Route path=path!("/redeem") view=RedeemPage ssr=SsrMode::Async/>
        <Route path=path!("/orders/:id") view=OrderPage ssr=SsrMode::Async/>
    }
    .into_inner()
    .into_any_nested_route()
}
