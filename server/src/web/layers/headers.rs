//! What browsers are told about every answer.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use leptos::nonce::Nonce;

use crate::{config::Config, web::cookies};

const YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The nonce of this answer's scripts, in the request's extensions.
#[derive(Clone)]
pub struct RequestNonce(pub Nonce);

pub async fn layer(State(config): State<Arc<Config>>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce::new();
    request.extensions_mut().insert(RequestNonce(nonce.clone()));
    let has_session = cookies::session_id(request.headers(), &config.http).is_some();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = content_security_policy(&nonce);
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, &policy);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    );
    if config.http.public_url.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        let kept = if has_session || headers.contains_key(header::SET_COOKIE) {
            NO_STORE
        } else {
            HeaderValue::from_static("no-cache")
        };
        headers.insert(header::CACHE_CONTROL, kept);
        headers.append(header::VARY, HeaderValue::from_static("cookie, accept-language"));
    }
    response
}

/// Everything from this origin, scripts by nonce as well, and nothing from anywhere else.
fn content_security_policy(nonce: &Nonce) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Files whose names change with their content are kept for a year, others asked for again.
pub fn cache_static(headers: &mut HeaderMap, named_by_content: bool) {
    let value = if named_by_content { YEAR } else { HeaderValue::from_static("public, max-age=3600") };
    headers.insert(header::CACHE_CONTROL, value);
}
