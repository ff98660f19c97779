//! Cross-site requests: whatever changes something in a browser's name has to come from this site's own
//! pages. A foreign page can send neither a bearer token nor, where there is no cookie, anybody's name.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;

use crate::{
    config::{Config, Http},
    web::cookies,
};

/// For pages and forms: checked always, as signing in somebody else's browser is an attack too.
pub async fn layer(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    if is_safe(request.method()) || is_own(request.headers(), &config.http) {
        return next.run(request).await;
    }
    tracing::warn!("refused a request from another site");
    (StatusCode::FORBIDDEN, "This form was sent from another site. Open the page here and send it again.\n")
        .into_response()
}

/// For REST: checked where the browser's session would speak.
pub async fn rest_layer(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let by_session =
        !headers.contains_key(header::AUTHORIZATION) && cookies::session_id(headers, &config.http).is_some();
    if is_safe(request.method()) || !by_session || is_own(headers, &config.http) {
        return next.run(request).await;
    }
    tracing::warn!("refused a request from another site");
    let body =
        json!({ "error": "foreign_origin", "message": "a session is good for this site's own pages only" });
    (StatusCode::FORBIDDEN, axum::Json(body)).into_response()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether the browser says that the request began on a page of this site. A browser that says nothing
/// is not believed; every one in use sends Origin with a POST.
fn is_own(headers: &HeaderMap, http: &Http) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match text(header::ORIGIN) {
        // `null` comes with privacy settings and opaque pages; Sec-Fetch-Site still tells.
        Some(origin) if origin != "null" => {
            let host = text(header::HOST).unwrap_or_default();
            let own_host = http.listen.ip().is_loopback() && origin == format!("http://{host}");
            origin.eq_ignore_ascii_case(http.public_url.as_str()) || own_host
        }
        _ => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&str, &str)], sent: &[(&'static str, &str)]) -> bool {
        let config = Config::from_pairs(pairs).expect("settings");
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.insert(*name, value.parse().expect("a header"));
        }
        is_own(&headers, &config.http)
    }

    const PUBLIC: &[(&str, &str)] = &[
        ("CATALYST_LISTEN", "0.0.0.0:80"),
        ("CATALYST_PUBLIC_URL", "https://shop.example.om"),
        ("CATALYST_SMTP_URL", "smtps://a:b@mail.example.om"),
    ];

    #[test]
    fn only_this_sites_own_pages_may_post() {
        assert!(own(PUBLIC, &[("origin", "https://shop.example.om")]));
        assert!(own(PUBLIC, &[("sec-fetch-site", "same-origin")]));
        assert!(own(PUBLIC, &[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        for foreign in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "http://shop.example.om")],
            &[("origin", "https://shop.example.om.evil.example")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "http://evil.example"), ("host", "evil.example")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "null")],
            &[],
        ] {
            assert!(!own(PUBLIC, foreign), "{foreign:?}");
        }
    }

    #[test]
    fn a_developers_machine_has_several_names() {
        assert!(own(&[], &[("origin", "http://localhost:3000"), ("host", "localhost:3000")]));
        assert!(!own(&[], &[("origin", "http://evil.example"), ("host", "localhost:3000")]));
    }
}
