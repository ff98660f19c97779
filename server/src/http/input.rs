//! Addresses that cannot be stored or shown: not UTF-8, a NUL, or far too long.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;

use super::encoding::is_clean;

const ADDRESS_MAX: usize = 4096;

pub async fn layer(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|path| path.as_str().len() > ADDRESS_MAX) {
        return (StatusCode::URI_TOO_LONG, "The address is too long.\n").into_response();
    }
    if !is_clean(uri.path()) || uri.query().is_some_and(|query| !is_clean(query)) {
        let text = "The address holds characters that are not UTF-8, or a NUL.\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    }
    next.run(request).await
}
