//! The version lock is the only place where a version, a digest or a checksum of what a Sovereign is made
//! of is decided. Helm wants some of them repeated inside a chart: there they must be the lock's.
//! Everywhere else none may stand at all. What builds and tests is not part of a Sovereign: tools from npm
//! and PyPI are pinned by `scripts/lib/pins.sh`, libraries by Cargo.lock and package-lock.json.
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

/// Every digest and checksum of the lock.
fn sums() -> BTreeSet<String> {
    let all = leaves(&lock()).into_iter().filter(|(path, _)| is_checksum(path));
    all.filter_map(|(_, value)| value.as_str().map(|sum| sum.trim_start_matches("sha256:").to_owned()))
        .collect()
}

/// The words of a line that look like a SHA-256.
fn digests(line: &str) -> Vec<&str> {
    line.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| {
            word.len() == 64 && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
        .collect()
}

/// Whether a line decides something: `version: 1.2.3`, `tag: v1`, `image: x/y:1.2.3`, `HELM_VERSION=3.1.0`.
fn states(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ");
    let key = line.split([':', '=']).next().unwrap_or_default().trim().to_ascii_lowercase();
    let key = key.rsplit(' ').next().unwrap_or_default().trim_matches('"');
    let decides = ["version", "tag", "image", "package", "digest", "sha256"]
        .iter()
        .any(|word| key == *word || key.ends_with(&format!("_{word}")) || key.ends_with(&format!("-{word}")))
        || key == "appversion";
    // `>= 1.8.0` is what is needed, not what is taken.
    decides
        && !line.starts_with(['#', '/'])
        && !line.contains(">=")
        && (!versions(line).is_empty() || !digests(line).is_empty())
}

/// The text files that are ours, with their paths from the root: neither documents nor the locks of
/// libraries.
fn sources() -> Vec<(String, String)> {
    let root = repository::root();
    let mut paths = vec![root.join("Makefile")];
    for folder in ["infra", "charts", ".github", "scripts", "end2end", "server", "xtask"] {
        paths.extend(repository::files(&root.join(folder)));
    }
    paths
        .into_iter()
        .filter_map(|path| {
            let name = path.strip_prefix(&root).ok()?.display().to_string();
            let libraries = ["Cargo.toml", "package.json", "package-lock.json"];
            let file = path.file_name()?.to_str()?;
            let text = (!libraries.contains(&file)).then(|| std::fs::read_to_string(&path).ok())??;
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
fn what_says_which_kubernetes_it_supports_supports_ours() {
    let minor = |version: &str| {
        let minor = version.trim().strip_prefix("1.").unwrap_or_else(|| panic!("{version}: not a minor"));
        minor.parse::<u32>().expect("a number")
    };
    let ours = minor(text(&lock(), "kubernetes", "the lock"));
    let mut stated = BTreeSet::new();
    for (name, chart) in entries("charts") {
        let Some(supports) = chart.get("supports") else { continue };
        let (first, last) = supports.as_str().and_then(|range| range.split_once('-')).expect("from - to");
        assert!((minor(first)..=minor(last)).contains(&ours), "{name}: {supports:?}, not 1.{ours}");
        stated.insert(name);
    }
    assert!(stated.contains("kyverno"), "{stated:?}");
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
fn no_other_file_states_a_version_or_a_digest() {
    // Two numbers alone ("17.5") are too common to be looked for in every text.
    let decided: Vec<String> = decided().into_iter().filter(|v| v.matches('.').count() > 1).collect();
    let common = ["1.0.0", "0.1.0"];
    let sums = sums();
    let mut read = BTreeSet::new();
    for (path, source) in sources() {
        let lock = path == "infra/versions.yaml";
        // Tests make versions and digests up; they may not make up the lock's.
        let made_up = path.ends_with(".rs") || path.contains("/tests/");
        read.insert(path.split('/').next().unwrap_or_default().to_owned());
        for line in source.lines() {
            let trimmed = line.trim();
            let copied = digests(line).into_iter().any(|sum| sums.contains(sum));
            assert!(lock || !copied, "{path} repeats a digest: {trimmed}");
            if may_repeat(&path, &source) {
                continue;
            }
            assert!(made_up || digests(line).is_empty(), "{path} states a digest: {trimmed}");
            assert!(made_up || path == PINS || !states(line), "{path}: {trimmed}");
            for version in versions(line) {
                let copied = decided.contains(&version) && !common.contains(&version.as_str());
                assert!(!copied, "{path} repeats {version}: {trimmed}");
            }
        }
    }
    assert!(read.len() == 8, "{read:?}");
    assert!(
        repository::files(&repository::root().join("infra")).iter().any(|path| path.ends_with(CONTAINER))
    );
}

const CONTAINER: &str = "infra/container/Containerfile";
const PINS: &str = "scripts/lib/pins.sh";

/// A package of npm or PyPI with a version behind it: `x@1.2.3`, `x@1`, `x==1.2.*`.
fn pins(line: &str) -> Vec<(&str, &str)> {
    line.split(|c: char| c.is_whitespace() || "\"'(),".contains(c))
        .filter_map(|word| word.split_once("==").or_else(|| word.rsplit_once('@')))
        .filter(|(name, version)| !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

#[test]
fn a_tool_that_builds_or_tests_is_pinned_exactly_and_in_one_place() {
    let exact = |version: &str| {
        let (numbers, _) = version.split_once('-').unwrap_or((version, ""));
        numbers.split('.').count() == 3 && numbers.split('.').all(|part| part.parse::<u32>().is_ok())
    };
    let text = repository::read(PINS);
    let mut seen = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let assigned =
            line.split_once('=').filter(|(_, value)| value.starts_with(|c: char| c.is_ascii_digit()));
        for (name, version) in pins(line).into_iter().chain(assigned) {
            assert!(exact(version), "{name}: {version}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
    for (path, source) in sources() {
        let runs = path.starts_with("scripts/") || path.starts_with("infra/container/") || path == "Makefile";
        if !runs || path == PINS {
            continue;
        }
        for line in source.lines() {
            assert_eq!(pins(line), [], "{path}: {}", line.trim());
        }
    }
}

#[test]
fn what_looks_like_a_version_is_recognised() {
    assert_eq!(versions("image: quay.io/x/y:v26.4.55"), ["26.4.55"]);
    assert_eq!(versions("version: \"v9.31.4+k3s1\""), ["9.31.4+k3s1"]);
    assert!(versions("apiVersion: helm.toolkit.fluxcd.io/v2").is_empty());
    assert!(versions("10-x a.b.c gateway.networking.k8s.io").is_empty());
    assert!(states("  - image: x/y:1.2.3") && states("tag: \"17.5\"") && states("HELM_VERSION=v3.1"));
    assert!(!states("version: ${BP_CILIUM_VERSION}") && !states("# version: 1"));
    let sum = "0a".repeat(32);
    assert_eq!(digests(&format!("x@sha256:{sum}")), [sum.as_str()]);
    assert!(states(&format!("digest: sha256:{sum}")) && digests(&sum[1..]).is_empty());
    assert_eq!(pins("npm install \"@a/b@1.2\" c==2.*"), [("@a/b", "1.2"), ("c", "2.*")]);
    assert!(pins("actions/checkout@$sha someone@example.org").is_empty());
}
