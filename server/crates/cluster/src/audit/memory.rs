//! Memory: what the tree asks for, against what its servers have.
//!
//! `memory.yaml` says for each release what it takes in MiB: `once`, on each `node`, for each
//! `replica` that the topology asks for.

use serde_json::Value;

use crate::{Code, Finding, ServerType, layout::MEMORY, tree::Tree};

pub(super) fn check(tree: &Tree, server: ServerType) -> Vec<Finding> {
    let mut findings = Vec::new();
    let empty = serde_json::Map::new();
    let releases = tree.memory["releases"].as_object().unwrap_or(&empty);
    let (servers, replicas) = (u64::from(tree.topology.replicas()), u64::from(tree.topology.replicas()));

    let mut needed = amount(&tree.memory, "node") * servers;
    for release in tree.releases() {
        match releases.get(release.name()) {
            None => {
                let message = format!("{MEMORY} does not say how much {} takes", release.name());
                findings.push(Finding::new(Code::Memory, &release.file, message));
            }
            Some(entry) => {
                needed += amount(entry, "once");
                needed += amount(entry, "node") * servers;
                needed += amount(entry, "replica") * replicas;
            }
        }
    }
    for name in releases.keys().filter(|name| tree.releases().all(|release| release.name() != **name)) {
        let message = format!("speaks of {name}, which is not in the tree");
        findings.push(Finding::new(Code::Memory, MEMORY, message));
    }
    let there = server.memory_mib() * servers;
    if needed > there {
        let message =
            format!("the tree asks for {needed} MiB; {servers} × {} have {there} MiB", server.name());
        findings.push(Finding::new(Code::Memory, MEMORY, message));
    }
    findings
}

fn amount(entry: &Value, key: &str) -> u64 {
    entry[key].as_u64().unwrap_or(0)
}
