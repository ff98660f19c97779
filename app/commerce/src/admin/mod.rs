//! What the people who run a Sovereign see of its commerce: vouchers, orders, revenue, catalog.
//! The other half: `app/domain/src/{vouchers,orders,catalog}`. Tables: promo_code, promo_redemption,
//! customer_order, subscription, plan, app, addon. End to end: `end2end/tests/journey.spec.ts`.

pub mod api;
#[cfg(feature = "ssr")]
mod billing;
#[cfg(feature = "ssr")]
mod catalog;
#[cfg(feature = "ssr")]
mod issue_form;
#[cfg(feature = "ssr")]
mod order_table;
#[cfg(feature = "ssr")]
mod orders;
#[cfg(feature = "ssr")]
mod revenue;
#[cfg(feature = "ssr")]
mod voucher_table;

#[cfg(feature = "ssr")]
pub use {billing::BillingPage, catalog::CatalogPage, orders::OrdersPage, revenue::RevenuePage};
