//! Organizations: the console of their members, and the list of all of them for the superadmin.
//! The other half: `app/domain/src/organizations`. Tables: organization, organization_member, application,
//! organization_event. End to end: `end2end/tests/journey.spec.ts`.

pub mod api;
#[cfg(feature = "ssr")]
mod applications;
#[cfg(feature = "ssr")]
mod credit;
#[cfg(feature = "ssr")]
mod dashboard;
#[cfg(feature = "ssr")]
mod looks;
#[cfg(feature = "ssr")]
mod tenants;

#[cfg(feature = "ssr")]
pub use {dashboard::DashboardPage, tenants::TenantsPage};
