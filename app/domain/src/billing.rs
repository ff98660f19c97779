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

/// A person's own billing account, made where there is none, and locked until the transaction ends.
pub(crate) async fn lock_of_person(conn: &mut PgConnection, account: AccountId) -> Result<BillingAccountId> {
    if let Some(id) = find_and_lock(conn, account).await? {
        return Ok(id);
    }
    if let Some(id) = insert(conn, account).await? {
        return Ok(id);
    }
    // Somebody else made it meanwhile.
    find_and_lock(conn, account).await?.ok_or(Error::Internal)
}

async fn find_and_lock(conn: &mut PgConnection, account: AccountId) -> Result<Option<BillingAccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select billing_account_id as "id: BillingAccountId" from billing_account
           where account_id = $1 for no key update"#,
        account.0,
    )
    .fetch_optional(conn)
    .await?)
}

async fn insert(conn: &mut PgConnection, account: AccountId) -> Result<Option<BillingAccountId>> {
    Ok(sqlx::query_scalar!(
        r#"insert into billing_account (billing_account_id, account_id) values ($1, $2)
           on conflict (account_id) do nothing returning billing_account_id as "id: BillingAccountId""#,
        BillingAccountId::new().0,
        account.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// Everything that one billing account pays happens one after another.
pub(crate) async fn lock(conn: &mut PgConnection, id: BillingAccountId) -> Result<()> {
    sqlx::query!(
        "select billing_account_id from billing_account where billing_account_id = $1 for no key update",
        id.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}
