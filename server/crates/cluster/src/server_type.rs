//! Memory of Hetzner's server types, as Hetzner lists them.

use std::str::FromStr;

/// The module's default for a control plane.
pub const DEFAULT_SERVER_TYPE: &str = "cx42";

/// GiB of memory.
const TYPES: [(&str, u64); 37] = [
    ("cx11", 2),
    ("cx21", 4),
    ("cx31", 8),
    ("cx41", 16),
    ("cx51", 32),
    ("cx22", 4),
    ("cx32", 8),
    ("cx42", 16),
    ("cx52", 32),
    ("cx23", 4),
    ("cx33", 8),
    ("cx43", 16),
    ("cx53", 32),
    ("cpx11", 2),
    ("cpx21", 4),
    ("cpx31", 8),
    ("cpx41", 16),
    ("cpx51", 32),
    ("cpx12", 2),
    ("cpx22", 4),
    ("cpx32", 8),
    ("cpx42", 16),
    ("cpx52", 24),
    ("cpx62", 32),
    ("ccx13", 8),
    ("ccx23", 16),
    ("ccx33", 32),
    ("ccx43", 64),
    ("ccx53", 128),
    ("ccx63", 192),
    ("cax11", 4),
    ("cax21", 8),
    ("cax31", 16),
    ("cax41", 32),
    ("ccx12", 8),
    ("ccx22", 16),
    ("ccx32", 32),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerType {
    name: &'static str,
    memory_gib: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("there is no server type {0:?} in the table of memory. Known: {known}", known = known())]
pub struct UnknownServerType(String);

impl ServerType {
    pub fn name(self) -> &'static str {
        self.name
    }

    pub fn memory_mib(self) -> u64 {
        self.memory_gib * 1024
    }
}

impl FromStr for ServerType {
    type Err = UnknownServerType;

    fn from_str(text: &str) -> Result<Self, UnknownServerType> {
        TYPES
            .into_iter()
            .find(|(name, _)| *name == text)
            .map(|(name, memory_gib)| Self { name, memory_gib })
            .ok_or_else(|| UnknownServerType(text.to_owned()))
    }
}

fn known() -> String {
    TYPES.map(|(name, _)| name).join(", ")
}
