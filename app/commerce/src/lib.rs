//! What a customer buys with: the catalog, the cart, vouchers, checkout, orders; and its admin pages.
//! Each slice's `mod.rs` says where its other half, its tables and its end-to-end tests are.

pub mod admin;
pub mod cart;
#[cfg(feature = "ssr")]
pub mod catalog;
pub mod checkout;
#[cfg(feature = "ssr")]
pub mod orders;
pub mod redeem;
