//! The SQL of sessions, one statement a function. The session store of the server is its one caller; ids come hashed,
//! by each key that may have hashed them. Staff have shorter sessions: whether somebody is staff is asked at each use.

use serde_json::Value;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::{
    access::Actor,
    db::SWEPT_AT_ONCE,
    error::Result,
    ids::{AccountId, CartId},
};

/// How long a session lasts after it was begun, and without being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durations {
    pub lifetime_seconds: i32,
    pub idle_seconds: i32,
    pub staff_lifetime_seconds: i32,
    pub staff_idle_seconds: i32,
}

#[derive(Clone, Debug)]
pub struct Stored {
    /// Who signed in, and when.
    pub signed_in: Option<(AccountId, OffsetDateTime)>,
    pub cart_id: Option<CartId>,
    /// What is small and short-lived.
    pub data: Value,
    pub expires_at: OffsetDateTime,
}

/// What one request changed of a session. The rest stays as it is by now: another request may have changed it.
#[derive(Clone, Debug)]
pub struct Changes {
    /// A JSON object: these keys get these values.
    pub set: Value,
    pub removed: Vec<String>,
    /// Kept where the session has none by now; a cart that another request began stays.
    pub cart_id: Option<CartId>,
}

/// A session that is neither too old nor idle for too long. Notes its use, once a minute at most.
pub async fn load(
    conn: &mut PgConnection,
    hashes: &[Vec<u8>],
    durations: &Durations,
) -> Result<Option<Stored>> {
    let found = sqlx::query!(
        r#"select account_id as "account_id: AccountId", signed_in_at, cart_id as "cart_id: CartId", data, expires_at,
               seen_at < now() - interval '1 minute' as "stale!"
           from session left join account using (account_id)
           where session_hash = any($1) and expires_at > now()
               and session.created_at > now() - make_interval(secs =>
                   case when coalesce(role, 'customer') = 'customer' then $2::int else $4::int end)
               and seen_at > now() - make_interval(secs =>
                   case when coalesce(role, 'customer') = 'customer' then $3::int else $5::int end)"#,
        hashes,
        durations.lifetime_seconds,
        durations.idle_seconds,
        durations.staff_lifetime_seconds,
        durations.staff_idle_seconds,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = found else { return Ok(None) };
    if row.stale {
        sqlx::query!("update session set seen_at = now() where session_hash = any($1)", hashes)
            .execute(conn)
            .await?;
    }
    Ok(Some(Stored {
        signed_in: row.account_id.zip(row.signed_in_at),
        cart_id: row.cart_id,
        data: row.data,
        expires_at: row.expires_at,
    }))
}

/// False: there is a session of this id.
pub async fn create(
    conn: &mut PgConnection,
    hash: &[u8],
    signed_in: Option<(AccountId, OffsetDateTime)>,
    cart_id: Option<CartId>,
    data: &Value,
    durations: &Durations,
) -> Result<bool> {
    let expires_at = OffsetDateTime::now_utc() + Duration::seconds(durations.lifetime_seconds.into());
    let done = sqlx::query!(
        "insert into session (session_hash, account_id, signed_in_at, cart_id, data, expires_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (session_hash) do nothing",
        hash,
        signed_in.map(|(id, _)| id.0),
        signed_in.map(|(_, at)| at),
        cart_id.map(|id| id.0),
        data,
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False: the session is over; nothing brings it back. Who is signed in is never changed: signing in makes a new
/// session.
pub async fn save(conn: &mut PgConnection, hashes: &[Vec<u8>], changes: &Changes) -> Result<bool> {
    let done = sqlx::query!(
        "update session set data = (data - $3::text[]) || $2::jsonb, cart_id = coalesce(cart_id, $4), seen_at = now()
         where session_hash = any($1)",
        hashes,
        changes.set,
        &changes.removed,
        changes.cart_id.map(|id| id.0),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The session's cart: the one that it has by now, or else `cart_id` from now on. None: the session is over.
pub async fn begin_cart(
    conn: &mut PgConnection,
    hashes: &[Vec<u8>],
    cart_id: CartId,
) -> Result<Option<CartId>> {
    Ok(sqlx::query_scalar!(
        r#"update session set cart_id = coalesce(cart_id, $2) where session_hash = any($1)
           returning cart_id as "cart_id!: CartId""#,
        hashes,
        cart_id.0,
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn delete(conn: &mut PgConnection, hashes: &[Vec<u8>]) -> Result<()> {
    sqlx::query!("delete from session where session_hash = any($1)", hashes).execute(conn).await?;
    Ok(())
}

/// Ends every session of somebody, in all browsers.
pub async fn end_all(actor: &Actor, conn: &mut PgConnection) -> Result<u64> {
    super::store::end_sessions(conn, actor.id()).await
}

/// Drops sessions that nobody can use any more, and sign-in links that are long over.
pub async fn sweep(conn: &mut PgConnection, durations: &Durations) -> Result<u64> {
    let sessions = sqlx::query!(
        "delete from session where session_hash in (
                 select session_hash from session
                 where expires_at < now() or seen_at < now() - make_interval(secs => $1::int) limit $2
                 for update skip locked)",
        durations.idle_seconds,
        SWEPT_AT_ONCE,
    )
    .execute(&mut *conn)
    .await?;
    let links = sqlx::query!(
            "delete from sign_in_link where sign_in_link_id in (
                 select sign_in_link_id from sign_in_link where expires_at < now() - interval '1 day' limit $1)",
            SWEPT_AT_ONCE,
        )
        .execute(&mut *conn)
        .await?;
    Ok(sessions.rows_affected() + links.rows_affected())
}
