//! Files: listed where kustomize looks, one object once, no placeholder left.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    Code, Finding,
    substitution::placeholders,
    tree::{Object, Tree},
};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    left_placeholders(tree, &mut findings);
    duplicates(tree, &mut findings);
    listings(tree, &mut findings);
    findings
}

fn left_placeholders(tree: &Tree, findings: &mut Vec<Finding>) {
    for (file, text) in &tree.files {
        for placeholder in placeholders(text) {
            let message = format!("line {}: {} has no value", placeholder.line, &text[placeholder.range]);
            findings.push(Finding::new(Code::Placeholder, file, message));
        }
    }
}

fn duplicates(tree: &Tree, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<_, &str> = BTreeMap::new();
    for object in tree.objects() {
        // Namespaces are told of by their own check.
        if object.kind() == "Namespace" {
            continue;
        }
        let identity = (object.group(), object.kind(), object.namespace(), object.name());
        if let Some(first) = seen.get(&identity) {
            let message = format!("{} {} is in {first} already", object.kind(), object.name());
            findings.push(Finding::new(Code::Duplicate, &object.file, message));
        } else {
            seen.insert(identity, &object.file);
        }
    }
}

/// Flux builds a tier from its kustomization.yaml: what that does not list does not exist.
fn listings(tree: &Tree, findings: &mut Vec<Finding>) {
    let listings: BTreeMap<&str, BTreeSet<&str>> = tree
        .objects
        .iter()
        .filter(|object| object.is_listing())
        .map(|object| (object.folder(), entries(object)))
        .collect();
    let files: BTreeSet<&str> = tree.files.iter().map(|(file, _)| file.as_str()).collect();
    let roots: Vec<&str> = tree
        .objects()
        .filter(|object| object.is_kustomization())
        .filter_map(|object| object.text("/spec/path"))
        .collect();

    for file in &files {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        if name == "kustomization.yaml" {
            let Some((above, own)) = folder.rsplit_once('/') else { continue };
            let listed = listings.get(above).is_some_and(|entries| entries.contains(own));
            let root = roots.iter().any(|path| *path == folder || path.ends_with(&format!("/{folder}")));
            if !listed && !root {
                let message = "no kustomization.yaml lists this folder, and no Kustomization has its path";
                findings.push(Finding::new(Code::Orphan, *file, message));
            }
        } else if !listings.get(folder).is_some_and(|entries| entries.contains(name)) {
            let message = "the folder's kustomization.yaml does not list this file";
            findings.push(Finding::new(Code::Orphan, *file, message));
        }
    }
    for (folder, entries) in &listings {
        for entry in entries {
            let (file, inner) = (format!("{folder}/{entry}"), format!("{folder}/{entry}/kustomization.yaml"));
            if !files.contains(file.as_str()) && !files.contains(inner.as_str()) {
                let message = format!("lists {entry}, which is not there");
                findings.push(Finding::new(
                    Code::MissingFile,
                    format!("{folder}/kustomization.yaml"),
                    message,
                ));
            }
        }
    }
}

fn entries(listing: &Object) -> BTreeSet<&str> {
    listing.value["resources"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
