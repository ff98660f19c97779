//! Wakes the workers after each request that may have written a job or an event.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::wakeups::Wakeups;

pub async fn layer(State(wakeups): State<Wakeups>, request: Request, next: Next) -> Response {
    let reads = request.method().is_safe();
    let response = next.run(request).await;
    if !reads {
        wakeups.announce();
    }
    response
}
