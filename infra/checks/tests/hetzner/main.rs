//! The OpenTofu module: what its servers are told, what it refuses, and how a node behaves.
//!
//! Rendered by the real engine; the bootstrap is really run, with stand-ins for the programs that
//! reach outside. What only Hetzner, k3s, Cilium and Flux can show is not shown here.

mod birth;
mod bootstrap;
mod module;
mod stage;
mod variables;
