//! Takes jobs from the queue as they come, each kind as far as it has slots, until the program ends.

use std::{
    sync::Arc,
    time::{self, Duration},
};

use domain::{
    carts, db,
    error::Result,
    events, idempotency,
    identity::sessions,
    jobs::{self, Wanted},
    limits,
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    registry::{KINDS, Kind},
    worker::work,
};
use crate::{
    app::App,
    wakeups::{FALLBACK, woken},
};

const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// How long one step through the queue may take.
const STEP_MAX: Duration = Duration::from_secs(45);
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(2);

/// Runs until the shutdown is requested; jobs that are under way then finish or are put back.
pub async fn run(app: App) {
    tracing::info!("the worker begins");
    let mut wakeups = app.wakeups.jobs();
    let mut running = JoinSet::new();
    let slots = Slots::default();
    let mut next_sweep = Instant::now();
    while !app.shutdown.is_requested() {
        app.heartbeat.beat(time::Instant::now());
        wakeups.mark_unchanged();
        if let Err(error) = begin_what_is_due(&app, &slots, &mut running).await {
            tracing::warn!(%error, "the queue cannot be read");
            tokio::select! { () = sleep(PAUSE_AFTER_ERROR) => {}, () = app.shutdown.requested() => {} }
            continue;
        }
        if next_sweep <= Instant::now() {
            next_sweep = Instant::now() + SWEEP_EVERY;
            if let Err(error) = sweep(&app).await {
                tracing::warn!(%error, "old rows were not swept away");
            }
        }
        let full = slots.free().is_empty();
        tokio::select! {
            () = woken(&mut wakeups), if !full => {}
            // Turns also when it has its hands full: the heart beats on.
            () = sleep(FALLBACK), if full => {}
            Some(_) = running.join_next() => {}
            () = app.shutdown.requested() => {}
        }
    }
    while running.join_next().await.is_some() {}
    tracing::info!("the worker has ended");
}

/// How many jobs of each kind may still be begun. A job gives its slot back however it ends.
struct Slots([(&'static Kind, Arc<Semaphore>); KINDS.len()]);

impl Default for Slots {
    fn default() -> Self {
        Self(KINDS.each_ref().map(|kind| (kind, Arc::new(Semaphore::new(kind.slots)))))
    }
}

impl Slots {
    fn free(&self) -> Vec<Wanted> {
        let free = self.0.iter().filter(|(_, slots)| slots.available_permits() > 0);
        free.map(|(kind, _)| kind.wanted()).collect()
    }

    fn of(&self, name: &str) -> Option<Arc<Semaphore>> {
        self.0.iter().find(|(kind, _)| kind.name == name).map(|(_, slots)| slots.clone())
    }
}

async fn begin_what_is_due(app: &App, slots: &Slots, running: &mut JoinSet<()>) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    while db::within(STEP_MAX, jobs::dispatch(&mut conn, app.adapters.events.is_some())).await? > 0 {
        // The jobs of an event may be more than this process has slots for.
        app.wakeups.announce();
    }
    loop {
        let wanted = slots.free();
        if wanted.is_empty() {
            return Ok(());
        }
        let claim = db::within(STEP_MAX, jobs::claim(&mut conn, &wanted)).await?;
        let Some(claim) = claim else { return Ok(()) };
        let slot = slots.of(&claim.kind).and_then(|slots| slots.try_acquire_owned().ok());
        let app = app.clone();
        running.spawn(async move {
            work(&app, claim).await;
            drop(slot);
        });
    }
}

/// Deletes what is over, in small steps.
pub async fn sweep(app: &App) -> Result<()> {
    let mut conn = app.services.pool.acquire().await?;
    loop {
        let swept = limits::sweep(&mut conn).await?
            + carts::ops::sweep(&mut conn).await?
            + sessions::sweep(&mut conn, &app.config.limits.sessions).await?
            + jobs::sweep(&mut conn).await?
            + events::sweep(&mut conn).await?
            + idempotency::sweep(&mut conn).await?;
        if swept == 0 {
            return Ok(());
        }
    }
}
