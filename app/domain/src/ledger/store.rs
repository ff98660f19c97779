//! The SQL of the ledger, one statement a function.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Entry, Lot};
use crate::{
    db::money,
    error::{Error, Result},
    ids::{BillingAccountId, OrderId},
    money::{Currency, Money},
};

/// The ledger account of a billing account's credit, made where there is none.
pub(super) async fn customer_account(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Uuid> {
    if let Some(id) = find_customer_account(conn, of, currency).await? {
        return Ok(id);
    }
    insert_account(conn, "customer", Some(of), currency).await?;
    find_customer_account(conn, of, currency).await?.ok_or(Error::Internal)
}

async fn find_customer_account(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select ledger_account_id from ledger_account
         where kind = 'customer' and billing_account_id = $1 and currency = $2",
        of.0,
        currency.code(),
    )
    .fetch_optional(conn)
    .await?)
}

/// The house's own ledger account of a kind, made where there is none.
pub(super) async fn own_account(conn: &mut PgConnection, kind: &str, currency: Currency) -> Result<Uuid> {
    if let Some(id) = find_own_account(conn, kind, currency).await? {
        return Ok(id);
    }
    insert_account(conn, kind, None, currency).await?;
    find_own_account(conn, kind, currency).await?.ok_or(Error::Internal)
}

async fn find_own_account(conn: &mut PgConnection, kind: &str, currency: Currency) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select ledger_account_id from ledger_account
         where kind = $1 and billing_account_id is null and currency = $2",
        kind,
        currency.code(),
    )
    .fetch_optional(conn)
    .await?)
}

async fn insert_account(
    conn: &mut PgConnection,
    kind: &str,
    of: Option<BillingAccountId>,
    currency: Currency,
) -> Result<()> {
    sqlx::query!(
        "insert into ledger_account (ledger_account_id, kind, billing_account_id, currency) values ($1, $2, $3, $4)
         on conflict (kind, billing_account_id, currency) do nothing",
        Uuid::now_v7(),
        kind,
        of.map(|id| id.0),
        currency.code(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) struct NewTransaction<'a> {
    pub id: Uuid,
    pub kind: &'static str,
    pub reason: &'a str,
    /// What it is booked for, once: kind and id.
    pub cause: (&'static str, Uuid),
    pub order_id: OrderId,
}

pub(super) async fn insert_transaction(
    conn: &mut PgConnection,
    transaction: &NewTransaction<'_>,
) -> Result<()> {
    let (cause_kind, cause_id) = transaction.cause;
    sqlx::query!(
        "insert into ledger_transaction (ledger_transaction_id, kind, reason, cause_kind, cause_id, order_id)
         values ($1, $2, $3, $4, $5, $6)",
        transaction.id,
        transaction.kind,
        transaction.reason,
        cause_kind,
        cause_id,
        transaction.order_id.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_entry(
    conn: &mut PgConnection,
    transaction: Uuid,
    account: Uuid,
    amount: Money,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into ledger_entry (ledger_entry_id, ledger_transaction_id, ledger_account_id, amount_minor, currency)
         values ($1, $2, $3, $4, $5)",
        id,
        transaction,
        account,
        amount.minor(),
        amount.currency().code(),
    )
    .execute(conn)
    .await?;
    Ok(id)
}

pub(super) async fn insert_lot(
    conn: &mut PgConnection,
    of: BillingAccountId,
    entry: Uuid,
    amount: Money,
) -> Result<()> {
    sqlx::query!(
        "insert into grant_lot (grant_lot_id, billing_account_id, ledger_entry_id, amount_minor, remaining_minor, currency)
         values ($1, $2, $3, $4, $4, $5)",
        Uuid::now_v7(),
        of.0,
        entry,
        amount.minor(),
        amount.currency().code(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) struct OpenLot {
    pub grant_lot_id: Uuid,
    pub remaining_minor: i64,
}

/// The lots to draw from, oldest first, locked until the transaction ends.
pub(super) async fn lock_lots(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Vec<OpenLot>> {
    Ok(sqlx::query_as!(
        OpenLot,
        "select grant_lot_id, remaining_minor from grant_lot
         where billing_account_id = $1 and currency = $2 and remaining_minor > 0
         order by created_at, grant_lot_id for update",
        of.0,
        currency.code(),
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn draw(conn: &mut PgConnection, lot: Uuid, entry: Uuid, amount_minor: i64) -> Result<()> {
    sqlx::query!(
        "update grant_lot set remaining_minor = remaining_minor - $2 where grant_lot_id = $1",
        lot,
        amount_minor,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into grant_draw (ledger_entry_id, grant_lot_id, amount_minor) values ($1, $2, $3)",
        entry,
        lot,
        amount_minor,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn balance(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Money> {
    let row = sqlx::query!(
        r#"select coalesce(sum(amount_minor), 0)::bigint as "minor!" from ledger_entry
           join ledger_account using (ledger_account_id)
           where kind = 'customer' and billing_account_id = $1 and ledger_account.currency = $2"#,
        of.0,
        currency.code(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Money::from_minor(row.minor, currency))
}

pub(super) async fn lots(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Vec<Lot>> {
    let rows = sqlx::query!(
        "select ledger_transaction.reason, grant_lot.amount_minor, remaining_minor, grant_lot.currency,
             grant_lot.created_at
         from grant_lot
         join ledger_entry using (ledger_entry_id)
         join ledger_transaction using (ledger_transaction_id)
         where billing_account_id = $1 and grant_lot.currency = $2 and remaining_minor > 0
         order by grant_lot.created_at, grant_lot_id",
        of.0,
        currency.code(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Lot {
                reason: row.reason,
                granted: money(row.amount_minor, &row.currency)?,
                remaining: money(row.remaining_minor, &row.currency)?,
                created_at: row.created_at,
            })
        })
        .collect()
}

pub(super) async fn entries(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Vec<Entry>> {
    let rows = sqlx::query!(
        r#"select ledger_entry_id, amount_minor, ledger_entry.currency, reason,
               order_id as "order_id: OrderId", ledger_entry.created_at
           from ledger_entry
           join ledger_account using (ledger_account_id)
           join ledger_transaction using (ledger_transaction_id)
           where ledger_account.kind = 'customer' and billing_account_id = $1 and ledger_account.currency = $2
           order by ledger_entry.created_at desc, ledger_entry_id desc limit 20"#,
        of.0,
        currency.code(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entry {
                id: row.ledger_entry_id,
                amount: money(row.amount_minor, &row.currency)?,
                reason: row.reason,
                order_id: row.order_id,
                created_at: row.created_at,
            })
        })
        .collect()
}
