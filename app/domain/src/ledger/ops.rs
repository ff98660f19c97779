//! The verbs of the ledger. A booking happens in the transaction of what caused it.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Balance, LOTS_MAX, REFUND, store};
use crate::{
    access::Actor,
    billing::{self, LockedAccount},
    error::{Refusal, Result},
    ids::{BillingAccountId, OrderId, PromoRedemptionId},
    ledger::store::{NewLot, NewTransaction, OpenLot},
    money::{Currency, Money},
    page::{Page, PageRequest},
};

/// Credit that is given for a redemption: promotion → customer, and a lot to draw from.
pub(crate) struct Grant {
    pub redemption: PromoRedemptionId,
    pub amount: Money,
    pub reason: String,
    /// The ledger transaction.
    pub id: Uuid,
}

/// What one order moves on one billing account: what its voucher gives, and then what it costs.
pub(crate) struct Booking {
    payer: BillingAccountId,
    order_id: OrderId,
    grant: Option<Grant>,
    price: Money,
    /// What the price is booked for.
    cause: (&'static str, Uuid),
    /// Oldest first; what is granted comes last.
    draws: Vec<(OpenLot, i64)>,
    from_grant_minor: i64,
    /// What is left afterwards.
    pub credit: Money,
}

/// Reckons a booking on an account that the caller has locked; writes nothing.
/// Refused, with what is missing, where the account and the voucher do not hold enough.
pub(crate) async fn reckon(
    conn: &mut PgConnection,
    payer: LockedAccount,
    order_id: OrderId,
    grant: Option<Grant>,
    price: Money,
) -> Result<Booking> {
    // A new account holds nothing yet.
    let lots =
        if payer.new { Vec::new() } else { store::lock_lots(conn, payer.id, price.currency()).await? };
    let granted = grant.as_ref().map_or(0, |grant| grant.amount.minor());
    let held: i64 = lots.iter().map(|lot| lot.remaining_minor).sum();
    let left = held + granted - price.minor();
    if left < 0 {
        return Err(Refusal::CreditTooSmall { short: Money::from_minor(-left, price.currency()) }.into());
    }
    let mut due = price.minor();
    let mut draws = Vec::new();
    for lot in lots {
        let drawn = due.min(lot.remaining_minor);
        due -= drawn;
        if drawn > 0 {
            draws.push((lot, drawn));
        }
    }
    let credit = Money::from_minor(left, price.currency());
    let (payer, cause) = (payer.id, ("order", order_id.0));
    Ok(Booking { payer, order_id, grant, price, cause, draws, from_grant_minor: due, credit })
}

/// Writes a booking: the ledger's transactions with their entries, the lot, and what was drawn from which lot.
pub(crate) async fn book(conn: &mut PgConnection, booking: &Booking) -> Result<()> {
    let Booking { payer, order_id, grant, price, cause, draws, from_grant_minor, .. } = booking;
    let currency = price.currency();
    let mut transactions = Vec::new();
    if let Some(grant) = grant {
        transactions.push(NewTransaction {
            id: grant.id,
            kind: "grant",
            reason: &grant.reason,
            cause: ("redemption", grant.redemption.0),
            customer_minor: grant.amount.minor(),
            other: "promotion",
        });
    }
    if price.is_positive() {
        transactions.push(NewTransaction {
            id: Uuid::now_v7(),
            kind: "spend",
            reason: "order-payment",
            cause: *cause,
            customer_minor: -price.minor(),
            other: "sale",
        });
    }
    if transactions.is_empty() {
        return Ok(());
    }
    let entries = store::insert_transactions(conn, *payer, *order_id, currency, &transactions).await?;
    let spend = if price.is_positive() { entries.last() } else { None };
    if let Some(grant) = grant {
        let drawn = spend.filter(|_| *from_grant_minor > 0).map(|spend| (*spend, *from_grant_minor));
        let lot = NewLot { payer: *payer, entry: entries[0], minor: grant.amount.minor(), currency, drawn };
        store::insert_lot(conn, &lot).await?;
    }
    match spend {
        Some(spend) if !draws.is_empty() => store::draw(conn, *spend, draws).await,
        _ => Ok(()),
    }
}

/// Returns what an order was paid with, on an account that the caller has locked: sale → customer, and a new lot to
/// draw from. Nothing where the order cost nothing. Each payment is returned once.
pub(crate) async fn give_back(conn: &mut PgConnection, order_id: OrderId) -> Result<()> {
    let Some(payment) = store::payment(conn, order_id).await? else { return Ok(()) };
    let (payer, amount) = (payment.payer, payment.amount()?);
    let refund = NewTransaction {
        id: Uuid::now_v7(),
        kind: "refund",
        reason: REFUND,
        cause: ("refund", payment.id),
        customer_minor: amount.minor(),
        other: "sale",
    };
    let entries = store::insert_transactions(conn, payer, order_id, amount.currency(), &[refund]).await?;
    let (minor, currency) = (amount.minor(), amount.currency());
    store::insert_lot(conn, &NewLot { payer, entry: entries[0], minor, currency, drawn: None }).await
}

/// Pays an order again whose payment was returned, from an account that the caller has locked. Each return is taken
/// back once. Refused, with what is missing, where the account does not hold enough.
pub(crate) async fn take_again(
    conn: &mut PgConnection,
    payer: LockedAccount,
    order_id: OrderId,
    price: Money,
) -> Result<()> {
    let mut booking = reckon(conn, payer, order_id, None, price).await?;
    if let Some(refund) = store::refund(conn, order_id).await? {
        booking.cause = ("retry", refund);
    }
    book(conn, &booking).await
}

/// What a person's own billing account holds.
pub async fn credit(actor: &Actor, conn: &mut PgConnection, currency: Currency) -> Result<Money> {
    match billing::of_person(conn, actor.id()).await? {
        Some(own) => store::credit(conn, own, currency).await,
        None => Ok(Money::zero(currency)),
    }
}

/// The same, with what it is made of and what moved it.
pub async fn balance(
    actor: &Actor,
    conn: &mut PgConnection,
    currency: Currency,
    wanted: &PageRequest,
) -> Result<Balance> {
    let Some(own) = billing::of_person(conn, actor.id()).await? else {
        return Ok(Balance { credit: Money::zero(currency), lots: Vec::new(), entries: Page::empty() });
    };
    Ok(Balance {
        credit: store::credit(conn, own, currency).await?,
        lots: store::lots(conn, own, currency, LOTS_MAX).await?,
        entries: store::entries(conn, own, currency, wanted).await?,
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

    fn grant(redemption: PromoRedemptionId, currency: Currency) -> Option<Grant> {
        let amount = Money::from_minor(5_000, currency);
        Some(Grant { redemption, amount, reason: "promo:A".to_owned(), id: Uuid::now_v7() })
    }

    #[tokio::test]
    async fn one_order_may_have_several_grants_and_each_cause_is_booked_once() {
        let database = TestDatabase::new().await;
        let pool = database.pool(1).await;
        let mut conn = pool.acquire().await.unwrap();
        let actor = signed_in(&mut conn, "a@x.om", PlatformRole::Customer).await;
        let mut tx = conn.begin().await.unwrap();
        let mut payer = billing::lock_of_person(&mut tx, actor.id()).await.unwrap();
        assert!(payer.new);
        let (order, nothing) = (OrderId::new(), Money::zero(Currency::OMR));
        let (first, second) = (PromoRedemptionId::new(), PromoRedemptionId::new());
        for redemption in [first, second] {
            let booking =
                reckon(&mut tx, payer, order, grant(redemption, Currency::OMR), nothing).await.unwrap();
            book(&mut tx, &booking).await.unwrap();
        }
        payer.new = false;
        let seven = Money::from_minor(7_000, Currency::OMR);
        let booking = reckon(&mut tx, payer, order, None, seven).await.unwrap();
        book(&mut tx, &booking).await.unwrap();
        let left = Money::from_minor(3_000, Currency::OMR);
        assert_eq!(booking.credit, left);
        assert_eq!(credit(&actor, &mut tx, Currency::OMR).await.unwrap(), left);
        let one = Money::from_minor(1_000, Currency::OMR);
        for (what, again, price) in [("grant", grant(first, Currency::OMR), nothing), ("spend", None, one)] {
            let mut savepoint = tx.begin().await.unwrap();
            let booking = reckon(&mut savepoint, payer, order, again, price).await.unwrap();
            assert!(book(&mut savepoint, &booking).await.is_err(), "{what}");
            savepoint.rollback().await.unwrap();
        }
        assert_eq!(credit(&actor, &mut tx, Currency::OMR).await.unwrap(), left);
    }

    #[tokio::test]
    async fn each_currency_can_be_booked() {
        let database = TestDatabase::new().await;
        let pool = database.pool(1).await;
        let mut conn = pool.acquire().await.unwrap();
        let actor = signed_in(&mut conn, "a@x.om", PlatformRole::Customer).await;
        let mut tx = conn.begin().await.unwrap();
        let payer = billing::lock_of_person(&mut tx, actor.id()).await.unwrap();
        for currency in Currency::all() {
            let grant = grant(PromoRedemptionId::new(), currency);
            let price = Money::from_minor(5_000, currency);
            let booking = reckon(&mut tx, payer, OrderId::new(), grant, price).await.unwrap();
            book(&mut tx, &booking).await.unwrap_or_else(|error| panic!("{currency}: {error}"));
        }
    }
}
