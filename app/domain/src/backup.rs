//! What a backup has to know of the database: one moment of it, what was in it then, and whether one that is
//! restored into holds anything yet.

use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};

use crate::{error::Result, organizations::Repository};

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

/// Whether there is nothing in it: no table, of whomever, but the mark of a restore.
pub async fn is_empty(conn: &mut PgConnection) -> Result<bool> {
    let row = sqlx::query!(
        r#"select not exists (select from pg_catalog.pg_tables
                              where schemaname not in ('pg_catalog', 'information_schema', 'restoring')) as "empty!""#
    )
    .fetch_one(conn)
    .await?;
    Ok(row.empty)
}

/// Any number, but the same in every program that restores.
const RESTORE_LOCK: i64 = 0x0CA7_A175_0BAC;

/// Sees that nobody else restores into this database for as long as the connection is open. False: somebody does. One
/// that was killed may have left a program behind that still loads.
pub async fn lock_for_restore(conn: &mut PgConnection) -> Result<bool> {
    let row = sqlx::query!(
        r#"select pg_try_advisory_lock($1) and not exists (
               select from pg_stat_activity
               where datname = current_database() and application_name = 'pg_restore') as "alone!""#,
        RESTORE_LOCK,
    )
    .fetch_one(conn)
    .await?;
    Ok(row.alone)
}

/// Marks the database as one into which the backup of this name is being restored. The mark is no table of the
/// product's: it is gone when the restore is done.
pub async fn begin_restore(conn: &mut PgConnection, backup: &str) -> Result<()> {
    let mut tx = conn.begin().await?;
    sqlx::raw_sql(
        "create schema if not exists restoring; create table if not exists restoring.backup (name text not null)",
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query("delete from restoring.backup").execute(&mut *tx).await?;
    sqlx::query("insert into restoring.backup (name) values ($1)").bind(backup).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The backup of which a restore was begun and did not end.
pub async fn begun_restore(conn: &mut PgConnection) -> Result<Option<String>> {
    let row = sqlx::query!(r#"select to_regclass('restoring.backup') is not null as "begun!""#);
    if !row.fetch_one(&mut *conn).await?.begun {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select name from restoring.backup").fetch_optional(conn).await?)
}

pub async fn end_restore(conn: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql("drop schema if exists restoring cascade").execute(conn).await?;
    Ok(())
}

/// The repositories of what was delivered to `provider`, in the order of their names.
pub async fn delivered_repositories(conn: &mut PgConnection, provider: &str) -> Result<Vec<Repository>> {
    Ok(sqlx::query_as!(
        Repository,
        r#"select repository_provider as "provider!", repository_owner as "owner!", repository_name as "name!"
           from application where state = 'committed' and repository_provider = $1
           order by repository_owner, repository_name"#,
        provider,
    )
    .fetch_all(conn)
    .await?)
}

/// The application's role belongs to the cluster and is in no dump; the first migration makes it likewise. An owner
/// who may make no roles finds it, and is its member.
pub async fn ensure_application_role(conn: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(
        "do $$
         begin
             if not exists (select from pg_roles where rolname = 'catalyst_app') then
                 create role catalyst_app nologin;
             end if;
         exception
             when duplicate_object or unique_violation then null;
         end
         $$;
         do $$
         begin
             if not pg_has_role(current_user, 'catalyst_app', 'member') then
                 execute format('grant catalyst_app to %I', current_user);
             end if;
         end
         $$",
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What tables and sequences to come grant, as the first migration has it. A dump says it of its owner by name, who
/// need not exist where it is restored.
pub async fn set_default_privileges(conn: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(
        "alter default privileges in schema public
             grant select, insert, update, delete on tables to catalyst_app;
         alter default privileges in schema public grant usage on sequences to catalyst_app",
    )
    .execute(conn)
    .await?;
    Ok(())
}
