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

/// The order whose subscription an Organization has.
pub(crate) async fn order(conn: &mut PgConnection, organization: OrganizationId) -> Result<Option<OrderId>> {
    Ok(sqlx::query_scalar!(
        r#"select order_id as "order: OrderId" from subscription where organization_id = $1 and state = 'active'"#,
        organization.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// Ends an order's subscription as if it had never begun: the one whose place it took is active again, unless that was
/// returned as well. Gives the plan of that one.
pub(crate) async fn withdraw(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
) -> Result<Option<PlanId>> {
    let period_start = sqlx::query_scalar!(
        "update subscription set state = 'ended', ended_at = now()
         where order_id = $1 and state = 'active' returning period_start",
        order.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(period_start) = period_start else { return Ok(None) };
    // One ends and the other begins in one transaction, and so at one moment.
    Ok(sqlx::query_scalar!(
        r#"update subscription set state = 'active', ended_at = null
           from customer_order
           where subscription.organization_id = $1 and subscription.state = 'ended' and ended_at = $2
               and customer_order.order_id = subscription.order_id and customer_order.state = 'completed'
           returning subscription.plan_id as "plan: PlanId""#,
        organization.0,
        period_start,
    )
    .fetch_optional(conn)
    .await?)
}

/// An order's subscription is active again, for a month from now, in the place of the one that the Organization has.
pub(crate) async fn resume(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
) -> Result<()> {
    end(conn, organization).await?;
    sqlx::query!(
        "update subscription set state = 'active', ended_at = null, period_start = now(),
             period_end = now() + interval '1 month'
         where order_id = $1",
        order.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}
