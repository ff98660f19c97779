//! The admin: superadmins see all of it, sovereign-admins billing alone. The navigation (`ui::areas`) shows what
//! somebody may see; each page asks for the proof itself, so an address that was typed is refused as well.

use commerce::admin::{BillingPage, CatalogPage, OrdersPage, RevenuePage};
use domain::error::Result;
use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute as _},
    components::Route,
    path,
};
use organizations::TenantsPage;
use ui::{
    areas, server,
    shell::{self, Content, Visitor},
};

#[component(transparent)]
pub fn AdminRoutes() -> AnyNestedRoute {
    view! {
        <Route path=path!("/admin") view=AdminPage ssr=SsrMode::Async/>
        <Route path=path!("/admin/revenue") view=RevenuePage ssr=SsrMode::Async/>
        <Route path=path!("/admin/catalog") view=CatalogPage ssr=SsrMode::Async/>
        <Route path=path!("/admin/tenants") view=TenantsPage ssr=SsrMode::Async/>
        <Route path=path!("/admin/orders") view=OrdersPage ssr=SsrMode::Async/>
        <Route path=path!("/admin/billing") view=BillingPage ssr=SsrMode::Async/>
    }
    .into_inner()
    .into_any_nested_route()
}

/// `/admin` leads to where the role works.
#[component]
fn AdminPage() -> impl IntoView {
    shell::page(areas::admin, lead_home)
}

async fn lead_home(visitor: Visitor) -> Result<Content> {
    let admin = visitor.actor.admin()?;
    server::go(admin.actor().account().role.home());
    Ok(Content::new(()))
}
