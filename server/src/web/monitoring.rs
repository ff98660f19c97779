//! What is served at `CATALYST_METRICS_LISTEN`, by servers and workers alike: the marketplace's visitors have no
//! business there.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};

use super::rest::health;
use crate::app::App;

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
    let Some(text) = app.metrics.text(&app.services.pool).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
