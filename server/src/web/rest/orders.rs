//! Everybody's orders, for a superadmin.

use std::sync::Arc;

use axum::extract::State;
use domain::{
    access::Scope,
    orders::{self, Order},
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

const PAGE: i64 = 50;

pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new().routes(routes!(newest))
}

#[derive(Serialize, ToSchema)]
struct OrderBody {
    id: Uuid,
    tenant_id: Uuid,
    tenant_name: String,
    tenant_slug: String,
    email: String,
    /// The plan's slug.
    plan: String,
    amount_omr: Option<Decimal>,
    amount_baisa: Option<i64>,
    amount: MoneyBody,
    /// `pending`, `completed`, `failed`, `cancelled` or `refunded`.
    status: String,
    promo_code: Option<String>,
    /// The voucher was revoked since.
    promo_deleted: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        let Omr { omr, baisa } = order.total.into();
        Self {
            id: order.order_id.0,
            tenant_id: order.organization_id.0,
            tenant_name: order.organization_name,
            tenant_slug: order.organization_slug,
            email: order.email,
            plan: order.plan,
            amount_omr: omr,
            amount_baisa: baisa,
            amount: order.total.into(),
            status: order.state,
            promo_code: order.promo_code.map(|code| code.to_string()),
            promo_deleted: order.promo_deleted,
            created_at: order.created_at,
        }
    }
}

/// The orders of everybody, the newest first, 50 a page
#[utoipa::path(
    get, path = "/billing/admin/orders", tag = "billing", params(Paging),
    responses(
        (status = 200, body = Vec<OrderBody>, headers(("Link" = String, description = "The next page, `rel=\"next\"`; absent after the last"))),
        (status = "4XX", body = ErrorBody),
    ),
    security(("bearer" = ["superadmin"]), ("session" = ["superadmin"])),
)]
async fn newest(
    State(services): State<Arc<Services>>,
    caller: Caller,
    paging: Paging,
) -> Listed<Vec<OrderBody>> {
    let mut conn = services.pool.acquire().await?;
    let superadmin = caller.actor(&mut conn, Scope::Orders).await?.superadmin()?;
    let newest = orders::ops::newest(&superadmin, &mut conn, None, &paging.read(PAGE)?).await?;
    Ok(paging.answer(newest))
}
