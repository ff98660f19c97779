//! The version lock, and a copy of it without gaps for tests that never fetch anything.

use serde_yaml_ng::Value;

use crate::repository;

pub const FILE: &str = "infra/versions.yaml";

pub fn lock() -> Value {
    serde_yaml_ng::from_str(&repository::read(FILE)).unwrap_or_else(|error| panic!("{FILE}: {error}"))
}

/// Every leaf with its path, in the file's order.
pub fn leaves(value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

fn walk(value: &Value, path: String, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                let key = key.as_str().map_or_else(|| format!("{key:?}"), str::to_owned);
                let path = if path.is_empty() { key } else { format!("{path}/{key}") };
                walk(value, path, found);
            }
        }
        Value::Sequence(list) => {
            for (index, value) in list.iter().enumerate() {
                walk(value, format!("{path}[{index}]"), found);
            }
        }
        other => found.push((path, other.clone())),
    }
}

/// Whether this leaf is the SHA-256 of something.
pub fn is_checksum(path: &str) -> bool {
    path.contains("/sha256") || path.ends_with("/digest")
}

/// The lock with a made-up checksum wherever the real one is not known yet.
pub fn filled() -> String {
    let mut lock = lock();
    fill(&mut lock, "");
    let charts = lock
        .get_mut("charts")
        .and_then(Value::as_mapping_mut)
        .unwrap_or_else(|| panic!("{FILE} has no charts"));
    let cilium = charts.entry("cilium".into()).or_insert_with(|| {
        serde_yaml_ng::from_str("{version: 0.0.0, repository: https://charts.invalid}").unwrap_or_default()
    });
    if let Some(cilium) = cilium.as_mapping_mut() {
        cilium.entry("digest".into()).or_insert_with(|| "c".repeat(64).into());
    }
    serde_yaml_ng::to_string(&lock).unwrap_or_default()
}

fn fill(value: &mut Value, path: &str) {
    if let Value::Mapping(map) = value {
        for (key, value) in map.iter_mut() {
            fill(value, &format!("{path}/{}", key.as_str().unwrap_or_default()));
        }
    } else if value.is_null() && is_checksum(path) {
        *value = "0".repeat(64).into();
    }
}
