//! A Sovereign's Flux tree: written from the template for one domain and topology, and audited.
//!
//! Nothing here talks to a cluster. What the audit accepts is well-formed, ordered and fits its
//! servers by the figures written down; whether it comes up is seen on a cluster only.

mod audit;
mod finding;
mod layout;
mod lock;
mod render;
mod server_type;
mod substitution;
mod tree;

pub use audit::audit;
pub use finding::{Code, Finding};
pub use lock::{Lock, LockError};
pub use render::{RenderError, render};
pub use server_type::{DEFAULT_SERVER_TYPE, ServerType, UnknownServerType};
pub use substitution::{SubstitutionError, substitute};
pub use tree::Unreadable;

use std::{fmt, str::FromStr};

/// The folders of the tree; Flux applies none before one that stands earlier and that it waits for.
pub const TIERS: [&str; 7] = ["versions", "crds", "core", "infrastructure", "data", "platform", "apps"];

/// Exit codes of `catalyst cluster`.
pub mod exit {
    pub const OK: u8 = 0;
    pub const FINDINGS: u8 = 1;
    /// At least one finding is a cycle: nothing in it would ever start.
    pub const CYCLE: u8 = 2;
    /// Wrong arguments, or files that cannot be read or written.
    pub const UNUSABLE: u8 = 3;
}

/// The exit code that says what an audit found.
pub fn exit_code(findings: &[Finding]) -> u8 {
    match findings {
        [] => exit::OK,
        some if some.iter().any(|finding| finding.code == Code::Cycle) => exit::CYCLE,
        _ => exit::FINDINGS,
    }
}

/// How many servers carry the control plane, and how many copies of what can have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    Solo,
    Ha,
}

impl Topology {
    pub fn replicas(self) -> u32 {
        match self {
            Self::Solo => 1,
            Self::Ha => 3,
        }
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Solo => "solo",
            Self::Ha => "ha",
        })
    }
}

impl FromStr for Topology {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "solo" => Ok(Self::Solo),
            "ha" => Ok(Self::Ha),
            _ => Err(format!("{text:?} is no topology: solo or ha")),
        }
    }
}

/// The domain of a Sovereign. At most 63 characters, because it is the value of a label on every
/// object and every server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fqdn(String);

impl Fqdn {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fqdn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for Fqdn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let label = |label: &str| {
            label.starts_with(|first: char| first.is_ascii_lowercase())
                && label.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-')
                && !label.ends_with('-')
        };
        if text.contains('.') && text.len() <= 63 && text.split('.').all(label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "{text:?} is no domain of a Sovereign: at least two labels of a-z, 0-9 and -, each \
                 beginning with a letter, 63 characters in all. Example: acme.omani.works"
            ))
        }
    }
}
