//! The outside world: one file a system, each with what a test puts in its place.

pub mod events;
pub mod git;
pub mod mail;
pub mod mailbox;
pub mod smtp;
