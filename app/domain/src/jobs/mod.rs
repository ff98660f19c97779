//! Work that happens after the commit: outbox, queue, leases.
//! What each job does is in `server/src/jobs`. Tables: outbox_event, job.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    access::Worker,
    db::SWEPT_AT_ONCE,
    error::Result,
    ids::{JobId, OrderId, SignInLinkId},
};

mod store;

/// How many events one transaction goes on with.
const AT_ONCE: i64 = 50;
const DONE_DAYS: i32 = 7;
const KEPT_DAYS: i32 = 90;
/// How long an event that cannot be read lies before it is tried again, by this program or a newer one.
const SET_ASIDE_MINUTES: i32 = 5;
/// Of what is kept of a problem, in characters.
const PROBLEM_MAX: usize = 500;

/// What a job is told, as it waits in the queue. Its work is a `BackgroundJob` of the server.
pub trait Payload: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the queue.
    const KIND: &'static str;
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident, $kind:literal { $($field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl Payload for $name {
            const KIND: &'static str = $kind;
        }
    )*};
}

payloads! {
    /// Mints and mails a sign-in link.
    SignInMail, "sign_in_mail" { sign_in_link_id: SignInLinkId }
    /// Commits the Applications of an order and activates its Organization.
    DeliverOrder, "deliver_order" { order_id: OrderId }
    /// Mails the receipt of an order.
    OrderMail, "order_mail" { order_id: OrderId }
    /// Tells an event to whoever listens outside. The id is the same at every try.
    PublishEvent, "publish_event" { outbox_event_id: Uuid, event: Event }
}

/// A fact that others act on; written in the transaction that makes it true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "topic")]
pub enum Event {
    OrderPlaced { order_id: OrderId },
}

impl Event {
    const TOPICS: [&'static str; 1] = ["order.placed"];

    pub const fn topic(&self) -> &'static str {
        match self {
            Self::OrderPlaced { .. } => "order.placed",
        }
    }
}

/// Writes an event to the outbox, in the caller's transaction. `request` is what it began with.
pub async fn publish(conn: &mut PgConnection, event: &Event, request: Option<Uuid>) -> Result<()> {
    store::insert_event(conn, Uuid::now_v7(), event.topic(), &to_json(event), request).await
}

/// Adds a job, in the caller's transaction; a second one of the same kind and key is the first.
pub async fn enqueue<P: Payload>(
    conn: &mut PgConnection,
    payload: &P,
    dedupe_key: &str,
    request: Option<Uuid>,
) -> Result<()> {
    store::insert_job(conn, JobId::new(), P::KIND, dedupe_key, &to_json(payload), request).await
}

/// Turns waiting events into jobs. Safe to repeat and to run in several places. An event of a topic that this program
/// does not know is left to one that does; one that it knows and cannot read is set aside for a while, with why, so
/// that it holds up none behind it. `publishes`: this process tells events to the outside; one that does not leaves
/// that to one that does. Gives how many events it went on with or set aside.
pub async fn dispatch(conn: &mut PgConnection, publishes: bool) -> Result<usize> {
    let topics: Vec<String> = Event::TOPICS.map(str::to_owned).into();
    let mut tx = conn.begin().await?;
    let (mut done, mut set_aside) = (Vec::new(), 0);
    for row in store::lock_waiting(&mut tx, &topics, AT_ONCE).await? {
        let Some(event) = understood(&mut tx, &row).await? else {
            set_aside += 1;
            continue;
        };
        enqueue_jobs_of(&mut tx, &row, &event).await?;
        done.push(row.outbox_event_id);
    }
    store::mark_dispatched(&mut tx, &done).await?;
    let mut published = Vec::new();
    if publishes {
        for row in store::lock_unpublished(&mut tx, &topics, AT_ONCE).await? {
            let Some(event) = understood(&mut tx, &row).await? else {
                set_aside += 1;
                continue;
            };
            let outside = PublishEvent { outbox_event_id: row.outbox_event_id, event };
            enqueue(&mut tx, &outside, &row.outbox_event_id.to_string(), row.request_id).await?;
            published.push(row.outbox_event_id);
        }
        store::mark_published(&mut tx, &published).await?;
    }
    tx.commit().await?;
    Ok(done.len() + published.len() + set_aside)
}

