//! Reads the charts as they lie in the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_yaml_ng::Value;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

pub fn charts() -> PathBuf {
    root().join("charts")
}

pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn yaml(path: &Path) -> Value {
    serde_yaml_ng::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The value at a path whose steps have dots between them.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, step| value.get(step))
}

pub fn string(value: &Value, path: &str) -> String {
    match at(value, path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        other => panic!("{path}: {other:?}"),
    }
}

#[derive(Debug)]
pub struct Dependency {
    pub name: String,
    pub version: String,
    pub repository: String,
}

pub struct Chart {
    pub name: String,
    pub folder: PathBuf,
    pub meta: Value,
    pub values: Value,
}

impl Chart {
    fn read(folder: PathBuf) -> Self {
        let meta = yaml(&folder.join("Chart.yaml"));
        let values = yaml(&folder.join("values.yaml"));
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        Self { name, folder, meta, values }
    }

    pub fn is_blueprint(&self) -> bool {
        self.name.starts_with("bp-")
    }

    pub fn dependencies(&self) -> Vec<Dependency> {
        let list = self.meta.get("dependencies").and_then(Value::as_sequence).cloned().unwrap_or_default();
        list.iter()
            .map(|one| Dependency {
                name: string(one, "name"),
                version: string(one, "version"),
                repository: string(one, "repository"),
            })
            .collect()
    }

    /// Release name and namespace.
    pub fn release(&self) -> (String, String) {
        if !self.is_blueprint() {
            return (self.name.clone(), "catalyst-system".to_owned());
        }
        (
            string(&self.values, "catalystBlueprint.release.name"),
            string(&self.values, "catalystBlueprint.release.namespace"),
        )
    }

    /// What a values file sets beside the metadata: values.yaml, the topologies' and the tests'.
    pub fn values_files(&self) -> Vec<PathBuf> {
        let mut found: Vec<_> = ["values.yaml", "values-solo.yaml", "values-ha.yaml"]
            .map(|name| self.folder.join(name))
            .into_iter()
            .filter(|path| path.exists())
            .collect();
        found.extend(files_in(&self.folder.join("tests")));
        found
    }
}

pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    found.sort();
    found
}

/// Every chart; there are many, so a renamed folder cannot make all checks pass by having nothing to check.
pub fn all() -> Vec<Chart> {
    let found: Vec<_> = files_in(&charts())
        .into_iter()
        .filter(|path| path.join("Chart.yaml").exists())
        .map(Chart::read)
        .collect();
    assert!(found.len() > 15, "only {} charts in {}", found.len(), charts().display());
    found
}

pub fn lock() -> Value {
    yaml(&root().join("infra/versions.yaml"))
}

/// Paths of everything that is set; a list or an empty map is one thing.
pub fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Mapping(map) if !map.is_empty() => {
            for (key, value) in map {
                let key = key.as_str().expect("a name");
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                leaves(value, &path, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}
