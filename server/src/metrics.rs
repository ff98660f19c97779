//! What the program counts about itself, and `GET /metrics` in the OpenMetrics format, at an address of its own
//! (`CATALYST_METRICS_LISTEN`): the marketplace's visitors have no business there. The queue, the states and the
//! books are read from the database when somebody asks.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
    routing::get,
};
use domain::vitals;
use http::{StatusCode, header};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use sqlx::PgPool;
use tokio::time::timeout;

use crate::{App, rest::health, router};

/// Seconds. A page is to take milliseconds; what takes a second is looked at closely.
const REQUEST_SECONDS: [f64; 10] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const JOB_SECONDS: [f64; 8] = [0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

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
    seen: Seen,
}

/// What is read when somebody asks.
#[derive(Clone, Default)]
struct Seen {
    database_up: Gauge,
    connections: Family<StateLabels, Gauge>,
    jobs: Family<StateLabels, Gauge>,
    job_lag: Gauge<f64, AtomicU64>,
    outbox: Gauge,
    organizations: Family<StateLabels, Gauge>,
    applications: Family<StateLabels, Gauge>,
    ledger_drift: Gauge,
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
        let seen = Seen::default();
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
        registry.register("database_up", "1: the database answers", seen.database_up.clone());
        registry.register("database_connections", "Connections of the pool", seen.connections.clone());
        registry.register("jobs", "Jobs that are not done", seen.jobs.clone());
        registry.register_with_unit(
            "job_lag",
            "How long the job that is due longest has waited",
            Unit::Seconds,
            seen.job_lag.clone(),
        );
        registry.register("outbox_waiting", "Events that are not jobs yet", seen.outbox.clone());
        registry.register("organizations", "Organizations by state", seen.organizations.clone());
        registry.register("applications", "Applications by state", seen.applications.clone());
        registry.register(
            "ledger_drift_minor",
            "Credit that the ledger and the lots do not agree on; anything but 0 is a fault",
            seen.ledger_drift.clone(),
        );
        let registry = Arc::new(registry);
        Self { registry, requests, request_seconds, jobs_tried, job_seconds, seen }
    }
}

impl Metrics {
    /// Notes a try of a job and how it ended.
    pub fn job(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        let labels = JobLabels { kind, outcome };
        self.jobs_tried.get_or_create(&labels).inc();
        self.job_seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// The method, or `other`: anybody can invent one, and each would be counted for ever.
pub fn method(request: &Request) -> &'static str {
    let given = request.method().as_str();
    METHODS.iter().find(|known| **known == given).copied().unwrap_or("other")
}

/// Counts each request by its route.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) if !path.as_str().starts_with("/do/") => path.as_str().to_owned(),
        _ => router::pattern(request.uri().path()).to_owned(),
    };
    let method = method(&request);
    let began = Instant::now();
    let response = next.run(request).await;
    let took = began.elapsed().as_secs_f64();
    app.metrics.request_seconds.get_or_create(&RouteLabels { route: route.clone() }).observe(took);
    let labels = RequestLabels { method, route, status: response.status().as_u16() };
    app.metrics.requests.get_or_create(&labels).inc();
    response
}

/// What is served at `CATALYST_METRICS_LISTEN`, by servers and workers alike.
pub fn routes(app: App) -> Router {
    let services = app.services.clone();
    let own = Router::new().route("/metrics", get(show)).route("/livez", get(livez)).with_state(app);
    own.merge(health::plain(services))
}

/// Whether the program should go on, or be started again. Where no worker runs, whoever answers should.
async fn livez(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.heartbeat.is_alive() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the worker does not turn any more\n")
    }
}

async fn show(State(app): State<App>) -> Response {
    app.metrics.seen.look(&app.services.pool).await;
    let mut text = String::new();
    if encode(&mut text, &app.metrics.registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

impl Seen {
    async fn look(&self, pool: &PgPool) {
        let read = async { vitals::read(&mut *pool.acquire().await?).await };
        let vitals = timeout(PATIENCE, read).await.ok().and_then(Result::ok);
        let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX);
        set(&self.connections, "idle", idle);
        set(&self.connections, "busy", i64::from(pool.size()) - idle);
        self.database_up.set(i64::from(vitals.is_some()));
        let Some(vitals) = vitals else { return };
        for (family, counts) in [
            (&self.jobs, &vitals.jobs),
            (&self.organizations, &vitals.organizations),
            (&self.applications, &vitals.applications),
        ] {
            // A state that nothing is in any more is not told as it last was.
            family.clear();
            for one in counts {
                set(family, &one.state, one.count);
            }
        }
        self.job_lag.set(vitals.job_lag_seconds);
        self.outbox.set(vitals.outbox_waiting);
        self.ledger_drift.set(vitals.ledger_drift_minor);
    }
}

fn set(family: &Family<StateLabels, Gauge>, state: &str, value: i64) {
    family.get_or_create(&StateLabels { state: state.to_owned() }).set(value);
}
