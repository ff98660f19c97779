//! What the program counts about itself. The queue, the states and the books are read from the database when
//! somebody asks.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use domain::{
    db,
    figures::{Figures, Patience},
    monitoring::{self, Count, Totals},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use sqlx::PgPool;

/// Seconds. A page is to take milliseconds; what takes a second is looked at closely.
const REQUEST_SECONDS: [f64; 10] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const JOB_SECONDS: [f64; 8] = [0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

/// Those who watch ask every few seconds, and want to be told that the database does not answer.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    /// The pattern, not the path: there are few patterns.
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: String,
}

/// One a program; clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    jobs_tried: Family<JobLabels, Counter>,
    job_seconds: Family<JobLabels, Histogram>,
    gauges: Gauges,
}

/// What is read when somebody asks.
#[derive(Clone, Default)]
struct Gauges {
    database_up: Gauge,
    connections: Family<StateLabels, Gauge>,
    jobs: Family<StateLabels, Gauge>,
    job_lag: Gauge<f64, AtomicU64>,
    outbox: Gauge,
    organizations: Family<StateLabels, Gauge>,
    applications: Family<StateLabels, Gauge>,
    ledger_drift: Gauge,
    totals: Arc<Figures<Totals>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("catalyst");
        let requests = Family::default();
        let request_seconds =
            Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(REQUEST_SECONDS));
        let jobs_tried = Family::default();
        let job_seconds =
            Family::<JobLabels, Histogram>::new_with_constructor(|| Histogram::new(JOB_SECONDS));
        let gauges = Gauges::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time until the answer began",
            Unit::Seconds,
            request_seconds.clone(),
        );
        registry.register("jobs_tried", "Tries of jobs, by how they ended", jobs_tried.clone());
        registry.register_with_unit(
            "job_duration",
            "Time of a try of a job",
            Unit::Seconds,
            job_seconds.clone(),
        );
        registry.register("database_up", "1: the database answers", gauges.database_up.clone());
        registry.register("database_connections", "Connections of the pool", gauges.connections.clone());
        registry.register("jobs", "Jobs that are not done", gauges.jobs.clone());
        registry.register_with_unit(
            "job_lag",
            "How long the job that is due longest has waited",
            Unit::Seconds,
            gauges.job_lag.clone(),
        );
        registry.register("outbox_waiting", "Events that are not jobs yet", gauges.outbox.clone());
        registry.register("organizations", "Organizations by state", gauges.organizations.clone());
        registry.register("applications", "Applications by state", gauges.applications.clone());
        registry.register(
            "ledger_drift_minor",
            "Credit that the ledger and the lots do not agree on; anything but 0 is a fault",
            gauges.ledger_drift.clone(),
        );
        let registry = Arc::new(registry);
        Self { registry, requests, request_seconds, jobs_tried, job_seconds, gauges }
    }
}

impl Metrics {
    /// Notes a try of a job and how it ended.
    pub fn job(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        let labels = JobLabels { kind, outcome };
        self.jobs_tried.get_or_create(&labels).inc();
        self.job_seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Notes an answer: `route` is its pattern, `method` one of few.
    pub fn request(&self, method: &'static str, route: String, status: u16, took: Duration) {
        let seconds = self.request_seconds.get_or_create(&RouteLabels { route: route.clone() });
        seconds.observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    /// Everything in the OpenMetrics format; reads the database. None: it cannot be written.
    pub async fn text(&self, pool: &PgPool) -> Option<String> {
        self.gauges.read(pool).await;
        let mut text = String::new();
        encode(&mut text, &self.registry).ok()?;
        Some(text)
    }
}

impl Gauges {
    async fn read(&self, pool: &PgPool) {
        let read = async { monitoring::queue(&mut *pool.acquire().await?).await };
        let queue = db::within(PATIENCE, read).await.ok();
        let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX);
        set(&self.connections, "idle", idle);
        set(&self.connections, "busy", i64::from(pool.size()) - idle);
        self.database_up.set(i64::from(queue.is_some()));
        let Some(queue) = queue else { return };
        replace(&self.jobs, &queue.jobs);
        self.job_lag.set(queue.job_lag_seconds);
        self.outbox.set(queue.outbox_waiting);
        let counted_on = pool.clone();
        let count = async move { monitoring::totals(&mut *counted_on.acquire().await?).await };
        let patience = Patience { first: PATIENCE, newer: PATIENCE };
        if let Some(counted) = self.totals.read(count, patience).await {
            let totals = counted.figures;
            replace(&self.organizations, &totals.organizations);
            replace(&self.applications, &totals.applications);
            self.ledger_drift.set(totals.ledger_drift_minor);
        }
    }
}

/// A state that nothing is in any more is not told as it last was.
fn replace(family: &Family<StateLabels, Gauge>, counts: &[Count]) {
    family.clear();
    for one in counts {
        set(family, &one.state, one.count);
    }
}

fn set(family: &Family<StateLabels, Gauge>, state: &str, value: i64) {
    family.get_or_create(&StateLabels { state: state.to_owned() }).set(value);
}
