//! What happens to every request before and after it is handled: one file a layer, put together here.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer};

use crate::{App, metrics};

pub mod client_ip;
pub mod encoding;
pub mod headers;
pub mod input;
pub mod origin;
pub mod request_id;
pub mod session;
pub mod visit;

/// The largest body of a request, in bytes.
pub const BODY_MAX: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

/// For what browsers use: pages, forms, live streams. The last line is the outermost.
pub fn for_browsers(router: Router, app: &App) -> Router {
    router
        .layer(from_fn_with_state(app.clone(), session::layer))
        .layer(from_fn_with_state(app.clone(), origin::layer))
}

/// For REST, which takes a bearer token or the browser's session.
pub fn for_programs(router: Router, app: &App) -> Router {
    router
        .layer(from_fn_with_state(app.clone(), session::layer))
        .layer(from_fn_with_state(app.clone(), origin::rest_layer))
}

/// For everything. The last line is the outermost.
pub fn for_all(router: Router, app: &App) -> Router {
    router
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), visit::layer))
        .layer(from_fn(input::layer))
        .layer(from_fn_with_state(app.clone(), headers::layer))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), metrics::layer))
        .layer(from_fn(request_id::layer))
}

fn panicked(what: Box<dyn Any + Send>) -> Response {
    let text = what.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| what.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(panic = text, "a request panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side.\n").into_response()
}
