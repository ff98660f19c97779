//! A number for each request, in the log and in the answer, so that support can find one by the other.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue};
use tracing::{Instrument as _, Span, field};
use uuid::Uuid;

use super::metrics::method;
use crate::traces;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The request's number, in its extensions.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

/// Takes over a UUID that came with the request and makes one otherwise; logs what was answered.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let sent = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let id = sent.and_then(|text| text.parse::<Uuid>().ok()).unwrap_or_else(Uuid::now_v7);
    // The path without its query, which may hold a sign-in token.
    let (method, path) = (method(&request), request.uri().path());
    // A name of few: collectors count by it.
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        %id,
        path,
        http.response.status_code = field::Empty,
    );
    traces::begin(&span, id);
    request.extensions_mut().insert(RequestId(id));
    async move {
        let began = std::time::Instant::now();
        let mut response = next.run(request).await;
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert(HEADER, value);
        }
        let milliseconds = began.elapsed().as_millis();
        let status = response.status().as_u16();
        Span::current().record("http.response.status_code", status);
        if response.status().is_server_error() {
            tracing::warn!(status, milliseconds, "answered");
        } else {
            tracing::debug!(status, milliseconds, "answered");
        }
        response
    }
    .instrument(span)
    .await
}
