//! What we set at an upstream chart is known to it, stands where it looks, and is off where it must be.

use serde_yaml_ng::Value;

use crate::{
    book::{self, Chart, at, leaves, string},
    render,
};

fn keys(dependency: &str) -> Vec<String> {
    let path = book::charts().join("upstream-keys").join(format!("{dependency}.yaml"));
    let recorded = book::yaml(&path);
    let list = recorded["keys"].as_sequence().unwrap_or_else(|| panic!("{}: no keys", path.display()));
    list.iter().map(|key| key.as_str().expect("a path").to_owned()).collect()
}

fn known(path: &str, keys: &[String]) -> bool {
    keys.iter().any(|key| match key.strip_suffix(".*") {
        Some(free) => path == free || path.starts_with(&format!("{free}.")),
        // An empty map is nothing set.
        None => path == key,
    })
}

fn each_overlay(mut look: impl FnMut(&Chart, &str, &str, &Value)) {
    for chart in book::all() {
        for dependency in chart.dependencies() {
            if dependency.repository.starts_with("file://") {
                continue;
            }
            for file in chart.values_files() {
                let values = book::yaml(&file);
                if let Some(overlay) = values.get(&dependency.name) {
                    look(&chart, &dependency.name, &file.display().to_string(), overlay);
                }
            }
        }
    }
}

#[test]
fn each_key_of_an_overlay_is_known_to_the_upstream_chart() {
    let mut looked = 0;
    each_overlay(|_, dependency, file, overlay| {
        let keys = keys(dependency);
        let mut paths = Vec::new();
        leaves(overlay, "", &mut paths);
        for path in paths.iter().filter(|path| !path.is_empty()) {
            // null takes a whole part away.
            let taken = at(overlay, path) == Some(&Value::Null)
                && keys.iter().any(|key| key.starts_with(&format!("{path}.")));
            assert!(
                taken || known(path, &keys),
                "{file}: {dependency} has no value {path} (charts/upstream-keys)"
            );
            looked += 1;
        }
    });
    assert!(looked > 100, "only {looked} keys were looked at");
}

#[test]
fn recorded_keys_say_where_they_were_read_and_for_which_version() {
    let lock = book::lock();
    for path in book::files_in(&book::charts().join("upstream-keys")) {
        let recorded = book::yaml(&path);
        let name = string(&recorded, "chart");
        assert_eq!(string(&recorded, "version"), string(&lock["charts"][name.as_str()], "version"), "{name}");
        assert!(!string(&recorded, "read").is_empty(), "{name}");
        for source in recorded["sources"].as_sequence().expect("sources") {
            let commit = string(source, "commit");
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{name}: {commit}");
        }
    }
}

#[test]
fn values_stand_under_the_name_of_the_dependency_or_are_our_own() {
    for chart in book::all().into_iter().filter(Chart::is_blueprint) {
        let schema = book::yaml(&chart.folder.join("values.schema.json"));
        assert_eq!(schema["additionalProperties"], Value::Bool(false), "{}", chart.name);
        for file in chart.values_files() {
            for key in book::yaml(&file).as_mapping().expect("a map").keys() {
                let key = key.as_str().expect("a name");
                assert!(schema["properties"].get(key).is_some(), "{}: {key}", file.display());
            }
        }
    }
}

#[test]
fn an_unknown_value_at_the_root_is_refused_by_helm() {
    for chart in book::all().into_iter().filter(Chart::is_blueprint) {
        let folder = render::prepared(&chart);
        let file = render::scratch("refused").join(format!("{}.yaml", chart.name));
        std::fs::write(&file, "ingress:\n  hosts: [a.example]\n").expect("written");
        let mut files = render::variants(&chart)[0].1.clone();
        files.push(file);
        let error = render::template(&chart, &folder, &files).expect_err("refused");
        assert!(error.contains("ingress"), "{}: {error}", chart.name);
    }
}

#[test]
fn ciliums_values_have_one_source() {
    let folder = book::charts().join("bp-cilium");
    let shared = book::yaml(&folder.join("cilium-values.yaml"));
    assert_eq!(book::yaml(&folder.join("values.yaml"))["cilium"], shared);
    assert_eq!(shared["l7Proxy"], Value::Bool(true), "Envoy needs the kinds that come with it");
    assert_eq!(at(&shared, "hubble.metrics.enabled"), Some(&Value::Null), "neither [] nor false");
    assert_eq!(at(&shared, "gatewayAPI.hostNetwork.enabled"), Some(&Value::Bool(true)));
}

