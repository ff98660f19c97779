//! A stand-in for Hetzner Cloud: its API (`api`), and a provider for OpenTofu that talks to it
//! (`provider`). For tests; what the two prove and what they do not is in README.md.

pub mod api;
pub mod provider;
