//! Memory of Hetzner's server types, from the catalogue that the OpenTofu module checks its sizes by.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

/// The module's default for a control plane.
pub const DEFAULT_SERVER_TYPE: &str = "cx43";

const CATALOGUE: &str = include_str!("../../../../infra/hetzner/catalogue.yaml");

/// GiB of memory by name; types that are not sold any more among them, for their servers still stand.
static TYPES: LazyLock<BTreeMap<String, u64>> = LazyLock::new(|| {
    let catalogue: Catalogue = serde_yaml_ng::from_str(CATALOGUE).unwrap_or_default();
    catalogue.server_types.into_iter().flat_map(|group| group.memory).collect()
});

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    server_types: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    memory: BTreeMap<String, u64>,
}

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
            .get_key_value(text)
            .map(|(name, memory_gib)| Self { name, memory_gib: *memory_gib })
            .ok_or_else(|| UnknownServerType(text.to_owned()))
    }
}

fn known() -> String {
    TYPES.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_of_the_catalogue_has_memory_and_none_stands_twice() {
        let catalogue: Catalogue = serde_yaml_ng::from_str(CATALOGUE).unwrap();
        let listed: usize = catalogue.server_types.iter().map(|group| group.memory.len()).sum();
        assert!(listed > 30 && listed == TYPES.len(), "{listed}");
        assert!(TYPES.values().all(|memory| *memory > 0));
        assert_eq!("ccx63".parse::<ServerType>().unwrap().memory_mib(), 192 * 1024);
        assert!("cx99".parse::<ServerType>().unwrap_err().to_string().contains("cx43"));
    }

    #[test]
    fn the_default_is_the_modules() {
        let variables = include_str!("../../../../infra/hetzner/variables.tf");
        let (_, variable) = variables.split_once("variable \"control_plane_size\" {").unwrap();
        let default = format!("default     = \"{DEFAULT_SERVER_TYPE}\"\n");
        assert!(variable.split("\n}\n").next().unwrap().contains(&default));
        assert!(DEFAULT_SERVER_TYPE.parse::<ServerType>().is_ok());
    }
}
