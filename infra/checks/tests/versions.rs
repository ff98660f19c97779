//! The version lock is the only place where a version is decided. Helm wants some of them repeated
//! inside a chart: there they must be the lock's. Everywhere else none may stand at all.
//!
//! That what a checksum belongs to has it can only be seen where it is downloaded: on a node, in
//! the image's build, and by whoever fills in the ones that are still unknown.

use std::collections::BTreeSet;
use std::path::Path;

use infra_checks::lock::{is_checksum, leaves, lock};
use infra_checks::repository;
use serde_yaml_ng::Value;

const SECTIONS: [&str; 8] =
    ["kubernetes", "binaries", "manifests", "providers", "charts", "images", "blueprints", "crossplane"];

fn yaml(path: &str) -> Value {
    serde_yaml_ng::from_str(&repository::read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn entries(section: &str) -> Vec<(String, Value)> {
    let lock = lock();
    let map = lock[section].as_mapping().unwrap_or_else(|| panic!("no section {section}"));
    map.iter().map(|(name, value)| (name.as_str().expect("a name").to_owned(), value.clone())).collect()
}

fn text<'a>(value: &'a Value, key: &str, of: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{of} has no {key}, or it is not in quotes"))
}

/// Every version, tag and appVersion of the lock, without a leading v.
fn decided() -> BTreeSet<String> {
    leaves(&lock())
        .into_iter()
        .filter(|(path, _)| {
            ["version", "tag", "appVersion"].iter().any(|key| path.ends_with(&format!("/{key}")))
        })
        .filter_map(|(_, value)| value.as_str().map(|text| text.trim_start_matches('v').to_owned()))
        .collect()
}

/// The words of a line that look like versions: digits, dots, perhaps a v before and more behind.
fn versions(line: &str) -> Vec<String> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || ".+_-".contains(c)))
        .map(|word| word.trim_start_matches('v').trim_end_matches('.'))
        .filter(|word| {
            let mut parts = word.split('.');
            let numeric =
                |part: Option<&str>| part.is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()));
            let first = parts.next();
            first.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
                && numeric(parts.next())
        })
        .map(str::to_owned)
        .collect()
}

/// Whether a line decides something: `version: 1.2.3`, `tag: v1`, `image: x/y:1.2.3`.
fn states(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ");
    ["version:", "appVersion:", "tag:", "image:", "package:"].iter().any(|key| line.starts_with(key))
        && !versions(line).is_empty()
}

/// The text files of a Sovereign, with their paths from the root.
fn sources() -> Vec<(String, String)> {
    let root = repository::root();
    let mut paths = Vec::new();
    for folder in ["infra", "charts", ".github"] {
        paths.extend(repository::files(&root.join(folder)));
    }
    paths.push(root.join("Containerfile"));
    paths
        .into_iter()
        .filter(|path| !path.starts_with(root.join("infra/checks")))
        .filter_map(|path| {
            let text = std::fs::read_to_string(&path).ok()?;
            let name = path.strip_prefix(&root).ok()?.display().to_string();
            Some((name, text))
        })
        .collect()
}

/// Files that repeat a version because somebody else's format asks for it, or that are written from
/// the lock. What they say is compared, not forbidden.
fn may_repeat(path: &str, text: &str) -> bool {
    let file = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let chart = path.starts_with("charts/")
        && (["Chart.yaml", "blueprint.yaml", "README.md"].contains(&file)
            || file.starts_with("values") && file.ends_with(".yaml")
            || path.starts_with("charts/upstream-keys/"));
    let generated =
        text.lines().take(5).any(|line| line.contains("enerated from") && line.contains("versions.yaml"));
    chart || generated || ["infra/versions.yaml", "infra/hetzner/versions.tf"].contains(&path)
}

#[test]
fn it_has_the_sections_that_its_readers_know() {
    let lock = lock();
    let found: BTreeSet<_> = lock.as_mapping().expect("a map").keys().filter_map(Value::as_str).collect();
    assert_eq!(found, SECTIONS.into_iter().collect());
}

#[test]
fn everything_has_a_version_and_none_of_them_floats() {
    for section in &SECTIONS[1..] {
        for (name, entry) in entries(section) {
            let key = if *section == "images" { "tag" } else { "version" };
            let version = text(&entry, key, &name);
            // 1.2.3, or a day (Debian's images), or whatever else with the digest of one image.
            let number = version.contains('.') && version.contains(|c: char| c.is_ascii_digit());
            let fixed = number || entry["digest"].is_string();
            assert!(fixed, "{section}/{name}: {version}");
            assert!(
                !["latest", "main", "*", "x", "^", "~", ">"]
                    .iter()
                    .any(|w| version.starts_with(w) || version.ends_with(w)),
                "{section}/{name}: {version}"
            );
        }
    }
}

