//! What every page is made of: the wire error, the words, the glue to the server, and the components
//! of the design system (`style/README.md` describes their markup).

pub mod error;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod messages;
#[cfg(feature = "ssr")]
pub mod money;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod server;

pub use error::WireError;
