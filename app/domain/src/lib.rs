//! What Catalyst is about. Without features: types and pure rules, for the browser as well.
//! With `db`: the verbs and all the SQL there is; they talk to PostgreSQL and to nothing else.

pub mod access;
#[cfg(feature = "db")]
mod audit;
#[cfg(feature = "db")]
pub mod backup;
#[cfg(feature = "db")]
mod billing;
pub mod carts;
pub mod catalog;
pub mod checkout;
#[cfg(feature = "db")]
pub mod db;
#[cfg(feature = "db")]
pub mod delivery;
pub mod error;
#[cfg(feature = "db")]
pub mod events;
#[cfg(feature = "db")]
pub mod figures;
#[cfg(feature = "db")]
pub mod idempotency;
pub mod identity;
pub mod ids;
#[cfg(feature = "db")]
pub mod jobs;
pub mod ledger;
#[cfg(feature = "db")]
pub mod limits;
pub mod money;
#[cfg(feature = "db")]
pub mod monitoring;
pub mod orders;
pub mod organizations;
pub mod page;
#[cfg(feature = "db")]
pub mod server_key;
#[cfg(feature = "db")]
pub mod services;
#[cfg(feature = "db")]
mod subscriptions;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod vouchers;

pub use error::{Error, Result};
