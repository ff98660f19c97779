//! Cookies: reading what came, writing what goes.

use domain::text::Locale;
use http::{HeaderMap, HeaderValue, header};
use tower_sessions::session::Id;
use ui::server::Theme;

use crate::config::Http;

pub const LANGUAGE: &str = "lang";
pub const THEME: &str = "theme";

/// The value of a cookie.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The language that was chosen here.
pub fn locale(headers: &HeaderMap) -> Option<Locale> {
    read(headers, LANGUAGE).and_then(Locale::from_tag)
}

pub fn theme(headers: &HeaderMap) -> Theme {
    read(headers, THEME).map_or(Theme::System, Theme::from_name)
}

/// Adds a Set-Cookie line for the whole site, out of reach of scripts. Zero seconds: the browser forgets it.
pub fn set(headers: &mut HeaderMap, http: &Http, name: &str, value: &str, max_age_seconds: i64) {
    let text = write(name, value, max_age_seconds, http.public_url.is_https());
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn write(name: &str, value: &str, max_age_seconds: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; SameSite=Lax; HttpOnly{secure}")
}

/// The name of the session's cookie.
pub fn session_name(http: &Http) -> &'static str {
    if http.public_url.is_https() { "__Host-catalyst" } else { "catalyst" }
}

/// Whether the request brought a session, good or not.
pub fn has_session(headers: &HeaderMap, http: &Http) -> bool {
    read(headers, session_name(http)).is_some()
}

/// The session's id, if the request brought one that has its form.
pub fn session_id(headers: &HeaderMap, http: &Http) -> Option<Id> {
    read(headers, session_name(http))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(
            write("__Host-catalyst", "abc", 60, true),
            "__Host-catalyst=abc; Path=/; Max-Age=60; SameSite=Lax; HttpOnly; Secure"
        );
        assert_eq!(write("catalyst", "", 0, false), "catalyst=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly");
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; xlang=en; lang=ar".parse().expect("a header"));
        headers.append(header::COOKIE, "theme=dark".parse().expect("a header"));
        assert_eq!(read(&headers, "lang"), Some("ar"));
        assert_eq!(read(&headers, "theme"), Some("dark"));
        assert_eq!(read(&headers, "ang"), None);
    }
}
