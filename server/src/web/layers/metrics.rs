//! Counts each answer by its route.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use crate::metrics::Metrics;

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// The method, or `other`: anybody can invent one, and each would be counted for ever.
pub fn method(request: &Request) -> &'static str {
    let given = request.method().as_str();
    METHODS.iter().find(|known| **known == given).copied().unwrap_or("other")
}

pub async fn layer(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    // The pattern, not the path: there are few patterns.
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let method = method(&request);
    let began = Instant::now();
    let response = next.run(request).await;
    metrics.request(method, route, response.status().as_u16(), began.elapsed());
    response
}
