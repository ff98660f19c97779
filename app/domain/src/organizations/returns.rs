//! What becomes of an order's payment when its delivery is given up, and when it is tried again. The caller has locked
//! the billing account and the Organization.

use sqlx::PgConnection;

use super::store;
use crate::{
    billing::LockedAccount,
    error::{Error, Result},
    ids::{OrderId, OrganizationId},
    ledger,
    orders::{self, Refunded},
    subscriptions,
};

/// Returns what an order cost, once, if nothing of it was delivered: its subscription ends, and the one whose place it
/// took goes on. The plan is what costs, and apps cost nothing: where a part was delivered nothing is returned, and the
/// rest can be tried again.
pub(super) async fn give_back(
    tx: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
) -> Result<()> {
    if !orders::ops::refund(tx, order).await? {
        return Ok(());
    }
    ledger::ops::give_back(tx, order).await?;
    if let Some(plan) = subscriptions::withdraw(tx, organization, order).await? {
        store::set_plan(tx, organization, plan, &[]).await?;
    }
    Ok(())
}

/// Takes the payment of what has failed and was returned again. One plan is paid, not several: the newest of these
/// orders is, unless the Organization has bought another since, and the Applications of the others become a part of it.
pub(super) async fn take_again(
    tx: &mut PgConnection,
    organization: OrganizationId,
    payer: LockedAccount,
) -> Result<()> {
    let returned = orders::ops::refunded(tx, organization).await?;
    let Some(newest) = returned.first() else { return Ok(()) };
    // Ids of orders rise with time.
    let bought_since = subscriptions::order(tx, organization).await?.filter(|order| *order > newest.order_id);
    let paid = match bought_since {
        Some(order) => order,
        None => pay_again(tx, organization, payer, newest).await?,
    };
    let others: Vec<OrderId> =
        returned.iter().map(|order| order.order_id).filter(|order| *order != paid).collect();
    store::join_order(tx, &others, paid).await
}

async fn pay_again(
    tx: &mut PgConnection,
    organization: OrganizationId,
    payer: LockedAccount,
    order: &Refunded,
) -> Result<OrderId> {
    ledger::ops::take_again(tx, payer, order.order_id, order.total).await?;
    orders::ops::complete_again(tx, order.order_id).await?;
    subscriptions::resume(tx, organization, order.order_id).await?;
    store::set_plan(tx, organization, order.plan, &[]).await?.ok_or(Error::Gone)?;
    Ok(order.order_id)
}