/// None: it cannot be read, and was set aside. Said once, however often it is tried.
async fn understood(conn: &mut PgConnection, row: &store::EventRow) -> Result<Option<Event>> {
    let problem = match serde_json::from_value(row.payload.clone()) {
        Ok(event) => return Ok(Some(event)),
        Err(error) => error.to_string(),
    };
    if row.problem.is_none() {
        tracing::error!(problem, event = %row.outbox_event_id, "an event is not understood");
    }
    let problem: String = problem.chars().take(PROBLEM_MAX).collect();
    store::set_aside(conn, row.outbox_event_id, &problem, SET_ASIDE_MINUTES).await?;
    Ok(None)
}

/// The jobs that follow from an event, each once.
async fn enqueue_jobs_of(conn: &mut PgConnection, row: &store::EventRow, event: &Event) -> Result<()> {
    let (key, request) = (row.outbox_event_id.to_string(), row.request_id);
    match event {
        Event::OrderPlaced { order_id } => {
            enqueue(conn, &DeliverOrder { order_id: *order_id }, &key, request).await?;
            enqueue(conn, &OrderMail { order_id: *order_id }, &key, request).await
        }
    }
}

/// Deletes jobs that were done a week ago, and events and failed jobs after ninety days.
pub async fn sweep(conn: &mut PgConnection) -> Result<u64> {
    store::sweep(conn, DONE_DAYS, KEPT_DAYS, SWEPT_AT_ONCE).await
}

/// A kind of job that a worker has room for, and how long it may be silent before another takes over.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub kind: &'static str,
    pub lease_seconds: i32,
}

/// A job under lease. Whoever holds it is the only one whose writes count until the lease is over.
#[derive(Debug)]
pub struct Claim {
    pub job_id: JobId,
    pub kind: String,
    pub payload: Value,
    /// The first try is 1.
    pub attempt: i32,
    /// The request that it follows from.
    pub request_id: Option<Uuid>,
    token: Uuid,
}

impl Claim {
    /// The proof with which the worker does this job.
    pub fn worker(&self) -> Worker {
        Worker::new(self.job_id, self.request_id)
    }
}

/// Takes the next job of these kinds that is due, or whose holder fell silent.
pub async fn claim(conn: &mut PgConnection, wanted: &[Wanted]) -> Result<Option<Claim>> {
    // A fencing token has to be unique, not secret.
    let token = Uuid::now_v7();
    let row = store::claim(conn, token, wanted).await?;
    Ok(row.map(|row| Claim {
        job_id: row.job_id,
        kind: row.kind,
        payload: row.payload,
        attempt: row.attempts,
        request_id: row.request_id,
        token,
    }))
}

/// Says that the holder is still at work. False: the lease was lost, and the work must stop.
pub async fn extend(conn: &mut PgConnection, claim: &Claim, lease_seconds: i32) -> Result<bool> {
    store::extend(conn, claim.job_id, claim.token, lease_seconds).await
}

pub async fn complete(conn: &mut PgConnection, claim: &Claim) -> Result<bool> {
    store::finish(conn, claim.job_id, claim.token, "done", None).await
}

/// Puts a job back for later, longer each time (2 s, 4 s, … at most 10 min). `problem` is for operators and holds no
/// secret.
pub async fn retry(conn: &mut PgConnection, claim: &Claim, problem: &str) -> Result<bool> {
    let problem: String = problem.chars().take(PROBLEM_MAX).collect();
    let delay = 2_i32.saturating_pow(u32::try_from(claim.attempt.clamp(1, 10)).unwrap_or(10)).min(600);
    store::retry(conn, claim.job_id, claim.token, delay, &problem).await
}

/// Puts a job back whose worker ends, as if it had not been claimed.
pub async fn put_back(conn: &mut PgConnection, claim: &Claim) -> Result<bool> {
    store::put_back(conn, claim.job_id, claim.token).await
}

/// Gives a job up: another try would not help, or there were enough.
pub async fn give_up(conn: &mut PgConnection, claim: &Claim, problem: &str) -> Result<bool> {
    store::finish(conn, claim.job_id, claim.token, "failed", Some(problem)).await
}

/// Jobs and events that wait or run: zero when everything is done.
pub async fn unfinished(conn: &mut PgConnection) -> Result<i64> {
    store::unfinished(conn).await
}

fn to_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
