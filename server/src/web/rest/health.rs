//! Whether the program runs, and whether it can answer: for load balancers and `catalyst healthcheck`.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use domain::{db, services::Services};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Less than those who ask wait. A server whose connections are all busy is slow, not gone.
const PATIENCE: Duration = Duration::from_secs(4);

pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// The same without REST's layers.
pub fn plain(services: Arc<Services>) -> Router {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).with_state(services)
}

/// The program runs
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// The program answers, and its database takes what is written
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = String), (status = 503, body = String)),
)]
async fn readyz(State(services): State<Arc<Services>>) -> (StatusCode, &'static str) {
    let writes = async { db::takes_writes(&mut *services.pool.acquire().await?).await };
    match db::within(PATIENCE, writes).await {
        Ok(true) => (StatusCode::OK, "ready\n"),
        Ok(false) => (StatusCode::SERVICE_UNAVAILABLE, "the database takes no writes\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
