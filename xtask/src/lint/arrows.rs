//! Who may depend on whom: frontend → app → features → ui → domain, and the server from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::metadata;
use crate::commands::{capture, cargo, root};

const ALLOWED: [(&str, &[&str]); 16] = [
    ("frontend", &["app"]),
    ("app", &["accounts", "commerce", "organizations", "sovereign", "ui", "domain"]),
    ("accounts", &["ui", "domain"]),
    ("commerce", &["ui", "domain"]),
    ("organizations", &["ui", "domain"]),
    ("sovereign", &["ui", "domain"]),
    ("ui", &["domain"]),
    ("domain", &[]),
    ("catalyst", &["adapters", "app", "cluster", "domain", "local-postgres", "ui"]),
    ("bench", &["local-postgres"]),
    ("adapters", &["domain"]),
    ("cluster", &[]),
    ("infra-checks", &["cluster"]),
    ("hcloud-rig", &["infra-checks"]),
    ("local-postgres", &[]),
    ("xtask", &["local-postgres"]),
];
/// What `domain` is made of where it has no database.
const DOMAIN_TYPES: [&str; 4] = ["serde", "thiserror", "time", "uuid"];
/// Who may turn on `domain/db` for good; all others do it through their own feature `ssr`.
const HOLD_THE_DATABASE: [&str; 2] = ["adapters", "catalyst"];
const WASM_CRATES: &str = ".ci/domain-wasm-crates.txt";

pub(super) fn check() -> Result<Vec<String>> {
    faults(&metadata()?)
}

fn faults(metadata: &Value) -> Result<Vec<String>> {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(may) = allowed.get(name) else {
            faults.push(format!("{name}: a new package; say in xtask/src/lint/arrows.rs what it may use"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let testing = dependency["kind"].as_str() == Some("dev");
            if names.contains(to) && !may.contains(&to) {
                faults.push(format!("{name} → {to} points the wrong way"));
            }
            let features = dependency["features"].as_array().into_iter().flatten();
            let opens_database = features.filter_map(Value::as_str).any(|f| matches!(f, "db" | "testing"));
            if to == "domain" && opens_database && !testing && !HOLD_THE_DATABASE.contains(&name) {
                faults.push(format!("{name} turns on domain/db outside its feature `ssr`"));
            }
            let always = dependency["optional"].as_bool() == Some(false) && !testing;
            if name == "domain" && always && !DOMAIN_TYPES.contains(&to) {
                faults.push(format!("domain → {to} must be optional, behind the feature `db`"));
            }
        }
    }
    Ok(faults)
}

pub(super) fn check_wasm_crates() -> Result<Vec<String>> {
    let list = fs::read_to_string(root().join(WASM_CRATES))
        .with_context(|| format!("{WASM_CRATES} could not be read"))?;
    let known: BTreeSet<&str> =
        list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let tree = capture(cargo().args([
        "tree",
        "-p=domain",
        "--target=wasm32-unknown-unknown",
        "--edges=normal",
        "--prefix=none",
        "--format={lib}",
    ]))?;
    let found = tree.lines().map(|line| line.trim_end_matches(" (*)").trim()).filter(|name| !name.is_empty());
    let new: BTreeSet<&str> = found.filter(|name| !known.contains(name)).collect();
    Ok(new
        .iter()
        .map(|name| format!("domain needs the crate {name} in a browser; {WASM_CRATES} has it not"))
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::faults;

    #[test]
    fn an_arrow_upwards_and_a_database_in_the_browser_are_faults() {
        let dependency = |name: &str, features: &[&str]| json!({"name": name, "kind": null, "optional": false, "features": features});
        let metadata = json!({"packages": [
            {"name": "ui", "dependencies": [dependency("domain", &["db"]), dependency("commerce", &[])]},
            {"name": "domain", "dependencies": [dependency("serde", &[]), dependency("sqlx", &[])]},
            {"name": "commerce", "dependencies": [dependency("domain", &[])]},
        ]});
        assert_eq!(
            faults(&metadata).expect("packages"),
            [
                "ui turns on domain/db outside its feature `ssr`",
                "ui → commerce points the wrong way",
                "domain → sqlx must be optional, behind the feature `db`",
            ]
        );
    }
}
