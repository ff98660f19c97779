//! The SQL of identity, one statement a function.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    access::{Account, PlatformRole},
    error::Result,
    ids::{AccountId, ApiTokenId, SignInLinkId},
    text::Email,
};

pub(super) async fn account(conn: &mut PgConnection, id: AccountId) -> Result<Option<Account>> {
    Ok(sqlx::query_as!(
        Account,
        r#"select account_id as "account_id: AccountId", email as "email: Email", display_name,
               role as "role: PlatformRole"
           from account where account_id = $1"#,
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// The account of an address, made if there is none. Two at once get the same one.
pub(super) async fn find_or_create(conn: &mut PgConnection, email: &Email) -> Result<Account> {
    Ok(sqlx::query_as!(
        Account,
        r#"insert into account (account_id, email) values ($1, $2)
           on conflict (email) do update set email = excluded.email
           returning account_id as "account_id: AccountId", email as "email: Email", display_name,
               role as "role: PlatformRole""#,
        AccountId::new().0,
        email.as_str(),
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn set_role(conn: &mut PgConnection, id: AccountId, role: PlatformRole) -> Result<()> {
    sqlx::query!("update account set role = $2 where account_id = $1", id.0, role.name())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn end_sessions(conn: &mut PgConnection, id: AccountId) -> Result<u64> {
    Ok(sqlx::query!("delete from session where account_id = $1", id.0).execute(conn).await?.rows_affected())
}

pub(super) struct NewLink<'a> {
    pub id: SignInLinkId,
    pub email: &'a Email,
    pub browser_hash: &'a [u8],
    pub return_to: &'a str,
    pub locale: &'a str,
    pub expires_at: OffsetDateTime,
}

pub(super) async fn insert_link(conn: &mut PgConnection, link: &NewLink<'_>) -> Result<()> {
    sqlx::query!(
        "insert into sign_in_link (sign_in_link_id, email, browser_hash, return_to, locale, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        link.id.0,
        link.email.as_str(),
        link.browser_hash,
        link.return_to,
        link.locale,
        link.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) struct LinkToMail {
    pub email: Email,
    pub locale: String,
}

/// Stores the hashes of what is about to be mailed; nothing for a link that is over or used.
pub(super) async fn arm_link(
    conn: &mut PgConnection,
    id: SignInLinkId,
    token_hash: &[u8],
    code_hash: &[u8],
) -> Result<Option<LinkToMail>> {
    Ok(sqlx::query_as!(
        LinkToMail,
        r#"update sign_in_link set token_hash = $2, code_hash = $3
           where sign_in_link_id = $1 and consumed_at is null and expires_at > now()
           returning email as "email: Email", locale"#,
        id.0,
        token_hash,
        code_hash,
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) struct Consumed {
    pub email: Email,
    pub return_to: String,
}

pub(super) async fn consume_by_token(
    conn: &mut PgConnection,
    token_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<Consumed>> {
    Ok(sqlx::query_as!(
        Consumed,
        r#"update sign_in_link set consumed_at = now()
           where token_hash = $1 and browser_hash = $2 and consumed_at is null and expires_at > now()
           returning email as "email: Email", return_to"#,
        token_hash,
        browser_hash,
    )
    .fetch_optional(conn)
    .await?)
}

/// Whose link it is, to the browser that asked for it. Uses nothing up.
pub(super) async fn address_of_link(
    conn: &mut PgConnection,
    token_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<Email>> {
    let row = sqlx::query!(
        r#"select email as "email: Email" from sign_in_link
           where token_hash = $1 and browser_hash = $2 and consumed_at is null and expires_at > now()"#,
        token_hash,
        browser_hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.email))
}

/// Whether a token is good, though perhaps for another browser.
pub(super) async fn link_is_live(conn: &mut PgConnection, token_hash: &[u8]) -> Result<bool> {
    let row = sqlx::query!(
        r#"select 1 as "one!" from sign_in_link
           where token_hash = $1 and consumed_at is null and expires_at > now()"#,
        token_hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

pub(super) struct LiveCode {
    pub id: Uuid,
    pub code_hash: Vec<u8>,
}

/// The links that an address may use by code now, newest first. A code may be typed into any browser:
/// that is what it is for.
pub(super) async fn live_codes(conn: &mut PgConnection, email: &Email) -> Result<Vec<LiveCode>> {
    Ok(sqlx::query_as!(
        LiveCode,
        r#"select sign_in_link_id as id, code_hash as "code_hash!" from sign_in_link
           where email = $1 and code_hash is not null and consumed_at is null and expires_at > now()
           order by created_at desc limit 5"#,
        email.as_str(),
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn consume_by_id(conn: &mut PgConnection, id: Uuid) -> Result<Option<Consumed>> {
    Ok(sqlx::query_as!(
        Consumed,
        r#"update sign_in_link set consumed_at = now()
           where sign_in_link_id = $1 and consumed_at is null and expires_at > now()
           returning email as "email: Email", return_to"#,
        id,
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn insert_api_token(
    conn: &mut PgConnection,
    account: AccountId,
    token_hash: &[u8],
    scopes: &[String],
) -> Result<()> {
    sqlx::query!(
        "insert into api_token (api_token_id, account_id, token_hash, scopes) values ($1, $2, $3, $4)",
        ApiTokenId::new().0,
        account.0,
        token_hash,
        scopes,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) struct Token {
    pub api_token_id: ApiTokenId,
    pub scopes: Vec<String>,
    pub created_at: OffsetDateTime,
    pub account: Account,
}

/// A token that was not revoked, with its owner.
pub(super) async fn use_api_token(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<Token>> {
    let found = sqlx::query!(
        r#"select api_token_id as "api_token_id: ApiTokenId", scopes, api_token.created_at,
               account_id as "account_id: AccountId", email as "email: Email", display_name,
               role as "role: PlatformRole"
           from api_token join account using (account_id) where token_hash = $1 and revoked_at is null"#,
        token_hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| Token {
        api_token_id: row.api_token_id,
        scopes: row.scopes,
        created_at: row.created_at,
        account: Account {
            account_id: row.account_id,
            email: row.email,
            display_name: row.display_name,
            role: row.role,
        },
    }))
}
