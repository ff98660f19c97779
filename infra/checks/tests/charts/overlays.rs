//! What we set at an upstream chart is known to it, stands where it looks, and is off where it must be.

use std::collections::BTreeSet;

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
        // What was really read, and why that is not what is locked.
        let same = string(&recorded, "readVersion") == string(&recorded, "version");
        let reason = recorded.get("notLocked").and_then(Value::as_str);
        assert_eq!(same, reason.is_none(), "{name}: readVersion and notLocked");
        assert!(reason.is_none_or(|reason| reason.len() > 20), "{name}: {reason:?}");
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

/// Off, nothing here would fail: upstream charts are not rendered.
#[test]
fn what_others_stand_on_is_on() {
    for (chart, path) in [
        ("bp-cert-manager", "cert-manager.crds.enabled"),
        ("bp-cert-manager", "cert-manager.crds.keep"),
        ("bp-cert-manager", "cert-manager.config.enableGatewayAPI"),
        ("bp-cilium", "cilium.encryption.enabled"),
        ("bp-cnpg", "cloudnative-pg.crds.create"),
        ("bp-external-secrets", "external-secrets.installCRDs"),
        ("bp-flux", "flux2.installCRDs"),
        ("bp-gitea", "gitea.gitea.config.service.DISABLE_REGISTRATION"),
        ("bp-kyverno", "kyverno.crds.install"),
        ("bp-openbao", "openbao.server.ha.raft.enabled"),
    ] {
        let values = book::yaml(&book::charts().join(chart).join("values.yaml"));
        assert_eq!(at(&values, path), Some(&Value::Bool(true)), "{chart}: {path}");
    }
    let gitea = book::yaml(&book::charts().join("bp-gitea/values.yaml"));
    assert_eq!(string(&gitea, "gitea.strategy.type"), "Recreate", "its volume is one node's");
    let keycloak = book::yaml(&book::charts().join("bp-keycloak/values.yaml"));
    assert_eq!(keycloak["keycloakx"]["command"][1], "start", "not start-dev");
}

/// Helm waits for a StatefulSet only if its strategy is RollingUpdate, and who needs OpenBao waits for its release.
#[test]
fn openbaos_servers_are_waited_for_and_take_an_upgrade() {
    each_overlay(|_, dependency, file, overlay| {
        if dependency == "openbao" {
            let strategy = at(overlay, "server.updateStrategyType").and_then(Value::as_str);
            let ours = file.ends_with("/values.yaml");
            assert_eq!(strategy, ours.then_some("RollingUpdate"), "{file}");
        }
    });
}

/// Whatever makes a monitor, an exporter, a dashboard or a probe of one.
const OBSERVABILITY: [&str; 17] = [
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
    "metrics.service.enabled",
    "podmonitor.enabled",
    "prometheusOperator",
    "grafanaDashboard.enabled",
    "datadog.enabled",
];

/// false, or taken away with a part above it.
fn off(values: &Value, path: &str) -> bool {
    let mut value = values;
    for step in path.split('.') {
        match value.get(step) {
            Some(Value::Null) => return true,
            Some(inner) => value = inner,
            None => return false,
        }
    }
    *value == Value::Bool(false)
}

/// By us, or by an upstream's default that was read; one that is on is seen here.
#[test]
fn each_switch_of_observability_that_upstream_has_is_set_off() {
    let mut looked = 0;
    for chart in book::all() {
        for dependency in chart.dependencies().iter().filter(|one| !one.repository.starts_with("file://")) {
            let overlay = &chart.values[dependency.name.as_str()];
            let recorded =
                book::yaml(&book::charts().join(format!("upstream-keys/{}.yaml", dependency.name)));
            let stated = recorded.get("off").and_then(Value::as_sequence).cloned().unwrap_or_default();
            for key in keys(&dependency.name) {
                if OBSERVABILITY.iter().any(|switch| key.ends_with(switch)) {
                    assert!(
                        stated.contains(&key.as_str().into()) || off(overlay, &key),
                        "{}: {} {key} is not set off",
                        chart.name,
                        dependency.name
                    );
                    looked += 1;
                }
            }
        }
    }
    assert!(looked > 20, "only {looked} switches");
}

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
        ("catalyst", "database.instances", 1, 3),
    ] {
        assert_eq!(solo(chart, path), Some(Value::from(one)), "{chart}: {path} on one node");
        assert_eq!(ha(chart, path), Some(Value::from(many)), "{chart}: {path} on three");
    }
    let budget = "openbao.server.ha.disruptionBudget.enabled";
    assert_eq!(ha("bp-openbao", budget), Some(Value::Bool(true)));
    assert_eq!(ha("bp-keycloak", "keycloakx.podDisruptionBudget.minAvailable"), Some(Value::from(1)));
    let nats = "nats.config.cluster.enabled";
    assert_eq!(solo("bp-nats-jetstream", nats), Some(Value::Bool(false)));
    assert_eq!(ha("bp-nats-jetstream", nats), Some(Value::Bool(true)));
    assert_eq!(ha("bp-nats-jetstream", "nats.config.cluster.replicas"), Some(Value::from(3)));
}

