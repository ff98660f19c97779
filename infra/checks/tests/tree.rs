//! The Flux tree against everything around it: kustomize, Kubernetes' own schemas, cloud-init, the
//! charts and the version lock. What the tree is in itself is checked by `catalyst cluster audit`,
//! whose own tests are in server/crates/cluster.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use cluster::{Lock, TIERS, Topology};
use infra_checks::repository::{files, read, root, scratch};
use serde_yaml_ng::Value;

const TEMPLATE: &str = "infra/clusters/_template";

fn lock() -> Lock {
    Lock::parse(&read("infra/versions.yaml")).unwrap()
}

fn rendered(name: &str, topology: Topology) -> PathBuf {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), name);
    let fqdn = "acme.omani.works".parse().unwrap();
    cluster::render(&root().join(TEMPLATE), &lock(), &fqdn, topology, &folder).unwrap();
    folder
}

fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every release of the template by name.
fn releases() -> BTreeMap<String, Value> {
    objects("HelmRelease")
}

/// Every object of this kind in the template by name.
fn objects(kind: &str) -> BTreeMap<String, Value> {
    files(&root().join(TEMPLATE))
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| yaml(path))
        .filter(|object| object["kind"] == kind)
        .map(|object| (object["metadata"]["name"].as_str().unwrap().to_owned(), object))
        .collect()
}

fn strings(list: &Value) -> BTreeSet<String> {
    list.as_sequence().into_iter().flatten().filter_map(|each| each.as_str().map(str::to_owned)).collect()
}

#[test]
fn kustomize_builds_every_tier() {
    for topology in [Topology::Solo, Topology::Ha] {
        let tree = rendered(&format!("kustomize-{topology}"), topology);
        for listing in files(&tree).iter().filter(|path| path.ends_with("kustomization.yaml")) {
            let folder = listing.parent().unwrap();
            let output =
                Command::new("kubectl").arg("kustomize").arg(folder).output().unwrap_or_else(|error| {
                    panic!(
                        "kubectl does not start ({error}). Install it: \
                     https://kubernetes.io/docs/tasks/tools/ or, on Debian, apt-get install kubernetes-client"
                    )
                });
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {told}", folder.display());
            let built = String::from_utf8(output.stdout).unwrap();
            let listed = strings(&yaml(listing)["resources"]).len();
            assert_eq!(built.matches("\nkind: ").count() + usize::from(built.starts_with("kind: ")), listed);
        }
    }
}

#[test]
fn kubernetes_own_kinds_are_valid_to_the_last_field() {
    let validator = root().join(".tools/venv/bin/kubernetes-validate");
    assert!(validator.exists(), "kubernetes-validate is missing: scripts/setup test");
    let tree = rendered("validate", Topology::Ha);
    let own = |path: &PathBuf| {
        let version = yaml(path)["apiVersion"].as_str().unwrap().to_owned();
        version == "v1" || version.starts_with("rbac.authorization.k8s.io/")
    };
    let version = infra_checks::lock::lock()["kubernetes"].as_str().unwrap().to_owned();
    let chosen: Vec<PathBuf> = TIERS.iter().flat_map(|tier| files(&tree.join(tier))).filter(own).collect();
    assert!(chosen.len() > 10, "{chosen:?}");
    let output = Command::new(&validator).args(["--strict", "-k", &version]).args(&chosen).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

const CLOUD_INIT: &str = "infra/hetzner/cloud-init/flux.tf";

/// The names directly in `block = { … }` of cloud-init's HCL.
fn names(block: &str) -> Vec<String> {
    let text = read(CLOUD_INIT);
    let mut lines = text.lines().skip_while(|line| !line.trim_start().starts_with(&format!("{block} = {{")));
    let first = lines.next().unwrap_or_else(|| panic!("{CLOUD_INIT} has no {block}"));
    let indent = first.len() - first.trim_start().len();
    let inside = |line: &&str| line.len() - line.trim_start().len() == indent + 2;
    lines
        .take_while(|line| line.trim_end() != format!("{}}}", " ".repeat(indent)))
        .filter(inside)
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().to_owned()))
        .collect()
}

#[test]
fn cloud_init_applies_the_folders_that_there_are_in_their_order() {
    assert_eq!(names("tiers").iter().map(String::as_str).collect::<Vec<_>>(), TIERS);
    let folders: BTreeSet<String> = std::fs::read_dir(root().join(TEMPLATE))
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, TIERS.map(str::to_owned).into());
}

