//! Errors as the API words them: `{"error": {"code", "message", "details"}}`.
//!
//! Imitated: the documented codes and the shape of `details` for `invalid_input`,
//! `uniqueness_error` and `resource_limit_exceeded`. The HTTP status of each is the one that the
//! documentation names; where it names none, 422.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
    pub details: Value,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), details: Value::Null }
    }

    /// A refusal with a code of its own, as the documentation of an action lists them.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    pub fn invalid(field: &str, problem: &str) -> Self {
        Self {
            details: json!({"fields": [{"name": field, "messages": [problem]}]}),
            ..Self::refused("invalid_input", format!("invalid input in field '{field}': {problem}"))
        }
    }

    pub fn taken(field: &str) -> Self {
        Self {
            details: json!({"fields": [{"name": field, "messages": ["is already used"]}]}),
            ..Self::new(StatusCode::CONFLICT, "uniqueness_error", format!("{field} is already used"))
        }
    }

    pub fn limit(kind: &str) -> Self {
        Self {
            details: json!({"limits": [{"name": format!("{kind}_limit")}]}),
            ..Self::new(StatusCode::FORBIDDEN, "resource_limit_exceeded", format!("{kind} limit exceeded"))
        }
    }

    pub fn not_found(kind: &str, id: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{kind} with ID '{id}' not found"))
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "unable to authenticate")
    }

    pub fn rate_limited(limit: u32) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit_exceeded",
            format!("limit of {limit} requests per hour reached"),
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {
            "code": self.code, "message": self.message, "details": self.details,
        }});
        (self.status, Json(body)).into_response()
    }
}
