//! Addresses that cannot be stored or shown: not UTF-8, a NUL, or far too long.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;

use crate::web::{encoding::is_clean, rest::error::Failure};

const ADDRESS_MAX: usize = 4096;

pub async fn layer(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|path| path.as_str().len() > ADDRESS_MAX) {
        let text = format!("the address is longer than {ADDRESS_MAX} characters");
        return Failure::new(StatusCode::URI_TOO_LONG, "too_long", text).at("path").into_response();
    }
    let field = match uri.query() {
        _ if !is_clean(uri.path()) => Some("path"),
        Some(query) if !is_clean(query) => Some("query"),
        _ => None,
    };
    if let Some(field) = field {
        let text = format!("the {field} holds what is not UTF-8, or a NUL");
        return Failure::bad_request("not_utf8", text).at(field).into_response();
    }
    next.run(request).await
}
