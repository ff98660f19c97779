//! Orders as they were placed.
//! Pages: `app/commerce/src/orders`. Tables: customer_order, order_line.
//! End to end: `end2end/journey.spec.ts`.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    ids::{OrderId, OrganizationId},
    money::Money,
    text::{Localized, VoucherCode},
};

#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
mod store;

/// Where an order is: the words of `customer_order.state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    Pending,
    Completed,
    Failed,
    Cancelled,
    Refunded,
}

impl OrderState {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Completed, Self::Failed, Self::Cancelled, Self::Refunded];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Plan,
    App,
    Addon,
    Discount,
}

impl LineKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::App => "app",
            Self::Addon => "addon",
            Self::Discount => "discount",
        }
    }
}

/// One line of a quote or an order, a month's price. A discount is negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub kind: LineKind,
    pub slug: String,
    pub name: Localized,
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub order_id: OrderId,
    pub organization_id: OrganizationId,
    pub organization_name: String,
    pub organization_slug: String,
    pub email: String,
    pub plan: String,
    pub plan_name: Localized,
    pub total: Money,
    /// `pending`, `completed`, `failed`, `cancelled` or `refunded`.
    pub state: String,
    pub promo_code: Option<VoucherCode>,
    pub promo_deleted: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Empty in lists.
    pub lines: Vec<Line>,
}

/// What the business earns a month and has sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revenue {
    /// What the lines of the active subscriptions cost a month.
    pub monthly: Money,
    pub customers: i64,
    pub active_subscriptions: i64,
    pub orders: i64,
    /// Credit that was granted and is not spent.
    pub credit_outstanding: Money,
}

/// An order whose credit was returned.
#[cfg(feature = "db")]
pub(crate) struct Refunded {
    pub order_id: OrderId,
    pub plan: crate::ids::PlanId,
    pub total: Money,
}

/// An order that is about to be written, paid by credit.
#[cfg(feature = "db")]
pub(crate) struct NewOrder<'a> {
    pub id: OrderId,
    pub organization: OrganizationId,
    pub plan: crate::ids::PlanId,
    pub total: Money,
    pub promo_code: Option<crate::ids::PromoCodeId>,
    pub lines: &'a [Line],
}
