//! A stand-in for Hetzner Cloud: its API, and a provider for OpenTofu that talks to it. For tests.
