//! What happens to every request before and after it is handled: one file a layer. `router.rs` puts them together.

pub mod announce;
pub mod client_ip;
pub mod headers;
pub mod input;
pub mod metrics;
pub mod origin;
pub mod panic;
pub mod patience;
pub mod request_context;
pub mod request_id;
pub mod session;

pub use session::SessionStore;
