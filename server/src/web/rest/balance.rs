//! A customer's own credit.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{
    access::Scope,
    ledger::{self, Balance, Entry, Lot},
    services::Services,
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    caller::Caller,
    error::ErrorBody,
    money::{Decimal, MoneyBody, Omr},
    paging::{Listed, Paging},
};

const PAGE: i64 = 20;

pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new().routes(routes!(balance))
}

#[derive(Serialize, ToSchema)]
struct BalanceBody {
    /// Null where the Sovereign sells in another currency than OMR, as is `credit_baisa`.
    credit_omr: Option<Decimal>,
    credit_baisa: Option<i64>,
    credit: MoneyBody,
    /// A page of them, the newest first.
    entries: Vec<EntryBody>,
    /// Grants that still hold something, oldest first: the order in which they are spent. At most 100; what those
    /// after them hold is in `credit`.
    lots: Vec<LotBody>,
}

/// Positive: granted or returned; negative: spent.
#[derive(Serialize, ToSchema)]
struct EntryBody {
    id: Uuid,
    amount_omr: Option<Decimal>,
    amount_baisa: Option<i64>,
    amount: MoneyBody,
    /// `promo:CODE`, `order-payment` or `order-refund`.
    reason: String,
    order_id: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
struct LotBody {
    reason: String,
    granted: MoneyBody,
    remaining: MoneyBody,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<Balance> for BalanceBody {
    fn from(balance: Balance) -> Self {
        let Omr { omr, baisa } = balance.credit.into();
        Self {
            credit_omr: omr,
            credit_baisa: baisa,
            credit: balance.credit.into(),
            entries: balance.entries.items.into_iter().map(Into::into).collect(),
            lots: balance.lots.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Entry> for EntryBody {
    fn from(entry: Entry) -> Self {
        let Omr { omr, baisa } = entry.amount.into();
        Self {
            id: entry.id,
            amount_omr: omr,
            amount_baisa: baisa,
            amount: entry.amount.into(),
            reason: entry.reason,
            order_id: entry.order_id.map(|id| id.0),
            created_at: entry.created_at,
        }
    }
}

impl From<Lot> for LotBody {
    fn from(lot: Lot) -> Self {
        Self {
            reason: lot.reason,
            granted: lot.granted.into(),
            remaining: lot.remaining.into(),
            created_at: lot.created_at,
        }
    }
}

/// The caller's credit, what is left of each grant, and the entries, the newest first, 20 a page
#[utoipa::path(
    get, path = "/billing/balance", tag = "billing", params(Paging),
    responses(
        (status = 200, body = BalanceBody,
            headers(("Link" = String, description = "The next entries, `rel=\"next\"`; absent after the last"))),
        (status = "4XX", body = ErrorBody),
    ),
    security(("bearer" = []), ("session" = [])),
)]
async fn balance(
    State(services): State<Arc<Services>>,
    caller: Caller,
    paging: Paging,
) -> Listed<BalanceBody> {
    let mut conn = services.pool.acquire().await?;
    let actor = caller.actor(&mut conn, Scope::Orders).await?;
    let wanted = paging.read(PAGE)?;
    let balance = ledger::ops::balance(&actor, &mut conn, services.currency, &wanted).await?;
    Ok((paging.link(&balance.entries), Json(balance.into())))
}
