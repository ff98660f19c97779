//! The version lock, `infra/versions.yaml`, as far as the tree reads it.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Lock {
    blueprints: BTreeMap<String, Blueprint>,
    #[serde(default)]
    crossplane: BTreeMap<String, Package>,
}

#[derive(Debug, Deserialize)]
struct Blueprint {
    version: Option<String>,
}

/// A section may hold other things than packages with a version of their own.
#[derive(Debug, Deserialize)]
struct Package {
    package: Option<String>,
    version: Option<String>,
    digest: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("the version lock: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    #[error("the version lock names no version of {0}")]
    NoVersion(String),
}

impl Lock {
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let text = fs::read_to_string(path)
            .map_err(|source| LockError::Unreadable { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }

    pub fn parse(text: &str) -> Result<Self, LockError> {
        Ok(serde_yaml_ng::from_str(text)?)
    }

    /// The names of the Blueprints that have an entry.
    pub fn blueprints(&self) -> impl Iterator<Item = &str> {
        self.blueprints.keys().map(String::as_str)
    }

    /// What the tree's placeholders of versions stand for.
    pub fn values(&self) -> Result<BTreeMap<String, String>, LockError> {
        let mut values = BTreeMap::new();
        for (name, blueprint) in &self.blueprints {
            let version = blueprint.version.clone().ok_or_else(|| LockError::NoVersion(name.clone()))?;
            values.insert(format!("{}_VERSION", shout(name)), version);
        }
        for (name, package) in &self.crossplane {
            let Some(address) = &package.package else { continue };
            let reference = match (&package.digest, &package.version) {
                (Some(digest), _) => format!("{address}@{digest}"),
                (None, Some(version)) => format!("{address}:{version}"),
                (None, None) => return Err(LockError::NoVersion(name.clone())),
            };
            values.insert(format!("CROSSPLANE_{}", shout(name)), reference);
        }
        Ok(values)
    }

    /// The tree's file `versions/configmap-versions.yaml`.
    pub fn config_map(&self) -> Result<String, LockError> {
        let mut text = "# Generated from infra/versions.yaml: cargo run -p cluster --example versions\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: versions\n  namespace: flux-system\ndata:\n"
            .to_owned();
        for (name, value) in self.values()? {
            text.push_str(&format!("  {name}: {}\n", serde_json::Value::String(value)));
        }
        Ok(text)
    }
}

fn shout(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_become_names_that_the_tree_uses() {
        let lock = Lock::parse(
            "blueprints: {bp-cert-manager: {version: 1.2.3}}\n\
             crossplane: {provider-x: {package: r/x, version: v1, digest: null}}\n",
        );
        let values = lock.unwrap().values().unwrap();
        assert_eq!(values["BP_CERT_MANAGER_VERSION"], "1.2.3");
        assert_eq!(values["CROSSPLANE_PROVIDER_X"], "r/x:v1");
    }

    #[test]
    fn a_digest_pins_more_than_a_version() {
        let lock = Lock::parse(
            "blueprints: {}\ncrossplane: {x: {package: r/x, version: v1, digest: 'sha256:ab'}}\n",
        );
        assert_eq!(lock.unwrap().values().unwrap()["CROSSPLANE_X"], "r/x@sha256:ab");
    }

    #[test]
    fn a_blueprint_without_a_version_is_an_error() {
        let lock = Lock::parse("blueprints: {bp-x: {version: null}}\n").unwrap();
        assert!(lock.values().unwrap_err().to_string().contains("bp-x"));
    }
}
