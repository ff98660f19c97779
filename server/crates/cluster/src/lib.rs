//! A Sovereign's Flux tree: written from the template, and audited.
