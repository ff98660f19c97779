//! The SQL of sessions, one statement a function. The session store of the server is its one caller;
//! ids come hashed. Staff have shorter sessions: whether somebody is staff is asked at each use.

use serde_json::Value;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::{access::SignedIn, error::Result, ids::AccountId};

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
    pub data: Value,
    pub expires_at: OffsetDateTime,
}

/// A session that is neither too old nor idle for too long. Notes its use, once a minute at most.
pub async fn load(conn: &mut PgConnection, hash: &[u8], durations: &Durations) -> Result<Option<Stored>> {
    let found = sqlx::query!(
        r#"select data, expires_at, seen_at < now() - interval '1 minute' as "stale!"
           from session left join account using (account_id)
           where session_hash = $1 and expires_at > now()
               and session.created_at > now() - make_interval(secs =>
                   case when coalesce(role, 'customer') = 'customer' then $2::int else $4::int end)
               and seen_at > now() - make_interval(secs =>
                   case when coalesce(role, 'customer') = 'customer' then $3::int else $5::int end)"#,
        hash,
        durations.lifetime_seconds,
        durations.idle_seconds,
        durations.staff_lifetime_seconds,
        durations.staff_idle_seconds,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = found else { return Ok(None) };
    if row.stale {
        sqlx::query!("update session set seen_at = now() where session_hash = $1", hash)
            .execute(conn)
            .await?;
    }
    Ok(Some(Stored { data: row.data, expires_at: row.expires_at }))
}

/// False: there is a session of this id.
pub async fn create(
    conn: &mut PgConnection,
    hash: &[u8],
    account: Option<AccountId>,
    data: &Value,
    durations: &Durations,
) -> Result<bool> {
    let expires_at = OffsetDateTime::now_utc() + Duration::seconds(durations.lifetime_seconds.into());
    let done = sqlx::query!(
        "insert into session (session_hash, account_id, data, expires_at) values ($1, $2, $3, $4)
         on conflict (session_hash) do nothing",
        hash,
        account.map(|id| id.0),
        data,
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False: the session is over; nothing brings it back.
pub async fn save(
    conn: &mut PgConnection,
    hash: &[u8],
    account: Option<AccountId>,
    data: &Value,
) -> Result<bool> {
    let done = sqlx::query!(
        "update session set account_id = $2, data = $3, seen_at = now() where session_hash = $1",
        hash,
        account.map(|id| id.0),
        data,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete(conn: &mut PgConnection, hash: &[u8]) -> Result<()> {
    sqlx::query!("delete from session where session_hash = $1", hash).execute(conn).await?;
    Ok(())
}

/// Ends every session of somebody, in all browsers.
pub async fn end_all(conn: &mut PgConnection, who: &SignedIn) -> Result<u64> {
    super::store::end_sessions(conn, who.id()).await
}

/// Drops sessions that nobody can use any more, and sign-in links that are long over.
pub async fn sweep(conn: &mut PgConnection, durations: &Durations) -> Result<u64> {
    let sessions = sqlx::query!(
        "delete from session where expires_at < now() or seen_at < now() - make_interval(secs => $1::int)",
        durations.idle_seconds,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from sign_in_link where expires_at < now() - interval '1 day'")
        .execute(conn)
        .await?;
    Ok(sessions.rows_affected())
}
