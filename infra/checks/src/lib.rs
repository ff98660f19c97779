//! Checks of what a Sovereign is made of: module, charts, tree, version lock. Tests only.

pub mod engine;
pub mod lock;
pub mod repository;
pub mod sovereign;
pub mod stand_in;
