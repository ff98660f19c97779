//! The credit of billing accounts: a double-entry, append-only ledger.
//! Pages: `app/commerce/src/billing`. Tables: ledger_account, ledger_transaction, ledger_entry,
//! grant_lot, grant_draw. Rules: each transaction sums to zero (ledger_sums_to_zero), a lot never
//! goes below zero (grant_lot_remaining), nothing is changed or deleted (refuse_change and grants).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{ids::OrderId, money::Money, page::Page};

#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
mod store;

/// The reason of what is returned of an order.
pub const REFUND: &str = "order-refund";

/// One line of a billing account: positive what was granted or returned, negative what was spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub id: uuid::Uuid,
    pub amount: Money,
    /// `promo:CODE`, `order-payment` or `order-refund`.
    pub reason: String,
    pub order_id: Option<OrderId>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// What was granted or returned, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub reason: String,
    pub granted: Money,
    pub remaining: Money,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// The most lots that are told of a billing account.
pub const LOTS_MAX: i64 = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    pub credit: Money,
    /// Lots that still hold something, oldest first: the order in which they are spent. Those after the first
    /// `LOTS_MAX` are told by the credit alone.
    pub lots: Vec<Lot>,
    pub entries: Page<Entry>,
}