#[test]
fn a_checksum_is_sixty_four_hexadecimal_digits_or_not_known_yet() {
    let mut known = 0;
    for (path, value) in leaves(&lock()).into_iter().filter(|(path, _)| is_checksum(path)) {
        let Some(sum) = value.as_str() else {
            assert!(value.is_null(), "{path}: {value:?}");
            continue;
        };
        let sum = sum.strip_prefix("sha256:").unwrap_or(sum);
        let digits = sum.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        assert!(sum.len() == 64 && digits, "{path}: {sum}");
        assert!(sum.bytes().collect::<BTreeSet<_>>().len() > 4, "{path} is made up: {sum}");
        known += 1;
    }
    assert!(known >= 9, "the programs of a node and Flux are known");
}

#[test]
fn every_program_and_manifest_comes_from_an_address_that_names_its_version() {
    for section in ["binaries", "manifests"] {
        for (name, entry) in entries(section) {
            let url = text(&entry, "url", &name);
            let version = text(&entry, "version", &name);
            let named = url.contains("{version}") || url.contains(version);
            assert!(url.starts_with("https://") && named, "{name}: {url}");
            if section == "binaries" && (url.contains("{arch}") || url.contains("{suffix}")) {
                let sums = entry["sha256"].as_mapping().expect("sha256");
                let both: BTreeSet<_> = sums.keys().filter_map(Value::as_str).collect();
                assert_eq!(both, ["amd64", "arm64"].into(), "{name}");
            }
        }
    }
}

#[test]
fn the_first_flux_is_the_one_that_its_blueprint_installs() {
    let lock = lock();
    let manifest = text(&lock["manifests"]["flux"], "version", "flux");
    let chart = text(&lock["charts"]["flux2"], "appVersion", "flux2");
    assert_eq!(manifest, format!("v{chart}"));
}

#[test]
fn k3s_is_a_release_of_the_kubernetes_that_manifests_are_checked_against() {
    let lock = lock();
    let version = text(&lock["binaries"]["k3s"], "version", "k3s");
    let minor = lock["kubernetes"].as_str().expect("kubernetes");
    let rest =
        version.strip_prefix(&format!("v{minor}.")).unwrap_or_else(|| panic!("{version} is not {minor}"));
    let (patch, build) = rest.split_once("+k3s").unwrap_or_else(|| panic!("{version}"));
    assert!(patch.parse::<u32>().is_ok() && build.parse::<u32>().is_ok(), "{version}");
}

#[test]
fn a_chart_depends_on_what_the_lock_says_and_has_the_version_that_it_says() {
    let lock = lock();
    let mut seen = BTreeSet::new();
    for (name, entry) in entries("blueprints") {
        let chart = yaml(&format!("charts/{name}/Chart.yaml"));
        let version = text(&entry, "version", &name);
        assert_eq!(chart["version"], version, "{name}");
        assert_eq!(yaml(&format!("charts/{name}/blueprint.yaml"))["spec"]["version"], version, "{name}");
        for dependency in chart["dependencies"].as_sequence().into_iter().flatten() {
            let of = text(dependency, "name", &name);
            if text(dependency, "repository", of).starts_with("file://") {
                continue;
            }
            assert_eq!(dependency["version"], lock["charts"][of]["version"], "{name}: {of}");
            assert_eq!(dependency["repository"], lock["charts"][of]["repository"], "{name}: {of}");
            seen.insert(of.to_owned());
        }
    }
    let locked: BTreeSet<String> = entries("charts").into_iter().map(|(name, _)| name).collect();
    assert_eq!(seen, locked, "charts that are locked, and charts that somebody depends on");
}

#[test]
fn a_repeated_version_is_the_one_of_the_lock() {
    let decided = decided();
    for (path, source) in sources() {
        if !may_repeat(&path, &source) || path == "infra/versions.yaml" || path.ends_with("README.md") {
            continue;
        }
        for line in source.lines().filter(|line| states(line)) {
            for version in versions(line) {
                assert!(decided.contains(&version), "{path} decides by itself: {}", line.trim());
            }
        }
    }
}

#[test]
fn no_other_file_states_a_version() {
    // Two numbers alone ("17.5") are too common to be looked for in every text.
    let decided: Vec<String> = decided().into_iter().filter(|v| v.matches('.').count() > 1).collect();
    let common = ["1.0.0", "0.1.0"];
    for (path, source) in sources() {
        if may_repeat(&path, &source) {
            continue;
        }
        for line in source.lines() {
            let trimmed = line.trim();
            assert!(!states(line), "{path}: {trimmed}");
            for version in versions(line) {
                let copied = decided.contains(&version) && !common.contains(&version.as_str());
                assert!(!copied, "{path} repeats {version}: {trimmed}");
            }
        }
    }
}

#[test]
fn what_looks_like_a_version_is_recognised() {
    assert_eq!(versions("image: quay.io/x/y:v26.4.5"), ["26.4.5"]);
    assert_eq!(versions("version: \"v1.31.4+k3s1\""), ["1.31.4+k3s1"]);
    assert!(versions("apiVersion: helm.toolkit.fluxcd.io/v2").is_empty());
    assert!(versions("10-x a.b.c gateway.networking.k8s.io").is_empty());
    assert!(states("  - image: x/y:1.2.3") && states("tag: \"17.5\""));
    assert!(!states("version: ${BP_CILIUM_VERSION}") && !states("# version: 1"));
}
