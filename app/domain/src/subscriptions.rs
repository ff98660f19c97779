//! What an Organization pays for, and until when. Tables: subscription, subscription_line.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::Result,
    ids::{OrderId, OrganizationId, PlanId},
};

/// Begins the subscription of an order, in the caller's transaction: for a month from now, made of the order's lines.
pub(crate) async fn begin(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    plan: PlanId,
) -> Result<()> {
    sqlx::query!(
        "with begun as (
             insert into subscription (subscription_id, organization_id, order_id, plan_id, period_start, period_end)
             values ($1, $2, $3, $4, now(), now() + interval '1 month')
         )
         insert into subscription_line (subscription_id, position, kind, slug, name, amount_minor, currency)
         select $1, position, kind, slug, name, amount_minor, currency from order_line where order_id = $3",
        Uuid::now_v7(),
        organization.0,
        order.0,
        plan.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends the subscription that an Organization has, before another begins.
pub(crate) async fn end(conn: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    sqlx::query!(
        "update subscription set state = 'ended', ended_at = now() where organization_id = $1 and state = 'active'",
        organization.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}
