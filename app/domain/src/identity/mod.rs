//! Accounts, sessions, sign-in links and API tokens.
//! Pages: `app/accounts`. Tables: account, session, sign_in_link, api_token.
//! End to end: `end2end/sign-in.spec.ts`.

#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
pub mod sessions;
#[cfg(feature = "db")]
mod store;

/// A link and its code are good for ten minutes (ASVS 5.0, 6.5.5).
pub const LINK_MINUTES: i64 = 10;
/// Wrong codes for one address in the time that a code lives, however many were sent.
pub const WRONG_CODES: i32 = 5;

/// A place on this site to go back to; anything else becomes `/console`. Browsers leave tabs and line ends out
/// of addresses, so that `/<tab>/evil.example` is another site (URL Standard, "basic URL parser").
pub fn local_path(text: &str) -> &str {
    let inside = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.contains(char::is_control)
        && text.len() <= 500;
    if inside { text } else { "/console" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(local_path("/checkout?step=1"), "/checkout?step=1");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:x",
            "",
        ] {
            assert_eq!(local_path(elsewhere), "/console");
        }
    }
}
