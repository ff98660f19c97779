//! Chart.yaml, blueprint.yaml, values and the version lock say the same.

use std::collections::BTreeSet;

use serde_yaml_ng::Value;

use crate::book::{self, at, string};

#[test]
fn versions_agree_between_chart_blueprint_values_and_lock() {
    let lock = book::lock();
    for chart in book::all().into_iter().filter(book::Chart::is_blueprint) {
        let name = &chart.name;
        let version = string(&chart.meta, "version");
        let blueprint = book::yaml(&chart.folder.join("blueprint.yaml"));
        assert_eq!(string(&chart.meta, "name"), *name);
        assert_eq!(string(&blueprint, "metadata.name"), *name);
        assert_eq!(string(&blueprint, "kind"), "Blueprint");
        assert_eq!(string(&blueprint, "apiVersion"), "catalyst.openova.io/v1alpha1");
        assert_eq!(string(&blueprint, "spec.version"), version, "{name}: blueprint.yaml");
        let locked = lock["blueprints"].get(name.as_str()).unwrap_or_else(|| panic!("{name} is not locked"));
        assert_eq!(string(locked, "version"), version, "{name}: infra/versions.yaml");
        for dependency in chart.dependencies() {
            let upstream = at(&chart.values, "catalystBlueprint.upstream").expect("upstream");
            assert_eq!(string(upstream, "chart"), dependency.name, "{name}");
            assert_eq!(string(upstream, "version"), dependency.version, "{name}");
            assert_eq!(string(upstream, "repo"), dependency.repository, "{name}");
            if dependency.repository.starts_with("file://") {
                let own = book::yaml(&chart.folder.join(&dependency.repository[7..]).join("Chart.yaml"));
                assert_eq!(string(&own, "version"), dependency.version, "{name}");
                continue;
            }
            let locked = &lock["charts"][dependency.name.as_str()];
            assert_eq!(string(locked, "version"), dependency.version, "{name}: infra/versions.yaml");
            assert_eq!(string(locked, "repository"), dependency.repository, "{name}: infra/versions.yaml");
        }
    }
}

#[test]
fn the_lock_names_no_chart_that_is_not_there() {
    let lock = book::lock();
    let charts = book::all();
    let ours: BTreeSet<_> = charts.iter().map(|chart| chart.name.clone()).collect();
    for name in lock["blueprints"].as_mapping().expect("a map").keys() {
        assert!(ours.contains(name.as_str().expect("a name")), "{name:?} is locked and does not exist");
    }
    let used: BTreeSet<_> = charts.iter().flat_map(book::Chart::dependencies).map(|one| one.name).collect();
    for name in lock["charts"].as_mapping().expect("a map").keys() {
        assert!(used.contains(name.as_str().expect("a name")), "{name:?} is locked and not used");
    }
}

#[test]
fn flux_is_the_one_that_the_first_node_installs() {
    let lock = book::lock();
    let first = string(&lock, "manifests.flux.version");
    assert_eq!(first.trim_start_matches('v'), string(&lock, "charts.flux2.appVersion"));
    let chart = book::yaml(&book::charts().join("bp-flux/Chart.yaml"));
    assert_eq!(string(&chart, "appVersion"), first.trim_start_matches('v'));
}

#[test]
fn dependencies_are_pinned_exactly() {
    for chart in book::all() {
        for dependency in chart.dependencies() {
            let digits = dependency.version.trim_start_matches('v');
            let exact =
                digits.split('.').count() == 3 && digits.split('.').all(|part| part.parse::<u32>().is_ok());
            assert!(exact, "{}: {dependency:?} is not one version", chart.name);
            assert!(chart.meta["dependencies"][0].get("condition").is_none(), "{}: conditional", chart.name);
        }
    }
}

#[test]
fn a_chart_without_an_upstream_says_so_and_no_other() {
    for chart in book::all() {
        let says = chart.meta.get("annotations").and_then(|all| all.get("catalyst.openova.io/no-upstream"));
        assert_eq!(says.is_some(), chart.dependencies().is_empty(), "{}", chart.name);
        assert!(says.is_none_or(|value| value.as_str() == Some("true")), "{}", chart.name);
        let fillers = ["common", "library"];
        assert!(
            chart.dependencies().iter().all(|one| !fillers.contains(&one.name.as_str())),
            "{}",
            chart.name
        );
    }
}

#[test]
fn descriptions_hold_nothing_that_a_registry_stumbles_over() {
    for chart in book::all() {
        let mut texts = vec![string(&chart.meta, "description")];
        if chart.is_blueprint() {
            let blueprint = book::yaml(&chart.folder.join("blueprint.yaml"));
            texts.push(string(&blueprint, "spec.card.summary"));
            texts.push(string(&blueprint, "spec.card.title"));
        }
        for text in texts {
            let safe = |c: char| c.is_ascii_alphanumeric() || " -.,()".contains(c);
            assert!(text.chars().all(safe), "{}: {text:?}", chart.name);
        }
    }
}

#[test]
fn every_blueprint_is_whole() {
    for chart in book::all().into_iter().filter(book::Chart::is_blueprint) {
        for file in ["values.schema.json", "blueprint.yaml", "README.md", "values.yaml"] {
            assert!(chart.folder.join(file).exists(), "{} has no {file}", chart.name);
        }
        let blueprint = book::yaml(&chart.folder.join("blueprint.yaml"));
        for path in [
            "spec.card.title",
            "spec.card.category",
            "spec.card.license",
            "spec.visibility",
            "spec.owner",
            "spec.configSchema.type",
            "spec.placementSchema.modes",
            "spec.depends",
            "spec.manifests.source.kind",
        ] {
            assert!(at(&blueprint, path).is_some(), "{}: blueprint.yaml has no {path}", chart.name);
        }
    }
}

#[test]
fn what_a_blueprint_depends_on_exists_and_leads_to_no_circle() {
    let charts = book::all();
    let depends = |name: &str| -> Vec<String> {
        let blueprint = book::yaml(&book::charts().join(name).join("blueprint.yaml"));
        let list = at(&blueprint, "spec.depends").and_then(Value::as_sequence).cloned().unwrap_or_default();
        list.iter().map(|one| one.as_str().expect("a name").to_owned()).collect()
    };
    fn walk(name: &str, depends: &dyn Fn(&str) -> Vec<String>, path: &mut Vec<String>) {
        assert!(!path.iter().any(|one| one == name), "a circle: {path:?} → {name}");
        path.push(name.to_owned());
        for next in depends(name) {
            assert!(book::charts().join(&next).join("Chart.yaml").exists(), "{name} depends on {next}");
            walk(&next, depends, path);
        }
        path.pop();
    }
    for chart in charts.iter().filter(|chart| chart.is_blueprint()) {
        walk(&chart.name, &depends, &mut Vec::new());
    }
}
