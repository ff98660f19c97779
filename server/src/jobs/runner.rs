//! Takes jobs from the queue as they come, a few at a time, until the program ends.

use std::time::{self, Duration};

use domain::{carts, error::Result, identity::sessions, jobs, limits};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::work;
use crate::{
    App,
    wakeups::{FALLBACK, woken},
};

const AT_A_TIME: usize = 4;
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(2);

/// Runs until `app.ending`; jobs that are under way then finish or are put back.
pub async fn run(app: App) {
    tracing::info!("the worker begins");
    let mut wakeups = app.wakeups.jobs();
    let mut running = JoinSet::new();
    let mut next_sweep = Instant::now();
    while !*app.ending.borrow() {
        app.heartbeat.beat(time::Instant::now());
        wakeups.mark_unchanged();
        if let Err(error) = begin_what_is_due(&app, &mut running).await {
            tracing::warn!(%error, "the queue cannot be read");
            tokio::select! { () = sleep(PAUSE_AFTER_ERROR) => {}, () = app.ended() => {} }
            continue;
        }
        if next_sweep <= Instant::now() {
            next_sweep = Instant::now() + SWEEP_EVERY;
            if let Err(error) = sweep(&app).await {
                tracing::warn!(%error, "old rows were not swept away");
            }
        }
        tokio::select! {
            () = woken(&mut wakeups), if running.len() < AT_A_TIME => {}
            // Turns also when it has its hands full: the heart beats on.
            () = sleep(FALLBACK), if running.len() >= AT_A_TIME => {}
            Some(_) = running.join_next() => {}
            () = app.ended() => {}
        }
    }
    while running.join_next().await.is_some() {}
    tracing::info!("the worker has ended");
}

async fn begin_what_is_due(app: &App, running: &mut JoinSet<()>) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    while jobs::dispatch(&mut conn, app.adapters.events.is_some()).await? > 0 {}
    while running.len() < AT_A_TIME {
        let Some(claim) = jobs::claim(&mut conn).await? else { return Ok(()) };
        let app = app.clone();
        running.spawn(async move { work(&app, claim).await });
    }
    Ok(())
}

/// Drops what is over: counters of limits, carts that nobody touched, sessions, links.
async fn sweep(app: &App) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    limits::sweep(&mut conn).await?;
    carts::ops::sweep(&mut conn).await?;
    sessions::sweep(&mut conn, &app.config.limits.sessions).await?;
    Ok(())
}
