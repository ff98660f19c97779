//! The SQL of the ledger, one statement a function.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Entry, Lot};
use crate::{
    db::money,
    error::{Error, Result},
    ids::{BillingAccountId, OrderId},
    money::{Currency, Money},
    page::{Cursor, Page, PageRequest},
};

/// A transaction of two entries: the customer's, and the other side of it.
pub(super) struct NewTransaction<'a> {
    pub id: Uuid,
    pub kind: &'static str,
    pub reason: &'a str,
    /// What it is booked for, once: kind and id.
    pub cause: (&'static str, Uuid),
    pub customer_minor: i64,
    /// The kind of the account on the other side.
    pub other: &'static str,
}

/// Writes transactions with their entries; gives the ids of the customer's entries, in the order of the transactions.
/// Makes the payer's ledger account where there is none; the house's are there from the beginning.
pub(super) async fn insert_transactions(
    conn: &mut PgConnection,
    payer: BillingAccountId,
    order_id: OrderId,
    currency: Currency,
    transactions: &[NewTransaction<'_>],
) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = transactions.iter().map(|one| one.id).collect();
    let kinds: Vec<String> = transactions.iter().map(|one| one.kind.to_owned()).collect();
    let reasons: Vec<String> = transactions.iter().map(|one| one.reason.to_owned()).collect();
    let cause_kinds: Vec<String> = transactions.iter().map(|one| one.cause.0.to_owned()).collect();
    let cause_ids: Vec<Uuid> = transactions.iter().map(|one| one.cause.1).collect();
    let own: Vec<Uuid> = transactions.iter().map(|_| Uuid::now_v7()).collect();
    let entries: Vec<(Uuid, Uuid, &str, i64)> = transactions
        .iter()
        .zip(&own)
        .flat_map(|(one, entry)| {
            [
                (*entry, one.id, "customer", one.customer_minor),
                (Uuid::now_v7(), one.id, one.other, -one.customer_minor),
            ]
        })
        .collect();
    let entry_ids: Vec<Uuid> = entries.iter().map(|entry| entry.0).collect();
    let of: Vec<Uuid> = entries.iter().map(|entry| entry.1).collect();
    let accounts: Vec<String> = entries.iter().map(|entry| entry.2.to_owned()).collect();
    let amounts: Vec<i64> = entries.iter().map(|entry| entry.3).collect();
    let done = sqlx::query!(
        "with own as (
             insert into ledger_account (ledger_account_id, kind, billing_account_id, currency)
             select $1, 'customer', $2, $3 where not exists (
                 select from ledger_account where kind = 'customer' and billing_account_id = $2 and currency = $3
             )
             returning kind, ledger_account_id
         ), account as (
             select kind, ledger_account_id from own
             union all
             select kind, ledger_account_id from ledger_account
             where kind = 'customer' and billing_account_id = $2 and currency = $3
             union all
             select kind, ledger_account_id from ledger_account
             where kind in ('promotion', 'sale') and billing_account_id is null and currency = $3
         ), booked as (
             insert into ledger_transaction (ledger_transaction_id, kind, reason, cause_kind, cause_id, order_id)
             select id, kind, reason, cause_kind, cause_id, $4
             from unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[])
                 as one (id, kind, reason, cause_kind, cause_id)
         )
         insert into ledger_entry (ledger_entry_id, ledger_transaction_id, ledger_account_id, amount_minor, currency)
         select id, transaction, ledger_account_id, minor, $3
         from unnest($10::uuid[], $11::uuid[], $12::text[], $13::bigint[]) as one (id, transaction, kind, minor)
         join account using (kind)",
        Uuid::now_v7(),
        payer.0,
        currency.code(),
        order_id.0,
        &ids,
        &kinds,
        &reasons,
        &cause_kinds,
        &cause_ids,
        &entry_ids,
        &of,
        &accounts,
        &amounts,
    )
    .execute(conn)
    .await?;
    if done.rows_affected() == entry_ids.len() as u64 { Ok(own) } else { Err(Error::Internal) }
}

/// The payment of an order, as it was booked.
pub(super) struct Payment {
    pub id: Uuid,
    pub payer: BillingAccountId,
    minor: i64,
    currency: String,
}

impl Payment {
    pub(super) fn amount(&self) -> Result<Money> {
        money(self.minor, &self.currency)
    }
}

