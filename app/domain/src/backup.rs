//! What a backup has to know of the database: one moment of it, what was in it then, and whether one that is
//! restored into holds anything yet.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::error::Result;

/// What was there; equal before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub accounts: i64,
    pub organizations: i64,
    pub applications: i64,
    pub orders: i64,
    pub vouchers: i64,
    pub ledger: Vec<LedgerTotal>,
}

/// All entries of one kind of ledger account in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerTotal {
    pub kind: String,
    pub currency: String,
    pub entries: i64,
    pub amount_minor: i64,
}

/// Keeps one moment of the database for as long as the caller's transaction is open; others read it by this name.
pub async fn export_snapshot(transaction: &mut PgConnection) -> Result<String> {
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(&mut *transaction)
        .await?;
    let row = sqlx::query!(r#"select pg_export_snapshot() as "name!""#).fetch_one(transaction).await?;
    Ok(row.name)
}

pub async fn contents(conn: &mut PgConnection) -> Result<Contents> {
    let counts = sqlx::query!(
        r#"select (select count(*) from account) as "accounts!", (select count(*) from organization) as "organizations!",
               (select count(*) from application) as "applications!", (select count(*) from customer_order) as "orders!",
               (select count(*) from promo_code) as "vouchers!""#
    )
    .fetch_one(&mut *conn)
    .await?;
    let ledger = sqlx::query_as!(
        LedgerTotal,
        r#"select kind, ledger_account.currency as "currency!", count(*) as "entries!",
               sum(amount_minor)::bigint as "amount_minor!"
           from ledger_entry join ledger_account using (ledger_account_id)
           group by kind, ledger_account.currency order by kind, ledger_account.currency"#
    )
    .fetch_all(conn)
    .await?;
    Ok(Contents {
        accounts: counts.accounts,
        organizations: counts.organizations,
        applications: counts.applications,
        orders: counts.orders,
        vouchers: counts.vouchers,
        ledger,
    })
}

/// Whether there is nothing in it: no table, of whomever.
pub async fn is_empty(conn: &mut PgConnection) -> Result<bool> {
    let row = sqlx::query!(
        r#"select not exists (select from pg_catalog.pg_tables
                              where schemaname not in ('pg_catalog', 'information_schema')) as "empty!""#
    )
    .fetch_one(conn)
    .await?;
    Ok(row.empty)
}

/// The application's role belongs to the cluster and is in no dump; the first migration makes it likewise.
pub async fn ensure_application_role(conn: &mut PgConnection) -> Result<()> {
    let row = sqlx::query!(
        r#"select exists (select from pg_catalog.pg_roles where rolname = 'catalyst_app') as "there!""#
    )
    .fetch_one(&mut *conn)
    .await?;
    if !row.there {
        sqlx::query("create role catalyst_app nologin").execute(&mut *conn).await?;
    }
    sqlx::query("grant catalyst_app to current_user").execute(conn).await?;
    Ok(())
}
