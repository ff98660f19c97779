//! What an Organization pays for, and until when. Tables: subscription, subscription_line.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::Result,
    ids::{OrderId, OrganizationId, PlanId},
};

/// Ends the Organization's subscription and begins the one of an order, in the caller's transaction: for a month from
/// now, made of the order's lines.
pub(crate) async fn begin(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    plan: PlanId,
) -> Result<()> {
    end(conn, organization).await?;
    let id = Uuid::now_v7();
    insert(conn, id, organization, order, plan).await?;
    insert_lines(conn, id, order).await
}

async fn end(conn: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    sqlx::query!(
        "update subscription set state = 'ended', ended_at = now() where organization_id = $1 and state = 'active'",
        organization.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn insert(
    conn: &mut PgConnection,
    id: Uuid,
    organization: OrganizationId,
    order: OrderId,
    plan: PlanId,
) -> Result<()> {
    sqlx::query!(
        "insert into subscription (subscription_id, organization_id, order_id, plan_id, period_start, period_end)
         values ($1, $2, $3, $4, now(), now() + interval '1 month')",
        id,
        organization.0,
        order.0,
        plan.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn insert_lines(conn: &mut PgConnection, id: Uuid, order: OrderId) -> Result<()> {
    sqlx::query!(
        "insert into subscription_line (subscription_id, position, kind, slug, name, amount_minor, currency)
         select $1, position, kind, slug, name, amount_minor, currency from order_line where order_id = $2",
        id,
        order.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}
