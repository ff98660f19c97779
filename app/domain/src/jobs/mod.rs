//! Work that happens after the commit: outbox, queue, leases.
//! The arms of each job are in `server/src/jobs`. Tables: outbox_event, job, organization_event.

use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    error::Result,
    ids::{JobId, OrderId, OrganizationId, SignInLinkId},
};

mod store;

/// How long a worker may be silent before another takes its job over.
pub const LEASE_SECONDS: i32 = 60;
/// The last try of a job; the column's default says the same.
pub const MAX_ATTEMPTS: i32 = 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Job {
    /// Mints and mails a sign-in link.
    SignInMail { sign_in_link_id: SignInLinkId },
    /// Commits the Applications of an order and activates its Organization.
    DeliverOrder { order_id: OrderId },
    /// Mails the receipt of an order.
    OrderMail { order_id: OrderId },
    /// Tells an event to whoever listens outside. The id is the same at every try.
    PublishEvent { outbox_event_id: Uuid, event: Event },
}

impl Job {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SignInMail { .. } => "sign_in_mail",
            Self::DeliverOrder { .. } => "deliver_order",
            Self::OrderMail { .. } => "order_mail",
            Self::PublishEvent { .. } => "publish_event",
        }
    }
}

/// A fact that others act on; written in the transaction that makes it true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "topic")]
pub enum Event {
    OrderPlaced { order_id: OrderId },
}

impl Event {
    pub const fn topic(&self) -> &'static str {
        match self {
            Self::OrderPlaced { .. } => "order.placed",
        }
    }

    /// The jobs that follow from it.
    fn jobs(&self) -> Vec<Job> {
        match self {
            Self::OrderPlaced { order_id } => {
                vec![Job::DeliverOrder { order_id: *order_id }, Job::OrderMail { order_id: *order_id }]
            }
        }
    }
}

/// Writes an event to the outbox, in the caller's transaction. `request` is what it began with.
pub async fn publish(conn: &mut PgConnection, event: &Event, request: Option<Uuid>) -> Result<()> {
    store::insert_event(conn, Uuid::now_v7(), event.topic(), &to_json(event), request).await
}

/// Adds a job, in the caller's transaction; a second one of the same kind and key is the first.
pub async fn enqueue(
    conn: &mut PgConnection,
    job: Job,
    dedupe_key: &str,
    request: Option<Uuid>,
) -> Result<()> {
    store::insert_job(conn, JobId::new(), job.kind(), dedupe_key, &to_json(&job), request).await
}

/// Turns waiting events into jobs. Safe to repeat and to run in several places. `published`: somebody outside
/// listens to them.
pub async fn dispatch(conn: &mut PgConnection, published: bool) -> Result<usize> {
    let mut tx = conn.begin().await?;
    let events = store::lock_events(&mut tx, 50).await?;
    for row in &events {
        match serde_json::from_value::<Event>(row.payload.clone()) {
            Ok(event) => {
                let outside =
                    || Job::PublishEvent { outbox_event_id: row.outbox_event_id, event: event.clone() };
                for job in event.jobs().into_iter().chain(published.then(outside)) {
                    enqueue(&mut tx, job, &row.outbox_event_id.to_string(), row.request_id).await?;
                }
            }
            Err(error) => tracing::error!(%error, event = %row.outbox_event_id, "event is not understood"),
        }
        store::mark_dispatched(&mut tx, row.outbox_event_id).await?;
    }
    tx.commit().await?;
    Ok(events.len())
}

/// A job under lease. Whoever holds it is the only one whose writes count until `LEASE_SECONDS` of silence.
#[derive(Debug)]
pub struct Claim {
    pub job_id: JobId,
    pub job: Job,
    /// The first try is 1.
    pub attempt: i32,
    /// The request that it follows from.
    pub request_id: Option<Uuid>,
    token: Uuid,
}

/// Takes the next job that is due, or whose holder fell silent.
pub async fn claim(conn: &mut PgConnection) -> Result<Option<Claim>> {
    // A fencing token has to be unique, not secret.
    let token = Uuid::now_v7();
    let Some(row) = store::claim(conn, token, LEASE_SECONDS).await? else { return Ok(None) };
    match serde_json::from_value(row.payload) {
        Ok(job) => Ok(Some(Claim {
            job_id: row.job_id,
            job,
            attempt: row.attempts,
            request_id: row.request_id,
            token,
        })),
        Err(error) => {
            tracing::error!(%error, job = %row.job_id, "job is not understood");
            store::finish(conn, row.job_id, token, "failed", Some("payload is not understood")).await?;
            Ok(None)
        }
    }
}

/// Says that the holder is still at work. False: the lease was lost, and the work must stop.
pub async fn extend(conn: &mut PgConnection, claim: &Claim) -> Result<bool> {
    store::extend(conn, claim.job_id, claim.token, LEASE_SECONDS).await
}

pub async fn complete(conn: &mut PgConnection, claim: &Claim) -> Result<bool> {
    store::finish(conn, claim.job_id, claim.token, "done", None).await
}

/// Puts a job back for later, longer each time (2 s, 4 s, … at most 10 min), or gives it up after its
/// last try. `problem` is for operators and holds no secret.
pub async fn retry(conn: &mut PgConnection, claim: &Claim, problem: &str) -> Result<bool> {
    let problem: String = problem.chars().take(500).collect();
    let delay = 2_i32.saturating_pow(u32::try_from(claim.attempt.clamp(1, 10)).unwrap_or(10)).min(600);
    store::retry(conn, claim.job_id, claim.token, delay, &problem).await
}

/// Gives a job up at once: another try would not help.
pub async fn give_up(conn: &mut PgConnection, claim: &Claim, problem: &str) -> Result<bool> {
    store::finish(conn, claim.job_id, claim.token, "failed", Some(problem)).await
}

/// Jobs and events that wait or run: zero when everything is done.
pub async fn unfinished(conn: &mut PgConnection) -> Result<i64> {
    store::unfinished(conn).await
}

/// One thing that happened to an Organization, for its live page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationEvent {
    /// Rises within the installation; readers ask for what comes after the last that they saw.
    pub id: i64,
    pub kind: String,
    pub payload: serde_json::Value,
}

pub async fn tell_organization(
    conn: &mut PgConnection,
    organization_id: OrganizationId,
    kind: &str,
    payload: &serde_json::Value,
) -> Result<()> {
    store::insert_organization_event(conn, organization_id, kind, payload).await
}

/// How many events one read gives at most; as many may mean that there are more.
pub const EVENTS_AT_ONCE: usize = 200;

/// The next events after `after`, oldest first. Whoever tells them asks first who may be told.
pub async fn organization_events(
    conn: &mut PgConnection,
    organization_id: OrganizationId,
    after: i64,
) -> Result<Vec<OrganizationEvent>> {
    store::organization_events(conn, organization_id, after).await
}

/// The id of the Organization's newest event; 0 if there is none.
pub async fn newest_event(conn: &mut PgConnection, organization_id: OrganizationId) -> Result<i64> {
    store::newest_event(conn, organization_id).await
}

fn to_json<T: Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
