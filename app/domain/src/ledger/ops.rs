//! The verbs of the ledger. Grants and spends happen in the transaction of what caused them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Balance, store};
use crate::{
    access::SignedIn,
    error::{Refusal, Result},
    ids::{AccountId, OrderId},
    money::{Currency, Money},
};

/// Gives credit: promotion → customer, and a lot to draw from. Returns the ledger transaction.
pub(crate) async fn grant(
    conn: &mut PgConnection,
    account: AccountId,
    amount: Money,
    reason: &str,
    order_id: OrderId,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let customer = store::ensure_account(conn, "customer", Some(account), amount.currency()).await?;
    let promotion = store::ensure_account(conn, "promotion", None, amount.currency()).await?;
    store::insert_transaction(conn, id, "grant", reason, order_id).await?;
    let entry = store::insert_entry(conn, id, customer, amount).await?;
    store::insert_entry(conn, id, promotion, negative(amount)).await?;
    store::insert_lot(conn, account, entry, amount).await?;
    Ok(id)
}

/// Takes credit: customer → sale, out of the oldest lots. Refused, with what is missing, where they do
/// not hold enough; the caller's transaction is then to be rolled back.
pub(crate) async fn spend(
    conn: &mut PgConnection,
    account: AccountId,
    amount: Money,
    order_id: OrderId,
) -> Result<()> {
    let lots = store::lock_lots(conn, account, amount.currency()).await?;
    let held: i64 = lots.iter().map(|lot| lot.remaining_minor).sum();
    if held < amount.minor() {
        let short = Money::from_minor(amount.minor() - held, amount.currency());
        return Err(Refusal::CreditTooSmall { short }.into());
    }
    let id = Uuid::now_v7();
    let customer = store::ensure_account(conn, "customer", Some(account), amount.currency()).await?;
    let sale = store::ensure_account(conn, "sale", None, amount.currency()).await?;
    store::insert_transaction(conn, id, "spend", "order-payment", order_id).await?;
    let entry = store::insert_entry(conn, id, customer, negative(amount)).await?;
    store::insert_entry(conn, id, sale, amount).await?;
    let mut left = amount.minor();
    for lot in lots {
        let drawn = left.min(lot.remaining_minor);
        if drawn > 0 {
            store::draw(conn, lot.grant_lot_id, entry, drawn).await?;
            left -= drawn;
        }
    }
    Ok(())
}

fn negative(amount: Money) -> Money {
    Money::from_minor(-amount.minor(), amount.currency())
}

/// How much a person holds.
pub(crate) async fn credit(conn: &mut PgConnection, who: &SignedIn, currency: Currency) -> Result<Money> {
    store::balance(conn, who.id(), currency).await
}

/// A person's own credit.
pub async fn balance(conn: &mut PgConnection, who: &SignedIn, currency: Currency) -> Result<Balance> {
    Ok(Balance {
        credit: store::balance(conn, who.id(), currency).await?,
        lots: store::lots(conn, who.id(), currency).await?,
        entries: store::entries(conn, who.id(), currency).await?,
    })
}
