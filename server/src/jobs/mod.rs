//! Work after the commit: one file a job, and the runner that takes them from the queue.

use std::time::Duration;

use domain::{
    error::{Error, Result},
    jobs::{self, Claim, Job},
};
use futures::FutureExt as _;
use tokio::time::{Instant, interval_at, sleep};
use tracing::Instrument as _;

use crate::{App, traces};

pub mod deliver_order;
mod heartbeat;
mod letter;
mod order_mail;
mod publish_event;
mod runner;
mod sign_in_mail;

pub use heartbeat::Heartbeat;
pub use runner::run;

/// A lease is renewed three times before it would be over.
const EXTEND_EVERY: Duration = Duration::from_secs(20);
/// How long a job may go on when the program is to end.
const GRACE: Duration = Duration::from_secs(15);

/// How a try of a job ended. Texts are for operators and hold no secret.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// Perhaps it works later.
    Retry(String),
    /// It never will.
    GiveUp(String),
}

impl Outcome {
    const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry(_) => "retry",
            Self::GiveUp(_) => "given_up",
        }
    }
}

/// Errors of the database and the like are worth another try.
impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::Retry(error.to_string())
    }
}

/// Does everything that is due now, and returns when nothing is. For tests and the command line.
pub async fn run_until_idle(app: &App) -> Result<()> {
    loop {
        let mut conn = app.services.pool.acquire().await?;
        while jobs::dispatch(&mut conn, app.adapters.events.is_some()).await? > 0 {}
        let Some(claim) = jobs::claim(&mut conn).await? else { return Ok(()) };
        drop(conn);
        work(app, claim).await;
    }
}

/// One try of a claimed job: under a lease that is renewed, given back when the program ends.
async fn work(app: &App, claim: Claim) {
    let request = claim.request_id.map(tracing::field::display);
    let kind = claim.job.kind();
    let span = tracing::info_span!(
        "job",
        otel.name = kind,
        otel.kind = "consumer",
        id = %claim.job_id,
        kind,
        request
    );
    if let Some(request) = claim.request_id {
        traces::begin(&span, request);
    }
    under_lease(app, claim).instrument(span).await;
}

async fn under_lease(app: &App, claim: Claim) {
    let began = Instant::now();
    let try_job = std::panic::AssertUnwindSafe(perform(app, &claim)).catch_unwind();
    tokio::pin!(try_job);
    let mut renewals = interval_at(Instant::now() + EXTEND_EVERY, EXTEND_EVERY);
    let end_of_grace = async {
        app.ended().await;
        sleep(GRACE).await;
    };
    tokio::pin!(end_of_grace);
    let outcome = loop {
        tokio::select! {
            outcome = &mut try_job => {
                break outcome.unwrap_or_else(|_| Outcome::Retry("the job panicked".to_owned()));
            }
            () = &mut end_of_grace => break Outcome::Retry("the program ended".to_owned()),
            _ = renewals.tick() => match extend(app, &claim).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(job = %claim.job_id, "the lease was lost; another worker goes on");
                    return;
                }
                // Until the lease is over, the next renewal may succeed.
                Err(error) => tracing::warn!(job = %claim.job_id, %error, "the lease was not renewed"),
            },
        }
    };
    app.metrics.job(claim.job.kind(), outcome.name(), began.elapsed());
    if let Err(error) = settle(app, &claim, outcome).await {
        tracing::error!(job = %claim.job_id, %error, "the end of a job was not noted; it will be tried again");
    }
}

async fn perform(app: &App, claim: &Claim) -> Outcome {
    match &claim.job {
        Job::SignInMail { sign_in_link_id } => sign_in_mail::run(app, *sign_in_link_id).await,
        Job::DeliverOrder { order_id } => deliver_order::run(app, *order_id).await,
        Job::OrderMail { order_id } => order_mail::run(app, *order_id).await,
        Job::PublishEvent { outbox_event_id, event } => {
            publish_event::run(app, *outbox_event_id, event).await
        }
    }
}

async fn extend(app: &App, claim: &Claim) -> Result<bool> {
    jobs::extend(&mut *app.services.pool.acquire().await?, claim).await
}

async fn settle(app: &App, claim: &Claim, outcome: Outcome) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    let last_try = claim.attempt >= jobs::MAX_ATTEMPTS;
    let kept = match outcome {
        Outcome::Done => jobs::complete(&mut conn, claim).await?,
        Outcome::Retry(problem) if !last_try => {
            tracing::warn!(job = %claim.job_id, attempt = claim.attempt, problem, "a job will be tried again");
            jobs::retry(&mut conn, claim, &problem).await?
        }
        Outcome::Retry(problem) | Outcome::GiveUp(problem) => {
            tracing::error!(job = %claim.job_id, attempt = claim.attempt, problem, "a job was given up");
            // First what people see: were it last, a stop in between would leave them waiting for ever.
            if let Job::DeliverOrder { order_id } = claim.job {
                deliver_order::give_up(&mut conn, order_id, &problem).await?;
            }
            jobs::give_up(&mut conn, claim, &problem).await?
        }
    };
    if !kept {
        tracing::warn!(job = %claim.job_id, "the lease was lost before the job's end was noted");
    }
    Ok(())
}
