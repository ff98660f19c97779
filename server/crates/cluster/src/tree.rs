//! The files of a tree, read once.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    Code, Finding, TIERS, Topology,
    layout::{self, yaml_files},
};

#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{0} has none of the tree's folders: {tiers}", tiers = TIERS.join(", "))]
    NoTree(PathBuf),
    #[error("{path}: {message}")]
    Contents { path: PathBuf, message: String },
}

/// One file with the object in it.
pub(crate) struct Object {
    /// Relative to the tree, with `/`.
    pub(crate) file: String,
    pub(crate) value: Value,
}

impl Object {
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.value.pointer(path).and_then(Value::as_str)
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("/kind").unwrap_or_default()
    }

    pub(crate) fn group(&self) -> &str {
        self.text("/apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group)
    }

    pub(crate) fn name(&self) -> &str {
        self.text("/metadata/name").unwrap_or_default()
    }

    pub(crate) fn namespace(&self) -> &str {
        self.text("/metadata/namespace").unwrap_or_default()
    }

    /// kustomize's own file, which is no object of the cluster.
    pub(crate) fn is_listing(&self) -> bool {
        self.group() == "kustomize.config.k8s.io"
    }

    pub(crate) fn is_release(&self) -> bool {
        self.kind() == "HelmRelease"
    }

    pub(crate) fn is_kustomization(&self) -> bool {
        self.group() == "kustomize.toolkit.fluxcd.io"
    }

    pub(crate) fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The place of its tier in the order of tiers.
    pub(crate) fn tier(&self) -> usize {
        let tier = self.file.split('/').next().unwrap_or_default();
        TIERS.iter().position(|each| *each == tier).unwrap_or(TIERS.len())
    }
}

pub(crate) struct Tree {
    pub(crate) objects: Vec<Object>,
    /// Every file's name and text.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) expected_graph: Value,
    pub(crate) memory: Value,
    pub(crate) topology: Topology,
}

impl Tree {
    /// Reads a rendered tree. What lies beside a template's tiers is found there too.
    pub(crate) fn read(dir: &Path, findings: &mut Vec<Finding>) -> Result<Self, Unreadable> {
        let mut files = Vec::new();
        for tier in TIERS {
            if dir.join(tier).is_dir() {
                let found = yaml_files(&dir.join(tier))
                    .map_err(|(path, source)| Unreadable::File { path, source })?;
                for path in found {
                    let text = fs::read_to_string(&path)
                        .map_err(|source| Unreadable::File { path: path.clone(), source })?;
                    let name = path.strip_prefix(dir).unwrap_or(&path);
                    files.push((name.to_string_lossy().replace('\\', "/"), text));
                }
            }
        }
        if files.is_empty() {
            return Err(Unreadable::NoTree(dir.to_owned()));
        }

        let mut objects = Vec::new();
        for (file, text) in &files {
            match documents(text) {
                Err(message) => findings.push(Finding::new(Code::Yaml, file, message)),
                Ok(mut values) if values.len() == 1 => {
                    objects.push(Object { file: file.clone(), value: values.remove(0) });
                }
                Ok(values) => {
                    let message = format!("holds {} objects: one object a file", values.len());
                    findings.push(Finding::new(Code::OneObject, file, message));
                    objects.extend(values.into_iter().map(|value| Object { file: file.clone(), value }));
                }
            }
        }
        let topology = match beside(dir, layout::SOVEREIGN)? {
            None => Topology::Solo,
            Some((path, value)) => value["topology"]
                .as_str()
                .ok_or_else(|| "names no topology".to_owned())
                .and_then(str::parse)
                .map_err(|message| Unreadable::Contents { path, message })?,
        };
        let needed = |name: &str| {
            beside(dir, name)?.map(|(_, value)| value).ok_or_else(|| Unreadable::File {
                path: dir.join(name),
                source: io::Error::from(io::ErrorKind::NotFound),
            })
        };
        Ok(Self {
            expected_graph: needed(layout::EXPECTED_GRAPH)?,
            memory: needed(layout::MEMORY)?,
            topology,
            objects,
            files,
        })
    }

    /// The objects that a cluster is to have.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| !object.is_listing())
    }

    pub(crate) fn releases(&self) -> impl Iterator<Item = &Object> {
        self.objects().filter(|object| object.is_release())
    }
}

fn beside(dir: &Path, name: &str) -> Result<Option<(PathBuf, Value)>, Unreadable> {
    let parent = dir.parent().map(|parent| parent.join(name));
    for path in [Some(dir.join(name)), parent].into_iter().flatten() {
        if !path.is_file() {
            continue;
        }
        let text =
            fs::read_to_string(&path).map_err(|source| Unreadable::File { path: path.clone(), source })?;
        let value = serde_yaml_ng::from_str(&text)
            .map_err(|error| Unreadable::Contents { path: path.clone(), message: error.to_string() })?;
        return Ok(Some((path, value)));
    }
    Ok(None)
}

/// By way of YAML's own values, because those refuse a key that stands twice.
fn documents(text: &str) -> Result<Vec<Value>, String> {
    let mut values = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        let value = serde_yaml_ng::Value::deserialize(document).map_err(|error| error.to_string())?;
        if !value.is_null() {
            values.push(serde_json::to_value(value).map_err(|error| error.to_string())?);
        }
    }
    Ok(values)
}
