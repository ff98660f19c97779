//! What a request says about its sender: address, language, theme, number, path.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use domain::text::Locale;
use http::{HeaderMap, header};
use ui::server::{Theme, Visit};

use super::{client_ip, request_id::RequestId};
use crate::App;

pub const LANGUAGE_COOKIE: &str = "lang";
pub const THEME_COOKIE: &str = "theme";

/// Puts `Visit` and `Arc<Services>` into the request.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let ip = client_ip::find(request.extensions(), headers, &app.config.http.trusted_proxies);
    let locale = cookie(headers, LANGUAGE_COOKIE).and_then(Locale::from_tag).unwrap_or_else(|| {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        accepted.map(Locale::from_accept_language).unwrap_or_default()
    });
    let visit = Visit {
        ip: client_ip::subject(ip),
        locale,
        theme: cookie(headers, THEME_COOKIE).map_or(Theme::System, Theme::from_name),
        request_id: request.extensions().get::<RequestId>().map(|id| id.0),
        path: request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        catalog_changes: app.wakeups.catalog_changes(),
    };
    request.extensions_mut().insert(visit);
    request.extensions_mut().insert(app.services.clone());
    next.run(request).await
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; xlang=en; lang=ar".parse().expect("a header"));
        headers.append(header::COOKIE, "theme=dark".parse().expect("a header"));
        assert_eq!(cookie(&headers, "lang"), Some("ar"));
        assert_eq!(cookie(&headers, "theme"), Some("dark"));
        assert_eq!(cookie(&headers, "ang"), None);
    }
}