/// Whatever makes a monitor, an exporter, a dashboard or a probe of one.
const OBSERVABILITY: [&str; 12] = [
    "serviceMonitor.enabled",
    "servicemonitor.enabled",
    "podMonitor.enabled",
    "podMonitor.create",
    "podMonitorEnabled",
    "prometheus.enabled",
    "prometheusRule.enabled",
    "promExporter.enabled",
    "grafanaDashboard.create",
    "dashboards.enabled",
    "dashboards.create",
    "metrics.enabled",
];

#[test]
fn observability_is_off_until_it_is_asked_for() {
    let switches = |file: &str| {
        let mut found = Vec::new();
        each_overlay(|chart, _, path, overlay| {
            let mut paths = Vec::new();
            leaves(overlay, "", &mut paths);
            for leaf in paths {
                if path.ends_with(file) && OBSERVABILITY.iter().any(|switch| leaf.ends_with(switch)) {
                    let on = !matches!(at(overlay, &leaf), Some(Value::Bool(false) | Value::Null));
                    found.push((chart.name.clone(), leaf, on));
                }
            }
        });
        found
    };
    for file in ["/values.yaml", "/values-ha.yaml", "/values-solo.yaml"] {
        for (chart, switch, on) in switches(file) {
            assert!(!on, "{chart}: {switch} in {file}");
        }
    }
    let asked = switches("/tests/observability.yaml");
    assert!(asked.len() > 8 && asked.iter().all(|(_, _, on)| *on), "{asked:?}");
}

#[test]
fn the_topologies_have_the_right_number_of_copies() {
    let merged = |chart: &str, file: &str, path: &str| {
        let folder = book::charts().join(chart);
        let over = folder.join(file).exists().then(|| book::yaml(&folder.join(file)));
        let found = over.as_ref().and_then(|values| at(values, path).cloned());
        found.or_else(|| at(&book::yaml(&folder.join("values.yaml")), path).cloned())
    };
    let solo = |chart: &str, path: &str| merged(chart, "values-solo.yaml", path);
    let ha = |chart: &str, path: &str| merged(chart, "values-ha.yaml", path);
    for (chart, path, one, many) in [
        ("bp-openbao", "openbao.server.ha.replicas", 1, 3),
        ("bp-cilium", "cilium.operator.replicas", 1, 2),
        ("bp-kyverno", "kyverno.admissionController.replicas", 1, 3),
        ("bp-keycloak", "keycloakx.replicas", 1, 2),
        ("bp-keycloak", "database.instances", 1, 3),
        ("bp-gitea", "database.instances", 1, 3),
    ] {
        assert_eq!(solo(chart, path), Some(Value::from(one)), "{chart}: {path} on one node");
        assert_eq!(ha(chart, path), Some(Value::from(many)), "{chart}: {path} on three");
    }
    let nats = "nats.config.cluster.enabled";
    assert_eq!(solo("bp-nats-jetstream", nats), Some(Value::Bool(false)));
    assert_eq!(ha("bp-nats-jetstream", nats), Some(Value::Bool(true)));
    assert_eq!(ha("bp-nats-jetstream", "nats.config.cluster.replicas"), Some(Value::from(3)));
}

#[test]
fn spire_makes_no_identity_in_the_release_that_brings_their_kind() {
    let values = book::yaml(&book::charts().join("bp-spire/values.yaml"));
    let ids = at(&values, "spire.spire-server.controllerManager.identities.clusterSPIFFEIDs").expect("set");
    for name in ["default", "oidc-discovery-provider", "test-keys"] {
        assert_eq!(ids[name]["enabled"], Value::Bool(false), "{name}");
    }
}

#[test]
fn databases_of_upstream_charts_are_not_used() {
    let gitea = book::yaml(&book::charts().join("bp-gitea/values.yaml"));
    for name in ["postgresql", "postgresql-ha", "redis", "redis-cluster"] {
        assert_eq!(gitea["gitea"][name]["enabled"], Value::Bool(false), "{name}");
    }
}

#[test]
fn the_product_installs_nothing_else() {
    let product = book::all().into_iter().find(|chart| chart.name == "bp-catalyst-platform").expect("there");
    let names: Vec<_> = product.dependencies().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["catalyst"]);
}
