//! Placing the order that the cart has become.

use leptos::prelude::*;
use ui::WireError;
#[cfg(feature = "ssr")]
use {
    super::place,
    ui::server::{self, reply},
};

/// `key` is the cart's, so that a form that is sent twice makes one order; `seen` says what the page
/// showed, so that nothing is ordered that was changed in another window, and `total`, in minor units of
/// `currency`, what it cost there. Everything else comes from the cart. `destination` is an Organization's
/// id, or empty for a new one.
#[server(name = PlaceCart, prefix = "/do", endpoint = "orders/place")]
pub async fn place_order(
    #[server(default)] key: String,
    #[server(default)] seen: String,
    #[server(default)] total: String,
    #[server(default)] currency: String,
    #[server(default)] destination: String,
) -> Result<(), WireError> {
    let result = async {
        let mut conn = server::conn().await?;
        let actor = server::actor(&mut conn).await?;
        let posted = place::Posted { key, seen, total, currency, destination };
        let order = place::place(&actor, &mut conn, &posted).await?;
        server::go(&format!("/orders/{order}"));
        Ok(())
    };
    reply(result.await)
}
