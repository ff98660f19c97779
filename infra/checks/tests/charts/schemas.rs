//! What is rendered is valid: Kubernetes' own kinds strictly, others by the schemas of their CRDs.
//! Crossplane's kinds have no published schema that could be had here: `claims` looks at them.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_yaml_ng::Value;

use crate::{
    book::{self, string},
    render::{all, described, scratch},
};

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy, Debug)]
enum Kind {
    Core,
    Custom,
    Crossplane,
}

fn kind(object: &Value) -> Kind {
    let version = string(object, "apiVersion");
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    match group {
        "gateway.networking.k8s.io" => Kind::Custom,
        "pkg.crossplane.io" | "apiextensions.crossplane.io" => Kind::Crossplane,
        group if !group.contains('.') || group.ends_with(".k8s.io") => Kind::Core,
        _ => Kind::Custom,
    }
}

/// Each different object once, with one of the places that it was seen at.
fn objects(wanted: Kind) -> Vec<(String, Value)> {
    let mut found = BTreeMap::new();
    for rendering in all() {
        for object in rendering.objects.iter().filter(|object| kind(object) == wanted) {
            let text = serde_yaml_ng::to_string(object).expect("YAML");
            found.entry(text).or_insert_with(|| (described(rendering, object), object.clone()));
        }
    }
    assert!(!found.is_empty(), "nothing of {wanted:?}");
    found.into_values().collect()
}

#[test]
fn kubernetes_own_kinds_are_strictly_valid() {
    let program = book::root().join(".tools/venv/bin/kubernetes-validate");
    assert!(program.exists(), "kubernetes-validate is missing. Install it with: scripts/setup test");
    let folder = scratch("core");
    let mut files = Vec::new();
    for (number, (who, object)) in objects(Kind::Core).into_iter().enumerate() {
        // JSON, because the two sides read a bare `off` differently.
        let path = folder.join(format!("{number}-{}.json", who.replace(['/', ' ', ':'], "-")));
        fs::write(&path, serde_json::to_vec(&object).expect("JSON")).expect("written");
        files.push(path);
    }
    let output = Command::new(program)
        .args(["--strict", "--no-warn", "-k", &string(&book::lock(), "kubernetes")])
        .args(&files)
        .output()
        .expect("it runs");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(files.len() > 10, "only {} objects", files.len());
}

#[test]
fn other_kinds_are_valid_by_the_schemas_of_their_crds() {
    let modules = book::root().join(".tools/charts/node_modules");
    assert!(modules.exists(), "the schemas are missing. Install them with: scripts/setup test");
    let list: Vec<_> = objects(Kind::Custom)
        .into_iter()
        .map(|(who, object)| serde_json::json!({"who": who, "object": object}))
        .collect();
    assert!(list.len() > 20, "only {} objects", list.len());
    let mut node = Command::new("node")
        .arg(book::root().join("infra/checks/tests/charts/crd.cjs"))
        .env("NODE_PATH", modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js runs. Install it with: scripts/setup test");
    let input = serde_json::to_vec(&list).expect("JSON");
    node.stdin.take().expect("piped").write_all(&input).expect("read");
    let output = node.wait_with_output().expect("it ends");
    let faults = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && faults.is_empty(), "{faults}");
}
