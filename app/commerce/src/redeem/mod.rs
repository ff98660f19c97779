//! Looking at a voucher: what a code is worth, for anybody who holds it; keeping it for the order.
//! The other half: `app/domain/src/vouchers`. Tables: promo_code, promo_redemption.
//! Its forms post to `cart/api.rs`. End to end: `end2end/tests/journey.spec.ts`.

#[cfg(feature = "ssr")]
mod page;

#[cfg(feature = "ssr")]
pub use page::RedeemPage;
