//! Races that are really races: each test runs its verbs from many tasks at once, begun together, each on a
//! connection of its own, and says what holds whoever comes first. Files are named after the slices of the domain.
//!
//! `../mutants.toml` names the guards that decide these races. `cargo xtask mutants` takes them away, one by one,
//! and fails where no test notices.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

mod carts;
mod checkout;
mod jobs;
mod limits;
mod organizations;
mod returns;
mod sessions;
mod sign_in;
mod vouchers;