#[test]
fn every_placeholder_has_a_value_on_a_cluster() {
    let mut known: BTreeSet<String> = names("data").into_iter().collect();
    known.extend(lock().values().unwrap().into_keys());
    for path in files(&root().join(TEMPLATE)) {
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("${").skip(1) {
            let inner = part.split('}').next().unwrap();
            let has_default = inner.contains(":=");
            assert!(has_default || known.contains(inner), "{}: ${{{inner}}}", path.display());
        }
    }
}

#[test]
fn inner_kustomizations_follow_the_repository_that_cloud_init_writes() {
    let text = read(CLOUD_INIT);
    let objects = files(&root().join(TEMPLATE).join("infrastructure"));
    let inner: Vec<Value> = objects
        .iter()
        .map(|path| yaml(path))
        .filter(|object| object["apiVersion"] == "kustomize.toolkit.fluxcd.io/v1")
        .collect();
    assert_eq!(inner.len(), 3);
    for object in inner {
        let name = object["spec"]["sourceRef"]["name"].as_str().unwrap();
        assert!(
            text.contains(&format!("metadata   = {{ name = \"{name}\", namespace = \"flux-system\"")),
            "{name}"
        );
        let path = object["spec"]["path"].as_str().unwrap();
        let folder = path.strip_prefix("${TREE_PATH:=./").and_then(|rest| rest.split_once('}')).unwrap();
        assert_eq!(folder.0, TEMPLATE);
        assert!(root().join(TEMPLATE).join(&folder.1[1..]).is_dir(), "{path}");
        assert!(text.contains(&format!("./{TEMPLATE}/${{name}}")));
        // What is substituted from nowhere becomes empty.
        let from = object["spec"]["postBuild"]["substituteFrom"].as_sequence().unwrap();
        let from: Vec<_> = from.iter().map(|one| (one["kind"].as_str(), one["name"].as_str())).collect();
        assert_eq!(from, ["sovereign", "versions"].map(|name| (Some("ConfigMap"), Some(name))), "{name}");
    }
}

#[test]
fn cloud_init_writes_the_secrets_that_the_tree_names() {
    let text = read(CLOUD_INIT);
    let config =
        yaml(&root().join(TEMPLATE).join("infrastructure/crossplane-config/providerconfig-default.yaml"));
    let wanted = &config["spec"]["credentials"]["secretRef"];
    let (name, namespace) = (wanted["name"].as_str().unwrap(), wanted["namespace"].as_str().unwrap());
    let at = text
        .find(&format!("name = \"{name}\", namespace = \"{namespace}\""))
        .unwrap_or_else(|| panic!("{CLOUD_INIT} does not write the Secret {namespace}/{name}"));
    let entry = text[at..].lines().take(8).collect::<Vec<_>>().join("\n");
    let key = wanted["key"].as_str().unwrap();
    assert!(entry.contains(&format!("{key} = jsonencode({{ token = ")), "the provider reads JSON: {entry}");
}

