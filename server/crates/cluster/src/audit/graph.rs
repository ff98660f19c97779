//! Who waits for whom: as expected, without cycles, and for nobody who comes later.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    Code, Finding, TIERS,
    tree::{Object, Tree},
};

/// Where a finding about an absent object is reported.
const EXPECTED: &str = crate::layout::EXPECTED_GRAPH;

type Edges<'a> = BTreeMap<&'a str, (&'a Object, BTreeSet<&'a str>)>;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let releases = edges(tree.releases());
    let kustomizations = edges(tree.objects().filter(|object| object.is_kustomization()));
    for (edges, section, word) in
        [(&releases, "releases", "release"), (&kustomizations, "kustomizations", "Kustomization")]
    {
        compare(edges, &tree.expected_graph[section], word, &mut findings);
        dangling(edges, &mut findings);
        cycles(edges, &mut findings);
    }
    providers(tree, &kustomizations, &mut findings);
    findings
}

fn edges<'a>(objects: impl Iterator<Item = &'a Object>) -> Edges<'a> {
    objects
        .map(|object| {
            let list = object.value.pointer("/spec/dependsOn").and_then(Value::as_array);
            let names = list.into_iter().flatten().filter_map(|entry| entry["name"].as_str()).collect();
            (object.name(), (object, names))
        })
        .collect()
}

fn compare(edges: &Edges, expected: &Value, word: &str, findings: &mut Vec<Finding>) {
    let empty = serde_json::Map::new();
    let expected = expected.as_object().unwrap_or(&empty);
    for (name, (object, actual)) in edges {
        let Some(wanted) = expected.get(*name) else {
            let message = format!("the {word} {name} is not in {EXPECTED}");
            findings.push(Finding::new(Code::Unknown, &object.file, message));
            continue;
        };
        let wanted: BTreeSet<&str> =
            wanted.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for missing in wanted.difference(actual) {
            let message = format!("{name} should wait for {missing}");
            findings.push(Finding::new(Code::MissingEdge, &object.file, message));
        }
        for extra in actual.difference(&wanted) {
            let message = format!("{name} waits for {extra}, which {EXPECTED} does not say");
            findings.push(Finding::new(Code::ExtraEdge, &object.file, message));
        }
    }
    for name in expected.keys().filter(|name| !edges.contains_key(name.as_str())) {
        let message = format!("the {word} {name} is not in the tree");
        findings.push(Finding::new(Code::Absent, EXPECTED, message));
    }
}

fn dangling(edges: &Edges, findings: &mut Vec<Finding>) {
    for (name, (object, needs)) in edges {
        for need in needs {
            match edges.get(need) {
                None => {
                    let message = format!("{name} waits for {need}, which is not in the tree: for ever");
                    findings.push(Finding::new(Code::Dangling, &object.file, message));
                }
                Some((other, _)) if other.tier() > object.tier() => {
                    let tier = TIERS.get(other.tier()).unwrap_or(&"?");
                    let message =
                        format!("{name} waits for {need} of the later tier {tier}, which waits for this one");
                    findings.push(Finding::new(Code::TierOrder, &object.file, message));
                }
                Some(_) => {}
            }
        }
    }
}

/// Each cycle once, reported at its first name.
fn cycles(edges: &Edges, findings: &mut Vec<Finding>) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in edges.keys() {
        walk(start, edges, &mut Vec::new(), &mut done, findings);
    }
}

fn walk<'a>(
    name: &'a str,
    edges: &'a Edges,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    findings: &mut Vec<Finding>,
) {
    if let Some(at) = path.iter().position(|each| *each == name) {
        // From its first name in the alphabet, wherever the walk came in.
        let mut cycle = path[at..].to_vec();
        let first = cycle.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(at, _)| at);
        cycle.rotate_left(first);
        let name = cycle[0];
        cycle.push(name);
        let cycle = cycle.join(" → ");
        let file = edges.get(name).map_or(EXPECTED, |(object, _)| object.file.as_str());
        findings.push(Finding::new(Code::Cycle, file, format!("wait for one another: {cycle}")));
        return;
    }
    if done.contains(name) {
        return;
    }
    path.push(name);
    for need in edges.get(name).into_iter().flat_map(|(_, needs)| needs) {
        walk(need, edges, path, done, findings);
    }
    path.pop();
    done.insert(name);
}

/// A ProviderConfig's kind exists only after its Provider's package was fetched: what applies the
/// one has to wait for what applies the other, and that for the kind. `wait` is not enough: a Provider
/// has no condition Ready, so Flux takes it for ready as soon as it is written.
fn providers(tree: &Tree, kustomizations: &Edges, findings: &mut Vec<Finding>) {
    let applied_by = |object: &Object| {
        let end = format!("/{}", object.folder());
        kustomizations
            .values()
            .find(|(applier, _)| applier.text("/spec/path").is_some_and(|path| path.ends_with(&end)))
    };
    let providers: Vec<Option<&Object>> = tree
        .objects()
        .filter(|object| object.kind() == "Provider")
        .map(|provider| applied_by(provider).map(|(applier, _)| *applier))
        .collect();
    for config in tree.objects().filter(|object| object.kind() == "ProviderConfig") {
        let needs = applied_by(config).map(|(_, needs)| needs);
        let waits = |applier: &&Object| needs.is_some_and(|needs| needs.contains(applier.name()));
        let before: Option<Vec<&Object>> = providers.iter().map(|applier| applier.filter(waits)).collect();
        let Some(before) = before.filter(|appliers| !appliers.is_empty()) else {
            let message = "is applied without waiting for the Provider that brings its kind";
            findings.push(Finding::new(Code::ProviderOrder, &config.file, message));
            continue;
        };
        let definition = format!("providerconfigs.{}", config.group());
        if !before.iter().any(|applier| watches(applier, &definition)) {
            let message =
                format!("is ready before there is the definition {definition}: a health check waits");
            findings.push(Finding::new(Code::ProviderOrder, &before[0].file, message));
        }
    }
}

fn watches(kustomization: &Object, definition: &str) -> bool {
    let checks = kustomization.value.pointer("/spec/healthChecks").and_then(Value::as_array);
    checks
        .into_iter()
        .flatten()
        .any(|check| check["kind"] == "CustomResourceDefinition" && check["name"] == definition)
}
