//! The application: the document around every page, and the table of pages.
//! Pages are server HTML; only islands reach the browser as WASM, so this file is for the server and
//! `frontend` links the crates that hold islands.

pub use accounts;
pub use commerce;
pub use organizations;

#[cfg(feature = "ssr")]
mod document;
#[cfg(feature = "ssr")]
mod surfaces;

#[cfg(feature = "ssr")]
pub use document::{App, shell};
