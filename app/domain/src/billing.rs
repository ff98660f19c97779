//! Billing accounts: whose credit pays. An Organization has one; a person has one of their own before they have any,
//! and their Organizations are paid from it. Table: billing_account.

use sqlx::PgConnection;

use crate::{
    error::{Error, Result},
    ids::{AccountId, BillingAccountId},
};

/// A person's own billing account, if they ever needed one.
pub(crate) async fn of_person(
    conn: &mut PgConnection,
    account: AccountId,
) -> Result<Option<BillingAccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select billing_account_id as "id: BillingAccountId" from billing_account where account_id = $1"#,
        account.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// A billing account whose row is locked until the transaction ends: everything that it pays happens one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LockedAccount {
    pub id: BillingAccountId,
    /// Made in this transaction.
    pub new: bool,
}

/// A person's own billing account, made where there is none.
pub(crate) async fn lock_of_person(conn: &mut PgConnection, account: AccountId) -> Result<LockedAccount> {
    if let Some(locked) = find_or_insert(conn, account).await? {
        return Ok(locked);
    }
    // Somebody else made it meanwhile.
    find_or_insert(conn, account).await?.ok_or(Error::Internal)
}

async fn find_or_insert(conn: &mut PgConnection, account: AccountId) -> Result<Option<LockedAccount>> {
    Ok(sqlx::query_as!(
        LockedAccount,
        r#"with found as (
               select billing_account_id from billing_account where account_id = $1 for no key update
           ), made as (
               insert into billing_account (billing_account_id, account_id)
               select $2, $1 where not exists (select from found)
               on conflict (account_id) do nothing returning billing_account_id
           )
           select billing_account_id as "id!: BillingAccountId", false as "new!" from found
           union all select billing_account_id, true from made"#,
        account.0,
        BillingAccountId::new().0,
    )
    .fetch_optional(conn)
    .await?)
}

pub(crate) async fn lock(conn: &mut PgConnection, id: BillingAccountId) -> Result<LockedAccount> {
    sqlx::query!(
        "select billing_account_id from billing_account where billing_account_id = $1 for no key update",
        id.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(LockedAccount { id, new: false })
}
