//! Signing in: the pages. The posts that they make, and the session, are in `server/src/auth.rs`.
//! The other half: `app/domain/src/identity`. Tables: account, session, sign_in_link.
//! End to end: `end2end/tests/sign-in.spec.ts`.

#[cfg(feature = "ssr")]
mod code;
#[cfg(feature = "ssr")]
mod door;
#[cfg(feature = "ssr")]
mod link;
#[cfg(feature = "ssr")]
mod sign_in;

#[cfg(feature = "ssr")]
pub use {code::CodePage, link::LinkPage, sign_in::SignInPage};
