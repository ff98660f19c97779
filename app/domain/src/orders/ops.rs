//! Reading orders.

use sqlx::PgConnection;

use super::{Order, OrderState, Revenue, store};
use crate::{
    access::{SignedIn, Superadmin},
    error::{Error, Result},
    ids::OrderId,
    money::Currency,
};

/// A person's own order, with its lines; somebody else's is not found.
pub async fn own(conn: &mut PgConnection, who: &SignedIn, id: OrderId) -> Result<Order> {
    let row = store::orders(conn, Some(id), Some(who.id()), None, 1).await?.pop().ok_or(Error::NotFound)?;
    Ok(Order { lines: store::lines(conn, id).await?, ..row.try_into()? })
}

/// For the worker, which acts for nobody in particular.
pub async fn for_job(conn: &mut PgConnection, id: OrderId) -> Result<Order> {
    let row = store::orders(conn, Some(id), None, None, 1).await?.pop().ok_or(Error::NotFound)?;
    Ok(Order { lines: store::lines(conn, id).await?, ..row.try_into()? })
}

/// The newest 50 of everybody.
pub async fn newest(conn: &mut PgConnection, superadmin: &Superadmin) -> Result<Vec<Order>> {
    newest_in(conn, superadmin, None).await
}

/// The newest 50 of everybody that are in a state, or in any.
pub async fn newest_in(
    conn: &mut PgConnection,
    _: &Superadmin,
    state: Option<OrderState>,
) -> Result<Vec<Order>> {
    store::orders(conn, None, None, state, 50).await?.into_iter().map(TryInto::try_into).collect()
}

pub async fn revenue(conn: &mut PgConnection, _: &Superadmin, currency: Currency) -> Result<Revenue> {
    store::revenue(conn, currency).await
}