/// Copies that hold data or sessions, and the value that keeps two of them off one node.
const APART: [(&str, &str, &str); 3] = [
    ("bp-keycloak", "keycloakx.replicas", "keycloakx.affinity"),
    ("bp-nats-jetstream", "nats.config.cluster.replicas", "nats.podTemplate.topologySpreadConstraints"),
    ("bp-openbao", "openbao.server.ha.replicas", "openbao.server.affinity"),
];

/// Controllers and webhooks without a state: the scheduler's own default spreads them where it can.
const ANYWHERE: [(&str, &str); 13] = [
    ("bp-cert-manager", "cert-manager.replicaCount"),
    ("bp-cert-manager", "cert-manager.webhook.replicaCount"),
    ("bp-cert-manager", "cert-manager.cainjector.replicaCount"),
    ("bp-cilium", "cilium.operator.replicas"),
    ("bp-cnpg", "cloudnative-pg.replicaCount"),
    ("bp-crossplane", "crossplane.replicas"),
    ("bp-crossplane", "crossplane.rbacManager.replicas"),
    ("bp-external-secrets", "external-secrets.replicaCount"),
    ("bp-external-secrets", "external-secrets.webhook.replicaCount"),
    ("bp-kyverno", "kyverno.admissionController.replicas"),
    ("bp-kyverno", "kyverno.backgroundController.replicas"),
    ("bp-kyverno", "kyverno.cleanupController.replicas"),
    ("bp-kyverno", "kyverno.reportsController.replicas"),
];

#[test]
fn copies_of_what_holds_data_are_never_on_one_node() {
    let mut decided: Vec<(String, String)> = ANYWHERE
        .iter()
        .copied()
        .chain(APART.iter().map(|(chart, copies, _)| (*chart, *copies)))
        .map(|(chart, copies)| (chart.to_owned(), copies.to_owned()))
        .collect();
    let mut found = Vec::new();
    each_overlay(|chart, dependency, file, overlay| {
        let mut paths = Vec::new();
        leaves(overlay, "", &mut paths);
        for path in paths.iter().filter(|_| file.ends_with("/values-ha.yaml")) {
            let name = path.rsplit('.').next().unwrap_or_default();
            let many = at(overlay, path).and_then(Value::as_u64).is_some_and(|copies| copies > 1);
            if many && ["replicas", "replicaCount"].contains(&name) {
                found.push((chart.name.clone(), format!("{dependency}.{path}")));
            }
        }
    });
    decided.sort();
    found.sort();
    assert_eq!(found, decided);
    for (chart, _, spread) in APART {
        let values = |file: &str| {
            let found = at(&book::yaml(&book::charts().join(chart).join(file)), spread).cloned();
            serde_yaml_ng::to_string(&found.unwrap_or_default()).expect("YAML")
        };
        let rule = values("values-ha.yaml");
        let strict = rule.contains("requiredDuringScheduling") || rule.contains("DoNotSchedule");
        assert!(strict && rule.contains("kubernetes.io/hostname"), "{chart}: {rule}");
        assert!(!values("values.yaml").contains("hostname"), "{chart}: with one node");
    }
    let mut databases = BTreeSet::new();
    for rendering in render::all() {
        for cluster in rendering.objects.iter().filter(|object| string(object, "kind") == "Cluster") {
            let many = at(cluster, "spec.instances").and_then(Value::as_u64).expect("a number") > 1;
            let rule = at(cluster, "spec.affinity");
            let strict = rule.is_some_and(|rule| {
                rule["enablePodAntiAffinity"] == Value::Bool(true)
                    && rule["podAntiAffinityType"] == "required"
                    && rule["topologyKey"] == "kubernetes.io/hostname"
            });
            assert_eq!(strict, many, "{}: {rule:?}", render::described(rendering, cluster));
            databases.insert((rendering.chart.as_str(), many));
        }
    }
    let charts = ["bp-catalyst-platform", "bp-gitea", "bp-keycloak", "catalyst"];
    assert_eq!(databases, charts.iter().flat_map(|chart| [(*chart, false), (*chart, true)]).collect());
}

/// The provider of keys by OIDC is not ready before it has an identity, and the tree waits for it.
#[test]
fn spire_gives_identities_and_runs_nothing_that_has_none() {
    let values = book::yaml(&book::charts().join("bp-spire/values.yaml"));
    let on = |path: &str| at(&values, &format!("spire.{path}.enabled")) == Some(&Value::Bool(true));
    let ids = "spire-server.controllerManager.identities.clusterSPIFFEIDs";
    assert!(on(&format!("{ids}.default")));
    let provider = "spiffe-oidc-discovery-provider";
    assert!(at(&values, &format!("spire.{provider}.enabled")).is_some(), "upstream has it on");
    assert_eq!(on(provider), on(&format!("{ids}.oidc-discovery-provider")));
    assert!(!on(&format!("{ids}.test-keys")));
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
