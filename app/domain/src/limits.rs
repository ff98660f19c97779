//! How often somebody may do a thing: one row a subject and window.
//! Replicas share the count, and a database that does not answer means no.

use sqlx::PgConnection;

use crate::{
    db::SWEPT_AT_ONCE,
    error::{Error, Result},
};

/// `times` in each window of `seconds`. Zero times: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub times: i32,
    pub seconds: i32,
}

impl Limit {
    pub const fn new(times: i32, seconds: i32) -> Self {
        Self { times, seconds }
    }
}

/// Counts one use by `subject` and refuses the one after the last that is allowed.
/// Not in a business transaction: a use counts although the business fails.
pub async fn count(conn: &mut PgConnection, subject: &str, limit: Limit) -> Result<()> {
    count_both(conn, [(subject, limit), ("", Limit::new(0, 1))]).await
}

/// The same for two subjects, in one statement. A use that the first limit refuses does not count for the second.
pub async fn count_both(conn: &mut PgConnection, limits: [(&str, Limit); 2]) -> Result<()> {
    let [(first, limit), (second, second_limit)] = limits;
    let row = sqlx::query!(
        r#"with first as (
               insert into rate_limit (subject, window_start, used)
               select $1, to_timestamp(floor(extract(epoch from now()) / $2::int) * $2::int), 1 where $3::int > 0
               on conflict (subject, window_start) do update set used = rate_limit.used + 1
               returning used, extract(epoch from window_start) + $2::int as ends
           ), second as (
               insert into rate_limit (subject, window_start, used)
               select $4, to_timestamp(floor(extract(epoch from now()) / $5::int) * $5::int), 1
               where $6::int > 0 and not exists (select from first where used > $3)
               on conflict (subject, window_start) do update set used = rate_limit.used + 1
               returning used, extract(epoch from window_start) + $5::int as ends
           )
           select ceil(max(ends) - extract(epoch from now()))::bigint as left from (
               select ends from first where used > $3 union all select ends from second where used > $6
           ) as refused"#,
        first,
        limit.seconds,
        limit.times,
        second,
        second_limit.seconds,
        second_limit.times,
    )
    .fetch_one(conn)
    .await?;
    match row.left {
        Some(left) => Err(Error::Limited { retry_after_seconds: u64::try_from(left).unwrap_or(1).max(1) }),
        None => Ok(()),
    }
}

/// Starts a subject anew, after it proved to be who it says.
pub async fn forget(conn: &mut PgConnection, subject: &str) -> Result<()> {
    sqlx::query!("delete from rate_limit where subject = $1", subject).execute(conn).await?;
    Ok(())
}

/// Drops windows that are over.
pub async fn sweep(conn: &mut PgConnection) -> Result<u64> {
    let swept = sqlx::query!(
        "delete from rate_limit where (subject, window_start) in (
             select subject, window_start from rate_limit where window_start < now() - interval '2 days' limit $1)",
        SWEPT_AT_ONCE,
    )
    .execute(conn)
    .await?;
    Ok(swept.rows_affected())
}