/// None: the order cost nothing, or its payment was returned.
pub(super) async fn payment(conn: &mut PgConnection, order: OrderId) -> Result<Option<Payment>> {
    Ok(sqlx::query_as!(
        Payment,
        r#"select payment.ledger_transaction_id as id, billing_account_id as "payer!: BillingAccountId",
               -amount_minor as "minor!", ledger_entry.currency
           from ledger_transaction payment
           join ledger_entry using (ledger_transaction_id)
           join ledger_account using (ledger_account_id)
           where payment.order_id = $1 and payment.kind = 'spend' and ledger_account.kind = 'customer'
               and not exists (select from ledger_transaction refund
                               where refund.cause_kind = 'refund' and refund.cause_id = payment.ledger_transaction_id)"#,
        order.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// The transaction that returned an order's payment; none where it was taken back.
pub(super) async fn refund(conn: &mut PgConnection, order: OrderId) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select refund.ledger_transaction_id from ledger_transaction refund
         where refund.order_id = $1 and refund.kind = 'refund'
             and not exists (select from ledger_transaction again
                             where again.cause_kind = 'retry' and again.cause_id = refund.ledger_transaction_id)",
        order.0,
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) struct NewLot {
    pub payer: BillingAccountId,
    /// The customer's entry of the grant.
    pub entry: Uuid,
    pub minor: i64,
    pub currency: Currency,
    /// What a spend takes from it at once: its entry, and how much.
    pub drawn: Option<(Uuid, i64)>,
}

pub(super) async fn insert_lot(conn: &mut PgConnection, lot: &NewLot) -> Result<()> {
    let (spend, drawn) = lot.drawn.unzip();
    sqlx::query!(
        "with lot as (
             insert into grant_lot (grant_lot_id, billing_account_id, ledger_entry_id, amount_minor, remaining_minor,
                 currency)
             values ($1, $2, $3, $4::bigint, $4 - coalesce($6::bigint, 0), $7)
         )
         insert into grant_draw (ledger_entry_id, grant_lot_id, amount_minor)
         select $5, $1, $6 where $6 is not null",
        Uuid::now_v7(),
        lot.payer.0,
        lot.entry,
        lot.minor,
        spend,
        drawn,
        lot.currency.code(),
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

/// Draws on lots for a spend's entry.
pub(super) async fn draw(conn: &mut PgConnection, entry: Uuid, draws: &[(OpenLot, i64)]) -> Result<()> {
    let (lots, amounts): (Vec<Uuid>, Vec<i64>) =
        draws.iter().map(|(lot, minor)| (lot.grant_lot_id, *minor)).unzip();
    sqlx::query!(
        "with taken as (
             update grant_lot set remaining_minor = remaining_minor - minor
             from unnest($2::uuid[], $3::bigint[]) as drawn (lot, minor) where grant_lot_id = lot
         )
         insert into grant_draw (ledger_entry_id, grant_lot_id, amount_minor)
         select $1, lot, minor from unnest($2::uuid[], $3::bigint[]) as drawn (lot, minor)",
        entry,
        &lots,
        &amounts,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the open lots hold.
pub(super) async fn credit(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
) -> Result<Money> {
    let row = sqlx::query!(
        r#"select coalesce(sum(remaining_minor), 0)::bigint as "minor!" from grant_lot
           where billing_account_id = $1 and currency = $2 and remaining_minor > 0"#,
        of.0,
        currency.code(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Money::from_minor(row.minor, currency))
}

/// The oldest open ones.
pub(super) async fn lots(
    conn: &mut PgConnection,
    of: BillingAccountId,
    currency: Currency,
    limit: i64,
) -> Result<Vec<Lot>> {
    let rows = sqlx::query!(
        "select ledger_transaction.reason, open.amount_minor, remaining_minor, open.currency, open.created_at
         from (select * from grant_lot
               where billing_account_id = $1 and currency = $2 and remaining_minor > 0
               order by created_at, grant_lot_id limit $3) open
         join ledger_entry using (ledger_entry_id)
         join ledger_transaction using (ledger_transaction_id)
         order by open.created_at, grant_lot_id",
        of.0,
        currency.code(),
        limit,
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
    wanted: &PageRequest,
) -> Result<Page<Entry>> {
    let before = wanted.bounds();
    let rows = sqlx::query!(
        r#"select ledger_entry_id, amount_minor, page.currency, reason, order_id as "order_id: OrderId",
               page.created_at
           from (select * from ledger_entry
                 where ledger_account_id = (
                         select ledger_account_id from ledger_account
                         where kind = 'customer' and billing_account_id = $1 and currency = $2)
                     and (created_at, ledger_entry_id) < ($3, $4)
                 order by created_at desc, ledger_entry_id desc limit $5) page
           join ledger_transaction using (ledger_transaction_id)
           order by page.created_at desc, ledger_entry_id desc"#,
        of.0,
        currency.code(),
        before.at,
        before.id,
        before.rows,
    )
    .fetch_all(conn)
    .await?;
    Page::of(rows, wanted, |row| Cursor::new(row.created_at, row.ledger_entry_id)).try_map(|row| {
        Ok(Entry {
            id: row.ledger_entry_id,
            amount: money(row.amount_minor, &row.currency)?,
            reason: row.reason,
            order_id: row.order_id,
            created_at: row.created_at,
        })
    })
}
