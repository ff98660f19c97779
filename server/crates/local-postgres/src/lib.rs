//! A private PostgreSQL cluster in a folder: made on first use, reached over a unix socket, left
//! running until it is stopped. `catalyst` uses one under `CATALYST_DATA_DIR`, tests one under
//! `target/`.
//!
//! The server is a process of its own: it survives the program that started it, and the next
//! start attaches to it. Two programs may start the same folder at once; a file lock orders them.

mod binaries;
mod cluster;
mod identity;
mod socket;

pub use binaries::program;
pub use cluster::{Durability, LocalPostgres};
