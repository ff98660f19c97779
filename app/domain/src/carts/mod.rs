//! The cart: a row keyed by the visitor's session, on the server.
//! Pages: `app/commerce/src/cart`. Table: cart. End to end: `end2end/journey.spec.ts`.

use serde::{Deserialize, Serialize};

use crate::{
    checkout::Selection,
    ids::{CartId, CheckoutKey},
};

#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
mod store;

pub const APPS_MAX: i32 = 50;

/// What a visitor has chosen so far. Holds slugs; they are checked against the catalog when they are
/// put in and again when the order is priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    pub cart_id: CartId,
    pub selection: Selection,
    pub voucher_code: Option<String>,
    pub organization_name: String,
    pub organization_slug: String,
    /// The idempotency key of the order that this cart becomes.
    pub checkout_key: CheckoutKey,
}
