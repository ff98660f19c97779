//! HTTP: what browsers, programs and those who watch may ask for.

pub mod browser;
mod cookies;
mod encoding;
mod layers;
pub mod monitoring;
pub mod rest;
pub mod router;
mod state;

pub use router::router;
