//! Requests that are left before they are answered: by whoever sent them, or by us where they take too long.

use axum::{extract::Request, middleware::Next, response::Response};
use domain::db;

pub async fn layer(request: Request, next: Next) -> Response {
    db::may_be_left(next.run(request)).await
}
