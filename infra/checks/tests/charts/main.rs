//! Checks of the Blueprints in charts/: that they agree with the version lock and with one another, that
//! Helm renders them for every topology, and that what comes out is valid.

mod agreement;
mod book;
mod claim_fields;
mod claims;
mod gateway;
mod guard;
mod observability;
mod order;
mod organizations;
mod overlays;
mod policies;
mod product;
mod readme;
mod render;
mod rendered;
mod schemas;
mod scripts;
mod secrets;
