//! Orders: writing one down, and reading them.

use std::{sync::Arc, time::Duration};

use sqlx::{PgConnection, PgPool};

use super::{NewOrder, Order, OrderState, Refunded, Revenue, store};
use crate::{
    access::{Actor, Buyer, Superadmin, Worker},
    error::{Error, Result},
    events::{self, Event, Subject},
    figures::{Counted, Figures, Patience},
    ids::{OrderId, OrganizationId},
    money::Currency,
    page::{Page, PageRequest},
};

const REVENUE_PATIENCE: Patience =
    Patience { first: Duration::from_millis(200), newer: Duration::from_millis(20) };

/// Writes an order with its lines, in the transaction that pays for it.
pub(crate) async fn insert(actor: &Actor, conn: &mut PgConnection, order: &NewOrder<'_>) -> Result<()> {
    store::insert(conn, actor.id(), order).await
}

/// A person's own order, with its lines; somebody else's is not found.
pub async fn own(actor: &Actor, conn: &mut PgConnection, id: OrderId) -> Result<Order> {
    let row = store::find(conn, id, Some(actor.id())).await?.ok_or(Error::NotFound)?;
    Ok(Order { lines: store::lines(conn, id).await?, ..row.try_into()? })
}

/// The proof that somebody placed an order; to others it does not exist.
pub async fn buyer(actor: &Actor, conn: &mut PgConnection, id: OrderId) -> Result<Buyer> {
    if store::is_of(conn, id, actor.id()).await? {
        Ok(Buyer::new(actor.clone(), id))
    } else {
        Err(Error::NotFound)
    }
}

/// What happened to an order after an event that the reader has seen.
pub async fn events_after(buyer: &Buyer, conn: &mut PgConnection, after: i64) -> Result<Vec<Event>> {
    events::after(conn, Subject::Order(buyer.order_id()), after).await
}

/// The order of a job, with its lines.
pub async fn for_job(_: &Worker, conn: &mut PgConnection, id: OrderId) -> Result<Order> {
    let row = store::find(conn, id, None).await?.ok_or(Error::NotFound)?;
    Ok(Order { lines: store::lines(conn, id).await?, ..row.try_into()? })
}

/// Whose order it is; none where there is no such order.
pub(crate) async fn organization(conn: &mut PgConnection, id: OrderId) -> Result<Option<OrganizationId>> {
    store::organization(conn, id).await
}

/// Says that an order's payment is returned, in the transaction that returns it. False: it was before, or something of
/// the order was delivered.
pub(crate) async fn refund(conn: &mut PgConnection, id: OrderId) -> Result<bool> {
    store::refund(conn, id).await
}

/// Says that an order whose payment was returned is paid again, in the transaction that pays it.
pub(crate) async fn complete_again(conn: &mut PgConnection, id: OrderId) -> Result<()> {
    if store::complete_again(conn, id).await? { Ok(()) } else { Err(Error::Internal) }
}

/// The orders of an Organization whose payment was returned and that still have Applications to deliver, the newest
/// first.
pub(crate) async fn refunded(conn: &mut PgConnection, organization: OrganizationId) -> Result<Vec<Refunded>> {
    store::refunded(conn, organization).await
}

/// The orders of everybody that are in a state, or in any.
pub async fn newest(
    _: &Superadmin,
    conn: &mut PgConnection,
    state: Option<OrderState>,
    wanted: &PageRequest,
) -> Result<Page<Order>> {
    store::newest(conn, state, wanted).await?.try_map(TryInto::try_into)
}

/// As it was counted last, at the cost of no wait where there is a count; none where even the first one takes long.
/// Whoever asks holds no connection meanwhile.
pub async fn revenue(
    _: &Superadmin,
    pool: &PgPool,
    counted: &Arc<Figures<Revenue>>,
    currency: Currency,
) -> Option<Counted<Revenue>> {
    let pool = pool.clone();
    let count = async move { store::revenue(&mut *pool.acquire().await?, currency).await };
    counted.read(count, REVENUE_PATIENCE).await
}
