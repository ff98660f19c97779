//! From the cart to the order: who orders, for which Organization, with which voucher, at what price.
//! The other half: `app/domain/src/checkout`. Tables: customer_order, order_line, subscription, idempotency.
//! End to end: `end2end/tests/journey.spec.ts`.

pub mod api;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod place;
#[cfg(feature = "ssr")]
mod sum;
#[cfg(feature = "ssr")]
mod voucher;

#[cfg(feature = "ssr")]
pub use page::CheckoutPage;
