//! One try of a job: under a lease that is renewed, given back when the program ends.

use std::{panic::AssertUnwindSafe, time::Duration};

use domain::{
    db,
    error::Result,
    jobs::{self, Claim},
};
use futures::FutureExt as _;
use tokio::time::{Instant, interval_at, sleep};
use tracing::Instrument as _;

use super::{
    background_job::Outcome,
    registry::{KINDS, Kind},
};
use crate::{app::App, traces};

/// How long a job may go on when the program is to end.
const GRACE: Duration = Duration::from_secs(15);

/// Does everything that is due now, and returns when nothing is. For tests and the command line.
pub async fn run_until_idle(app: &App) -> Result<()> {
    let wanted = KINDS.each_ref().map(Kind::wanted);
    loop {
        let mut conn = app.services.pool.acquire().await?;
        while jobs::dispatch(&mut conn, app.adapters.events.is_some()).await? > 0 {}
        let Some(claim) = jobs::claim(&mut conn, &wanted).await? else { return Ok(()) };
        drop(conn);
        work(app, claim).await;
    }
}

/// Works on a claimed job until its try has ended, and notes how.
pub(super) async fn work(app: &App, claim: Claim) {
    let Some(kind) = Kind::named(&claim.kind) else {
        tracing::error!(job = %claim.job_id, kind = claim.kind, "a job of no known kind was claimed");
        return;
    };
    let request = claim.request_id.map(tracing::field::display);
    let span = tracing::info_span!(
        "job",
        otel.name = kind.name,
        otel.kind = "consumer",
        id = %claim.job_id,
        kind = kind.name,
        request
    );
    if let Some(request) = claim.request_id {
        traces::begin(&span, request);
    }
    under_lease(app, kind, claim).instrument(span).await;
}

async fn under_lease(app: &App, kind: &'static Kind, claim: Claim) {
    let began = Instant::now();
    let worker = claim.worker();
    let try_job = AssertUnwindSafe((kind.run)(app, &worker, &claim.payload)).catch_unwind();
    tokio::pin!(try_job);
    let every = kind.lease / 3;
    let mut renewals = interval_at(Instant::now() + every, every);
    let end_of_grace = async {
        app.shutdown.requested().await;
        sleep(GRACE).await;
    };
    tokio::pin!(end_of_grace);
    let outcome = loop {
        tokio::select! {
            outcome = &mut try_job => {
                break outcome.unwrap_or_else(|_| Outcome::Retry("the job panicked".to_owned()));
            }
            () = &mut end_of_grace => break Outcome::Interrupted,
            _ = renewals.tick() => match extend(app, kind, &claim).await {
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
    app.metrics.job(kind.name, outcome.name(), began.elapsed());
    if let Err(error) = db::within(kind.lease, settle(app, kind, &claim, outcome)).await {
        tracing::error!(job = %claim.job_id, %error, "the end of a job was not noted; it will be tried again");
    }
}

async fn extend(app: &App, kind: &Kind, claim: &Claim) -> Result<bool> {
    let extend =
        async { jobs::extend(&mut *app.services.pool.acquire().await?, claim, kind.lease_seconds()).await };
    db::within(kind.lease / 3, extend).await
}

async fn settle(app: &App, kind: &Kind, claim: &Claim, outcome: Outcome) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    let last_try = claim.attempt >= kind.tries;
    let kept = match outcome {
        Outcome::Done => jobs::complete(&mut conn, claim).await?,
        Outcome::Interrupted => jobs::put_back(&mut conn, claim).await?,
        Outcome::Retry(problem) if !last_try => {
            tracing::warn!(job = %claim.job_id, attempt = claim.attempt, problem, "a job will be tried again");
            jobs::retry(&mut conn, claim, &problem).await?
        }
        Outcome::Retry(problem) | Outcome::GiveUp(problem) => {
            tracing::error!(job = %claim.job_id, attempt = claim.attempt, problem, "a job was given up");
            // First what people see: were it last, a stop in between would leave them waiting for ever.
            (kind.give_up)(&claim.worker(), &mut conn, &claim.payload, &problem).await?;
            jobs::give_up(&mut conn, claim, &problem).await?
        }
    };
    if !kept {
        tracing::warn!(job = %claim.job_id, "the lease was lost before the job's end was noted");
    }
    Ok(())
}