#[test]
fn every_release_has_a_chart_and_a_version_and_every_chart_a_release() {
    let releases: BTreeSet<String> = releases().into_keys().collect();
    let charts: BTreeSet<String> = std::fs::read_dir(root().join("charts"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().join("Chart.yaml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("bp-"))
        .collect();
    assert_eq!(releases, charts);
    assert_eq!(releases, lock().blueprints().map(str::to_owned).collect());
    for (name, chart) in objects("HelmChart") {
        let version = format!("${{{}_VERSION}}", name.to_uppercase().replace('-', "_"));
        assert_eq!(chart["spec"]["version"], version, "{name}");
    }
}

#[test]
fn the_config_map_of_versions_is_the_lock() {
    let file = format!("{TEMPLATE}/versions/configmap-versions.yaml");
    assert_eq!(
        read(&file),
        lock().config_map().unwrap(),
        "write it: cargo run -p cluster --example versions"
    );
}

#[test]
fn releases_are_named_and_placed_as_their_blueprints_say() {
    for (name, release) in releases() {
        let says = yaml(&root().join(format!("charts/{name}/values.yaml")));
        let says = &says["catalystBlueprint"]["release"];
        let spec = &release["spec"];
        assert_eq!(spec["releaseName"], says["name"], "{name}");
        assert_eq!(spec["targetNamespace"], says["namespace"], "{name}");
        assert_eq!(spec["chartRef"]["name"].as_str(), Some(name.as_str()));
    }
}

#[test]
fn a_release_waits_for_what_its_blueprint_depends_on_and_for_nobody_else() {
    for (name, release) in releases() {
        let blueprint = yaml(&root().join(format!("charts/{name}/blueprint.yaml")));
        let waits: BTreeSet<String> = release["spec"]["dependsOn"]
            .as_sequence()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry["name"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(waits, strings(&blueprint["spec"]["depends"]), "{name}: the release, and blueprint.yaml");
    }
}

#[test]
fn day_2_infrastructure_waits_for_no_data() {
    let inside = |release: &Value, tier: &str| {
        release["metadata"]["labels"]["catalyst.openova.io/tier"].as_str() == Some(tier)
    };
    let all = releases();
    let early: BTreeSet<&str> =
        all.iter().filter(|(_, one)| inside(one, "core")).map(|(name, _)| name.as_str()).collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (name, release) in all.iter().filter(|(_, one)| inside(one, "infrastructure")) {
        for need in release["spec"]["dependsOn"].as_sequence().into_iter().flatten() {
            let need = need["name"].as_str().unwrap();
            assert!(early.contains(need) || inside(&all[need], "infrastructure"), "{name} waits for {need}");
        }
        seen.insert(name);
    }
    assert_eq!(seen, ["bp-crossplane", "bp-crossplane-claims"].into());
    let text = read(CLOUD_INIT);
    assert!(text.contains("infrastructure = { after = [\"core\"]"));
    assert!(
        !text.contains("after = [\"infrastructure\"]"),
        "nothing stops because a provider does not come up"
    );
}

/// The paths of all leaves.
fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value.as_mapping() {
        None => found.push(path.clone()),
        Some(map) => {
            for (key, value) in map {
                path.push(key.as_str().unwrap().to_owned());
                leaves(value, path, found);
                path.pop();
            }
        }
    }
}

#[test]
fn what_differs_between_sovereigns_is_given_to_every_chart_that_has_it() {
    let mut given = 0;
    for (name, release) in releases() {
        let chart = yaml(&root().join(format!("charts/{name}/values.yaml")));
        for (path, placeholder) in [
            ("sovereign.fqdn", "${SOVEREIGN_FQDN}"),
            ("catalyst.sovereign.fqdn", "${SOVEREIGN_FQDN}"),
            ("spire.global.spire.trustDomain", "${SOVEREIGN_FQDN}"),
            ("acme.email", "${SOVEREIGN_EMAIL}"),
        ] {
            let at = |values| path.split('.').try_fold(values, |value: &Value, step| value.get(step));
            if at(&chart).is_some() {
                let set = at(&release["spec"]["values"]).and_then(Value::as_str);
                assert_eq!(set, Some(placeholder), "{name}: {path}");
                given += 1;
            }
        }
    }
    assert_eq!(given, 6);
}

#[test]
fn values_set_in_the_tree_exist_in_the_chart() {
    let mut set = 0;
    for (name, release) in releases() {
        let (values, mut found) = (&release["spec"]["values"], Vec::new());
        if values.is_null() {
            continue;
        }
        leaves(values, &mut Vec::new(), &mut found);
        let chart = yaml(&root().join(format!("charts/{name}/values.yaml")));
        for path in found {
            let mut at = &chart;
            for key in &path {
                at = at
                    .get(key)
                    .unwrap_or_else(|| panic!("charts/{name}/values.yaml has no {}", path.join(".")));
            }
            set += 1;
        }
    }
    assert!(set >= 5, "{set}");
}

#[test]
fn releases_take_the_charts_values_for_their_topology() {
    for (name, chart) in objects("HelmChart") {
        assert_eq!(chart["spec"]["chart"].as_str(), Some(name.as_str()));
        let has = root().join(format!("charts/{name}/values-ha.yaml")).is_file();
        // The later file wins, and a topology without one is no fault.
        let takes = chart["spec"]["valuesFiles"].as_sequence().cloned().unwrap_or_default();
        let wanted = ["values.yaml", "values-${SOVEREIGN_TOPOLOGY}.yaml"].map(Value::from);
        assert_eq!(takes, if has { wanted.to_vec() } else { Vec::new() }, "{name}");
        assert_eq!(chart["spec"]["ignoreMissingValuesFiles"].as_bool(), has.then_some(true), "{name}");
    }
}

#[test]
fn labels_say_the_sovereign_and_the_tier() {
    for tier in TIERS {
        for object in files(&root().join(TEMPLATE).join(tier)).iter().map(|path| yaml(path)) {
            let label =
                |name: &str| object["metadata"]["labels"][format!("catalyst.openova.io/{name}")].as_str();
            let release = object["kind"] == "HelmRelease";
            let wanted = (release || object["kind"] == "Namespace").then_some("${SOVEREIGN_FQDN}");
            assert_eq!(label("sovereign"), wanted, "{object:?}");
            assert_eq!(label("tier"), release.then_some(tier), "{object:?}");
        }
    }
}

/// Flux gives a release five minutes, and leaves its kinds as they were, where nothing else is said.
#[test]
fn a_release_has_its_time_and_its_new_kinds() {
    for (name, release) in releases() {
        let spec = &release["spec"];
        assert_eq!(spec["timeout"], "15m", "{name}");
        for action in ["install", "upgrade"] {
            assert_eq!(spec[action]["crds"], "CreateReplace", "{name}: {action}");
        }
    }
}

/// Without them nothing is left that could mend the cluster, so no failure of theirs is remediated.
const NEVER_TAKEN_AWAY: [&str; 2] = ["bp-cilium", "bp-flux"];

#[test]
fn neither_flux_nor_the_network_is_taken_away_by_its_own_failure() {
    for name in NEVER_TAKEN_AWAY {
        let spec = &releases()[name]["spec"];
        for action in ["install", "upgrade"] {
            let remediation = &spec[action]["remediation"];
            assert_eq!(
                (remediation["retries"].as_i64(), remediation["remediateLastFailure"].as_bool()),
                (Some(0), Some(false)),
                "{name}: {action}"
            );
        }
        assert_eq!(spec["upgrade"]["cleanupOnFail"].as_bool(), Some(false), "{name}");
        assert_eq!(spec["upgrade"]["preserveValues"].as_bool(), Some(true), "{name}");
    }
}

/// A release that has no try left stays Stalled, whatever has been mended meanwhile, and holds every later tier.
/// An upgrade has three: each failure is rolled back, and after the last a person looks.
#[test]
fn a_first_install_is_tried_until_it_succeeds() {
    for (name, release) in releases() {
        let tries = |action: &str| release["spec"][action]["remediation"]["retries"].as_i64();
        if !NEVER_TAKEN_AWAY.contains(&name.as_str()) {
            assert_eq!((tries("install"), tries("upgrade")), (Some(-1), Some(3)), "{name}");
        }
    }
    let operations = read("docs/operations.md");
    assert!(
        operations.contains("flux reconcile helmrelease NAME --reset"),
        "how to start a release that stopped"
    );
}

#[test]
fn compositions_name_the_provider_config_that_the_tree_makes() {
    let config =
        yaml(&root().join(TEMPLATE).join("infrastructure/crossplane-config/providerconfig-default.yaml"));
    let claims: Value = serde_yaml_ng::from_str(&read("charts/bp-crossplane-claims/values.yaml")).unwrap();
    assert_eq!(claims["providerConfig"], config["metadata"]["name"]);
    let kubernetes =
        yaml(&root().join(TEMPLATE).join("infrastructure/crossplane-config/providerconfig-kubernetes.yaml"));
    assert_eq!(claims["kubernetesProviderConfig"], kubernetes["metadata"]["name"]);
    for file in files(&root().join("charts/bp-crossplane-claims")) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let strange = text.lines().find(|line| line.contains("apiVersion:") && line.contains("hcloud"));
        assert_eq!(strange, None, "{}: the provider's groups end in hetzner.crossplane.io", file.display());
        for line in text.lines().filter(|line| line.trim_start().starts_with("namespace: catalyst-")) {
            let name = line.split_once(": ").unwrap().1;
            let declared = format!("{TEMPLATE}/infrastructure/crossplane/namespace-{name}.yaml");
            assert!(root().join(&declared).is_file(), "{}: {declared} is missing", file.display());
        }
    }
}

#[test]
fn the_policy_of_signed_blueprints_admits_what_the_tree_applies() {
    let policy = read("charts/bp-kyverno-policies/templates/blueprints-are-signed.yaml");
    assert!(
        policy.contains("chartRef:\n                kind: HelmChart"),
        "releases install by chartRef to a HelmChart"
    );
    let values: Value = serde_yaml_ng::from_str(&read("charts/bp-kyverno-policies/values.yaml")).unwrap();
    let wanted = &values["blueprints"];
    let repositories = objects("HelmRepository");
    let repository = &repositories[wanted["repositoryName"].as_str().unwrap()];
    assert_eq!(repository["spec"]["url"], wanted["registry"]);
    for (name, chart) in objects("HelmChart") {
        let identity = &chart["spec"]["verify"]["matchOIDCIdentity"][0];
        assert_eq!(chart["spec"]["sourceRef"]["name"], wanted["repositoryName"], "{name}");
        assert_eq!(
            (&identity["issuer"], &identity["subject"]),
            (&wanted["issuer"], &wanted["subject"]),
            "{name}"
        );
    }
}
