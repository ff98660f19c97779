//! The SQL of the queue, one statement a function.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Wanted;
use crate::{error::Result, ids::JobId};

pub(super) async fn insert_event(
    conn: &mut PgConnection,
    id: Uuid,
    topic: &str,
    payload: &Value,
    request_id: Option<Uuid>,
) -> Result<()> {
    sqlx::query!(
        "insert into outbox_event (outbox_event_id, topic, payload, request_id) values ($1, $2, $3, $4)",
        id,
        topic,
        payload,
        request_id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_job(
    conn: &mut PgConnection,
    id: JobId,
    kind: &str,
    dedupe_key: &str,
    payload: &Value,
    request_id: Option<Uuid>,
) -> Result<()> {
    sqlx::query!(
        "insert into job (job_id, kind, dedupe_key, payload, request_id) values ($1, $2, $3, $4, $5)
         on conflict (kind, dedupe_key) do nothing",
        id.0,
        kind,
        dedupe_key,
        payload,
        request_id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) struct EventRow {
    pub outbox_event_id: Uuid,
    pub payload: Value,
    pub request_id: Option<Uuid>,
    /// Why it was set aside before.
    pub problem: Option<String>,
}

/// The oldest of these topics that are not jobs yet and not set aside.
pub(super) async fn lock_waiting(
    conn: &mut PgConnection,
    topics: &[String],
    limit: i64,
) -> Result<Vec<EventRow>> {
    Ok(sqlx::query_as!(
        EventRow,
        "select outbox_event_id, payload, request_id, problem from outbox_event
         where dispatched_at is null and topic = any($1)
             and (set_aside_until is null or set_aside_until < now())
         order by created_at limit $2 for update skip locked",
        topics,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// The oldest that are to be told to the outside and are not set aside.
pub(super) async fn lock_unpublished(
    conn: &mut PgConnection,
    topics: &[String],
    limit: i64,
) -> Result<Vec<EventRow>> {
    Ok(sqlx::query_as!(
        EventRow,
        "select outbox_event_id, payload, request_id, problem from outbox_event
         where dispatched_at is not null and publication_queued_at is null and topic = any($1)
             and (set_aside_until is null or set_aside_until < now())
         order by created_at limit $2 for update skip locked",
        topics,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// For a while: another program may be able to read it.
pub(super) async fn set_aside(conn: &mut PgConnection, id: Uuid, problem: &str, minutes: i32) -> Result<()> {
    sqlx::query!(
        "update outbox_event set problem = $2, set_aside_until = now() + make_interval(mins => $3::int)
         where outbox_event_id = $1",
        id,
        problem,
        minutes,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn mark_dispatched(conn: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update outbox_event set dispatched_at = now(), problem = null, set_aside_until = null
         where outbox_event_id = any($1)",
        ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn mark_published(conn: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update outbox_event set publication_queued_at = now() where outbox_event_id = any($1)",
        ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Of jobs that ended so long ago, and of events that became jobs; at most so many of each. Gives how many went. The
/// first condition is for the index, which knows no states.
pub(super) async fn sweep(conn: &mut PgConnection, done_days: i32, kept_days: i32, most: i64) -> Result<u64> {
    let jobs = sqlx::query!(
        "delete from job where job_id in (
             select job_id from job
             where finished_at < now() - make_interval(days => $1::int)
                 and (state = 'done' or finished_at < now() - make_interval(days => $2::int))
             limit $3)",
        done_days,
        kept_days,
        most,
    )
    .execute(&mut *conn)
    .await?;
    let events = sqlx::query!(
        "delete from outbox_event where outbox_event_id in (
             select outbox_event_id from outbox_event where dispatched_at < now() - make_interval(days => $1::int)
             limit $2)",
        kept_days,
        most,
    )
    .execute(conn)
    .await?;
    Ok(jobs.rows_affected() + events.rows_affected())
}

pub(super) struct JobRow {
    pub job_id: JobId,
    pub kind: String,
    pub payload: Value,
    pub attempts: i32,
    pub request_id: Option<Uuid>,
}

pub(super) async fn claim(conn: &mut PgConnection, token: Uuid, wanted: &[Wanted]) -> Result<Option<JobRow>> {
    let (kinds, leases): (Vec<String>, Vec<i32>) =
        wanted.iter().map(|one| (one.kind.to_owned(), one.lease_seconds)).unzip();
    Ok(sqlx::query_as!(
        JobRow,
        r#"update job set state = 'running', attempts = attempts + 1, lease_token = $1,
               lease_until = now() + make_interval(secs => wanted.lease_seconds)
           from unnest($2::text[], $3::int[]) as wanted (kind, lease_seconds)
           where wanted.kind = job.kind and job_id = (
               select job_id from job
               where kind = any($2)
                   and ((state = 'queued' and run_after <= now()) or (state = 'running' and lease_until < now()))
               order by run_after limit 1 for update skip locked
           )
           returning job_id as "job_id: JobId", job.kind as "kind!", payload, attempts, request_id"#,
        token,
        &kinds,
        &leases,
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn extend(
    conn: &mut PgConnection,
    id: JobId,
    token: Uuid,
    lease_seconds: i32,
) -> Result<bool> {
    let done = sqlx::query!(
        "update job set lease_until = now() + make_interval(secs => $3::int)
         where job_id = $1 and lease_token = $2",
        id.0,
        token,
        lease_seconds,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn finish(
    conn: &mut PgConnection,
    id: JobId,
    token: Uuid,
    state: &str,
    problem: Option<&str>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update job set state = $3, last_error = $4, finished_at = now(), lease_token = null, lease_until = null
         where job_id = $1 and lease_token = $2",
        id.0,
        token,
        state,
        problem,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn retry(
    conn: &mut PgConnection,
    id: JobId,
    token: Uuid,
    delay_seconds: i32,
    problem: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "update job set state = 'queued', run_after = now() + make_interval(secs => $3::int), last_error = $4,
             lease_token = null, lease_until = null
         where job_id = $1 and lease_token = $2",
        id.0,
        token,
        delay_seconds,
        problem,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn put_back(conn: &mut PgConnection, id: JobId, token: Uuid) -> Result<bool> {
    let done = sqlx::query!(
        "update job set state = 'queued', attempts = attempts - 1, lease_token = null, lease_until = null
         where job_id = $1 and lease_token = $2",
        id.0,
        token,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn unfinished(conn: &mut PgConnection) -> Result<i64> {
    let row = sqlx::query!(
        r#"select (select count(*) from job where state in ('queued', 'running'))
               + (select count(*) from outbox_event where dispatched_at is null) as "waiting!""#
    )
    .fetch_one(conn)
    .await?;
    Ok(row.waiting)
}
