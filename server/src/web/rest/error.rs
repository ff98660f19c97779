//! How a REST request fails: `{"error": code, "message": text, "field"?: name, "missing"?: money, "total"?: money}`.
//! `error` is stable and made for programs, `message` for people; neither holds text of the database.

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use domain::error::{Conflict, Error, Problem, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use super::money::MoneyBody;

#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// A stable name, such as `voucher_exhausted`.
    #[schema(example = "voucher_exhausted")]
    error: &'static str,
    /// For people.
    #[schema(example = "this voucher has been used up")]
    message: String,
    /// What in the request is wrong, such as `promo_code` or `organization.slug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// With `credit_too_small`: how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MoneyBody>,
    /// With `price_changed`: what the order costs now.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<MoneyBody>,
}

/// In a box, so that what goes well does not carry its room.
pub struct Failure(Box<Refused>);

struct Refused {
    status: StatusCode,
    body: ErrorBody,
    retry_after_seconds: Option<u64>,
}

impl Failure {
    pub fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        let body = ErrorBody { error, message: message.into(), field: None, missing: None, total: None };
        Self(Box::new(Refused { status, body, retry_after_seconds: None }))
    }

    pub fn bad_request(error: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, message)
    }

    pub fn required(field: &str) -> Self {
        Self::bad_request("required", format!("{field} is required")).at(field)
    }

    /// Names what in the request is wrong.
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.0.body.field = Some(field.into());
        self
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Refused { status, body, retry_after_seconds } = *self.0;
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            Error::Invalid(fields) => {
                let required = fields.iter().all(|field| field.problem == Problem::Required);
                let (status, code) = if required {
                    (StatusCode::BAD_REQUEST, "required")
                } else {
                    (StatusCode::UNPROCESSABLE_ENTITY, "invalid")
                };
                let failure = Self::new(status, code, message);
                match fields.into_iter().next() {
                    Some(first) => failure.at(first.field),
                    None => failure,
                }
            }
            Error::Refused(refusal) => refusal.into(),
            Error::Conflict(conflict) => {
                let (code, field, total) = match conflict {
                    Conflict::SlugTaken => ("slug_taken", "organization.slug", None),
                    Conflict::KeyReused => ("key_reused", "Idempotency-Key", None),
                    Conflict::PriceChanged { now, .. } => ("price_changed", "total", Some(now)),
                };
                let mut failure = Self::new(StatusCode::CONFLICT, code, message).at(field);
                failure.0.body.total = total.map(Into::into);
                failure
            }
            Error::Gone => Self::new(StatusCode::GONE, "gone", message),
            Error::Forbidden => Self::new(StatusCode::FORBIDDEN, "forbidden", message),
            Error::SignedOut => Self::new(StatusCode::UNAUTHORIZED, "signed_out", message),
            Error::Limited { retry_after_seconds } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
                    .retry_after(retry_after_seconds)
            }
            Error::Unavailable { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message).retry_after(1)
            }
            Error::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message),
        }
    }
}

/// Understood, and not done; nothing was stored.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::VoucherAlreadyRedeemed | Refusal::VoucherChanged => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let field = match refusal {
            Refusal::PlanMissing | Refusal::PlanUnknown(_) | Refusal::PlanNotOrderable(_) => Some("plan_id"),
            Refusal::AppsMissing | Refusal::AppUnknown(_) | Refusal::AppNotDeployable(_) => Some("apps"),
            Refusal::AddonUnknown(_) => Some("addons"),
            _ => refusal.field(),
        };
        let mut failure = Self::new(status, refusal.code(), refusal.to_string());
        if let Refusal::CreditTooSmall { short } = refusal {
            failure.0.body.message.push_str("; nothing was charged, and no voucher was used");
            failure.0.body.missing = Some(short.into());
        }
        match field {
            Some(field) => failure.at(field),
            None => failure,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}
