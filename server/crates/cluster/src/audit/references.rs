//! What an object names is there: the source that it reads, the releases and Kustomizations that it
//! watches. Of other kinds nobody here knows what there will be.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    Code, Finding,
    tree::{Object, Tree},
};

type Named<'a> = (&'a str, &'a str, &'a str);

/// cloud-init writes it before Flux reads the tree.
const REPOSITORY: Named = ("GitRepository", "flux-system", "openova");

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let there: BTreeSet<Named> = tree
        .objects()
        .map(|object| (object.kind(), object.namespace(), object.name()))
        .chain([REPOSITORY])
        .collect();
    let mut findings = Vec::new();
    let mut look = |object: &Object, named: Named, code, verb| {
        if !there.contains(&named) {
            let (kind, namespace, name) = named;
            let message = format!("{verb} the {kind} {namespace}/{name}, which is not in the tree");
            findings.push(Finding::new(code, &object.file, message));
        }
    };
    for object in tree.objects() {
        for path in ["/spec/sourceRef", "/spec/chartRef", "/spec/chart/spec/sourceRef"] {
            if let Some(source) = object.value.pointer(path) {
                look(object, named(source, object), Code::Source, "reads");
            }
        }
        let watched = object.value.pointer("/spec/healthChecks").and_then(Value::as_array);
        for watched in watched.into_iter().flatten().map(|watched| named(watched, object)) {
            if ["HelmRelease", "Kustomization"].contains(&watched.0) {
                look(object, watched, Code::Dangling, "waits for");
            }
        }
    }
    findings
}

/// Without a namespace it is the object's own.
fn named<'a>(reference: &'a Value, from: &'a Object) -> Named<'a> {
    let text = |key: &str| reference[key].as_str();
    (
        text("kind").unwrap_or_default(),
        text("namespace").unwrap_or(from.namespace()),
        text("name").unwrap_or_default(),
    )
}
