//! Namespaces: declared once, before they are used, never the cluster's own, never pruned.

use std::collections::BTreeMap;

use crate::{
    Code, Finding,
    tree::{Object, Tree},
};

/// Every cluster has these.
const BUILT_IN: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// cloud-init makes this one, because Flux runs there before it reads the tree.
const FLUX: &str = "flux-system";
const PRUNE: &str = "/metadata/annotations/kustomize.toolkit.fluxcd.io~1prune";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut declared: BTreeMap<&str, &Object> = BTreeMap::new();
    for namespace in tree.objects().filter(|object| object.kind() == "Namespace") {
        let name = namespace.name();
        if BUILT_IN.contains(&name) || name == FLUX {
            let message = format!("{name} is there before the tree is applied");
            findings.push(Finding::new(Code::NamespaceBuiltIn, &namespace.file, message));
        }
        if let Some(first) = declared.get(name) {
            let message = format!("{name} is declared in {} already", first.file);
            findings.push(Finding::new(Code::NamespaceTwice, &namespace.file, message));
        } else {
            declared.insert(name, namespace);
        }
        if namespace.text(PRUNE) != Some("disabled") {
            let message = format!("{name} and all in it would be deleted together with this file");
            findings.push(Finding::new(Code::NamespacePrune, &namespace.file, message));
        }
    }
    for object in tree.objects() {
        let target = object.text("/spec/targetNamespace");
        for used in [Some(object.namespace()), target].into_iter().flatten().filter(|name| !name.is_empty()) {
            let there = BUILT_IN.contains(&used) || used == FLUX;
            if !there && declared.get(used).is_none_or(|namespace| namespace.tier() > object.tier()) {
                let message = format!("{used} is declared neither in this tier nor in an earlier one");
                findings.push(Finding::new(Code::NamespaceUndeclared, &object.file, message));
            }
        }
    }
    findings
}
