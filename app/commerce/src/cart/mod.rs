//! What a visitor has chosen: the verbs that change it, and the pages that name it and look at it once more.
//! The other half: `app/domain/src/carts`. Table: cart. End to end: `end2end/tests/journey.spec.ts`.

#[cfg(feature = "ssr")]
mod addons;
#[cfg(feature = "ssr")]
mod address;
pub mod api;
#[cfg(feature = "ssr")]
mod capacity;
#[cfg(feature = "ssr")]
pub mod cost;
#[cfg(feature = "ssr")]
mod review;

#[cfg(feature = "ssr")]
pub use {
    addons::AddonsPage,
    review::{ReviewPage, empty},
};
