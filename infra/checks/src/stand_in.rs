//! Upstream charts cannot be fetched everywhere, so in a copy of a chart each of its dependencies is a stand-in: a
//! chart of its name and version whose one object holds the values that it was given.

use std::{fs, path::Path};

use serde_yaml_ng::Value;

use crate::repository::{files, write};

/// Every file of a folder, into another one.
pub fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        write(&to.join(path.strip_prefix(from).unwrap_or(&path)), text);
    }
}

/// A copy of the chart that Helm can render. Charts of our own are themselves in it.
pub fn chart(from: &Path, to: &Path) {
    copy(from, to);
    let text = fs::read_to_string(from.join("Chart.yaml"));
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    let meta: Value = serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    for dependency in meta.get("dependencies").and_then(Value::as_sequence).into_iter().flatten() {
        let field = |name: &str| dependency.get(name).and_then(Value::as_str).unwrap_or_default();
        let inside = to.join("charts").join(field("name"));
        if let Some(path) = field("repository").strip_prefix("file://") {
            copy(&from.join(path), &inside);
            continue;
        }
        write(
            &inside.join("Chart.yaml"),
            format!("apiVersion: v2\nname: {}\nversion: {}\n", field("name"), field("version")),
        );
        write(
            &inside.join("templates/stand-in.yaml"),
            "apiVersion: stand-in/v1\nkind: Values\nmetadata:\n  name: {{ .Chart.Name }}\nvalues: {{ toJson .Values }}\n",
        );
    }
}
