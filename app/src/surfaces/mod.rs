//! Every page, one screen. A surface gives its routes, with its layout and its guard.

use domain::Error;
use leptos::prelude::*;
use leptos_router::components::FlatRoutes;
use ui::shop::{self, Place};

mod accounts;
mod admin;
mod console;
mod marketplace;

use accounts::AccountRoutes;
use admin::AdminRoutes;
use console::ConsoleRoutes;
use marketplace::MarketplaceRoutes;

/// The page for an address that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    shop::page(Place::Open(""), |_| async { Err::<(), _>(Error::NotFound) })
}

#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <FlatRoutes fallback=NotFound>
            <MarketplaceRoutes/>
            <AccountRoutes/>
            <ConsoleRoutes/>
            <AdminRoutes/>
        </FlatRoutes>
    }
}
