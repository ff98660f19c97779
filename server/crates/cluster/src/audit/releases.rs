//! Releases: signed charts in exact versions from one registry, and readiness that means something.

use crate::{
    Code, Finding,
    tree::{Object, Tree},
};

const REASON: &str = "/metadata/annotations/catalyst.openova.io~1no-wait-reason";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let charts: Vec<&Object> = tree.objects().filter(|object| object.kind() == "HelmChart").collect();
    for release in tree.releases() {
        // Then Ready means "applied", and whoever waits for it waits for nothing.
        let silent = ["/spec/install/disableWait", "/spec/upgrade/disableWait"]
            .iter()
            .any(|path| release.value.pointer(path).and_then(|value| value.as_bool()) == Some(true));
        if silent && release.text(REASON).is_none_or(str::is_empty) {
            let message = format!("{} does not wait for its objects, and gives no reason", release.name());
            findings.push(Finding::new(Code::WaitReason, &release.file, message));
        }
        if release.text("/spec/chartRef/kind") != Some("HelmChart") {
            let message = format!("{} has no HelmChart, which says who may have signed", release.name());
            findings.push(Finding::new(Code::Source, &release.file, message));
        }
    }
    for chart in &charts {
        let version = chart.text("/spec/version").unwrap_or_default();
        if !version.contains("${") && !exact(version) {
            let message = format!("{version:?} is not one version: major.minor.patch");
            findings.push(Finding::new(Code::Source, &chart.file, message));
        }
        if chart.text("/spec/verify/matchOIDCIdentity/0/subject").is_none() {
            let message = format!("nobody checks who signed {}", chart.name());
            findings.push(Finding::new(Code::Source, &chart.file, message));
        }
    }
    for repository in tree.objects().filter(|object| object.kind() == "HelmRepository") {
        let url = repository.text("/spec/url").unwrap_or_default();
        // Flux appends the chart's name: with it here the last segment would stand twice.
        let named = charts
            .iter()
            .filter_map(|chart| chart.text("/spec/chart"))
            .any(|chart| url.trim_end_matches('/').ends_with(&format!("/{chart}")));
        if named || !url.starts_with("oci://") {
            let message = format!("{url} is not the folder of a registry that holds the charts (oci://…)");
            findings.push(Finding::new(Code::Source, &repository.file, message));
        }
    }
    findings
}

fn exact(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && part.chars().all(|each| each.is_ascii_digit()))
}
