//! The verbs of the ledger. Grants and spends happen in the transaction of what caused them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Balance, store};
use crate::{
    access::Actor,
    billing,
    error::{Refusal, Result},
    ids::{BillingAccountId, OrderId, PromoRedemptionId},
    ledger::store::NewTransaction,
    money::{Currency, Money},
};

/// Gives credit for a redemption: promotion → customer, and a lot to draw from. Returns the ledger transaction.
pub(crate) async fn grant(
    conn: &mut PgConnection,
    to: BillingAccountId,
    amount: Money,
    reason: &str,
    redemption: PromoRedemptionId,
    order_id: OrderId,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let customer = store::customer_account(conn, to, amount.currency()).await?;
    let promotion = store::own_account(conn, "promotion", amount.currency()).await?;
    let cause = ("redemption", redemption.0);
    store::insert_transaction(conn, &NewTransaction { id, kind: "grant", reason, cause, order_id }).await?;
    let entry = store::insert_entry(conn, id, customer, amount).await?;
    store::insert_entry(conn, id, promotion, negative(amount)).await?;
    store::insert_lot(conn, to, entry, amount).await?;
    Ok(id)
}

/// Takes credit for an order: customer → sale, out of the oldest lots. Refused, with what is missing, where they do
/// not hold enough; the caller's transaction is then to be rolled back.
pub(crate) async fn spend(
    conn: &mut PgConnection,
    from: BillingAccountId,
    amount: Money,
    order_id: OrderId,
) -> Result<()> {
    let lots = store::lock_lots(conn, from, amount.currency()).await?;
    let held: i64 = lots.iter().map(|lot| lot.remaining_minor).sum();
    if held < amount.minor() {
        let short = Money::from_minor(amount.minor() - held, amount.currency());
        return Err(Refusal::CreditTooSmall { short }.into());
    }
    let id = Uuid::now_v7();
    let customer = store::customer_account(conn, from, amount.currency()).await?;
    let sale = store::own_account(conn, "sale", amount.currency()).await?;
    let cause = ("order", order_id.0);
    let transaction = NewTransaction { id, kind: "spend", reason: "order-payment", cause, order_id };
    store::insert_transaction(conn, &transaction).await?;
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

/// How much a billing account holds.
pub(crate) async fn credit(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Money> {
    store::balance(conn, of, currency).await
}

/// The credit of a person's own billing account.
pub async fn balance(actor: &Actor, conn: &mut PgConnection, currency: Currency) -> Result<Balance> {
    let Some(own) = billing::of_person(conn, actor.id()).await? else {
        return Ok(Balance { credit: Money::zero(currency), lots: Vec::new(), entries: Vec::new() });
    };
    Ok(Balance {
        credit: store::balance(conn, own, currency).await?,
        lots: store::lots(conn, own, currency).await?,
        entries: store::entries(conn, own, currency).await?,
    })
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use sqlx::Connection as _;

    use super::*;
    use crate::{
        access::PlatformRole,
        testing::{TestDatabase, signed_in},
    };

    #[tokio::test]
    async fn one_order_may_have_several_grants_and_each_cause_is_booked_once() {
        let database = TestDatabase::new().await;
        let pool = database.pool(1).await;
        let mut conn = pool.acquire().await.unwrap();
        let actor = signed_in(&mut conn, "a@x.om", PlatformRole::Customer).await;
        let mut tx = conn.begin().await.unwrap();
        let payer = billing::lock_of_person(&mut tx, actor.id()).await.unwrap();
        let (order, five) = (OrderId::new(), Money::from_minor(5_000, Currency::OMR));
        let (first, second) = (PromoRedemptionId::new(), PromoRedemptionId::new());
        for redemption in [first, second] {
            grant(&mut tx, payer, five, "promo:A", redemption, order).await.unwrap();
        }
        spend(&mut tx, payer, five, order).await.unwrap();
        assert_eq!(credit(&mut tx, payer, Currency::OMR).await, Ok(five));
        for again in ["grant", "spend"] {
            let mut savepoint = tx.begin().await.unwrap();
            let refused = match again {
                "grant" => grant(&mut savepoint, payer, five, "promo:A", first, order).await.map(drop),
                _ => spend(&mut savepoint, payer, five, order).await,
            };
            assert!(refused.is_err(), "{again}");
            savepoint.rollback().await.unwrap();
        }
        assert_eq!(credit(&mut tx, payer, Currency::OMR).await, Ok(five));
    }
}
