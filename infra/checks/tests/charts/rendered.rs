//! What Helm makes of our templates, for every topology.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::{
    book::{self, at, string},
    render::{self, Rendering, all, described},
};

fn each(mut look: impl FnMut(&Rendering, &Value)) {
    let mut looked = 0;
    for rendering in all() {
        for object in &rendering.objects {
            look(rendering, object);
            looked += 1;
        }
    }
    assert!(looked > 150, "only {looked} objects");
}

#[test]
fn every_chart_passes_lint_for_every_set_of_values() {
    for chart in book::all() {
        let folder = render::prepared(&chart);
        for (variant, files) in render::variants(&chart) {
            render::lint(&chart, &folder, &files)
                .unwrap_or_else(|error| panic!("{} ({variant}): {error}", chart.name));
        }
    }
}

#[test]
fn every_chart_renders_for_every_topology() {
    let mut variants: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for rendering in all() {
        variants.entry(&rendering.chart).or_default().insert(rendering.variant.as_str());
    }
    assert_eq!(variants.len(), book::all().len());
    for (chart, seen) in variants {
        assert!(["default", "solo", "ha"].iter().all(|one| seen.contains(one)), "{chart}: {seen:?}");
    }
}

#[test]
fn a_sovereigns_domain_has_no_default() {
    for chart in book::all() {
        let domain =
            at(&chart.values, "sovereign.fqdn").or_else(|| at(&chart.values, "catalyst.sovereign.fqdn"));
        let Some(domain) = domain else { continue };
        assert_eq!(domain.as_str(), Some(""), "{}", chart.name);
        let folder = render::prepared(&chart);
        let error = render::template(&chart, &folder, &[]).expect_err("refused");
        assert!(error.contains("sovereign.fqdn"), "{}: {error}", chart.name);
    }
}

#[test]
fn no_object_is_made_twice_by_all_releases_together() {
    for topology in ["default", "solo", "ha"] {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for rendering in all().iter().filter(|one| one.variant == topology) {
            // The product's chart is rendered alone and inside its Blueprint; only the latter is released.
            if rendering.chart == "catalyst" {
                continue;
            }
            for object in &rendering.objects {
                let version = string(object, "apiVersion");
                let group = version.rsplit_once('/').map_or("", |(group, _)| group);
                let namespace = at(object, "metadata.namespace").and_then(Value::as_str);
                let key = format!(
                    "{group} {} {}/{}",
                    string(object, "kind"),
                    // Without one it is the whole cluster's, whichever namespace its release is in.
                    namespace.unwrap_or_default(),
                    string(object, "metadata.name")
                );
                if let Some(other) = seen.insert(key.clone(), rendering.chart.clone()) {
                    panic!("{topology}: {key} in {other} and {}", rendering.chart);
                }
            }
        }
    }
}

#[test]
fn namespaces_are_left_to_the_tree() {
    each(|rendering, object| {
        assert_ne!(string(object, "kind"), "Namespace", "{}", described(rendering, object));
    });
}

#[test]
fn every_object_says_what_it_belongs_to() {
    each(|rendering, object| {
        let labels = at(object, "metadata.labels").unwrap_or(&Value::Null);
        assert!(
            labels.get("catalyst.openova.io/blueprint").is_some(),
            "{}: {labels:?}",
            described(rendering, object)
        );
    });
}

#[test]
fn no_hook_builds_an_object_of_a_kind_that_might_be_missing() {
    each(|rendering, object| {
        let annotations = at(object, "metadata.annotations").unwrap_or(&Value::Null);
        if annotations.get("helm.sh/hook").is_some() {
            let version = string(object, "apiVersion");
            let builtin = !version.contains('.') || version.ends_with(".k8s.io/v1");
            assert!(builtin, "{}", described(rendering, object));
            let policy = annotations.get("helm.sh/hook-delete-policy").and_then(Value::as_str);
            assert!(
                policy.is_some_and(|policy| !policy.contains("before")),
                "{}",
                described(rendering, object)
            );
        }
    });
}

pub fn pods(object: &Value) -> Option<&Value> {
    match string(object, "kind").as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => at(object, "spec.template.spec"),
        "CronJob" => at(object, "spec.jobTemplate.spec.template.spec"),
        "Pod" => at(object, "spec"),
        _ => None,
    }
}

pub fn containers(pod: &Value) -> Vec<&Value> {
    ["containers", "initContainers"]
        .iter()
        .filter_map(|name| pod.get(*name).and_then(Value::as_sequence))
        .flatten()
        .collect()
}

#[test]
fn our_pods_run_without_rights() {
    let mut looked = 0;
    each(|rendering, object| {
        let Some(pod) = pods(object) else { return };
        let who = described(rendering, object);
        assert_eq!(at(pod, "securityContext.runAsNonRoot"), Some(&Value::Bool(true)), "{who}");
        assert_eq!(at(pod, "securityContext.runAsUser"), Some(&Value::from(65534)), "{who}");
        assert_eq!(pod.get("automountServiceAccountToken"), Some(&Value::Bool(false)), "{who}");
        assert_eq!(string(pod, "securityContext.seccompProfile.type"), "RuntimeDefault", "{who}");
        for container in containers(pod) {
            let security = container.get("securityContext").expect("a security context");
            assert_eq!(security["readOnlyRootFilesystem"], Value::Bool(true), "{who}");
            assert_eq!(security["allowPrivilegeEscalation"], Value::Bool(false), "{who}");
            assert_eq!(security["capabilities"]["drop"][0].as_str(), Some("ALL"), "{who}");
            assert!(at(container, "resources.limits.memory").is_some(), "{who}: no memory limit");
            assert!(at(container, "resources.requests.memory").is_some(), "{who}: no memory request");
            looked += 1;
        }
    });
    assert!(looked > 10);
}

#[test]
fn what_people_entrusted_to_a_release_outlives_it() {
    let mut looked = 0;
    each(|rendering, object| {
        if ["Cluster", "PersistentVolumeClaim"].contains(&string(object, "kind").as_str()) {
            let annotations = at(object, "metadata.annotations").expect("annotations");
            let kept = annotations.get("helm.sh/resource-policy").and_then(Value::as_str);
            assert_eq!(kept, Some("keep"), "{}", described(rendering, object));
            looked += 1;
        }
    });
    assert!(looked > 10, "only {looked}");
}

#[test]
fn no_password_stands_in_values() {
    for chart in book::all() {
        for file in chart.values_files() {
            let (values, mut paths) = (book::yaml(&file), Vec::new());
            book::leaves(&values, "", &mut paths);
            for path in paths {
                let name = path.rsplit('.').next().unwrap_or_default().to_lowercase();
                let secret = name.contains("passw") || name.ends_with("token");
                let text = at(&values, &path).and_then(Value::as_str).unwrap_or_default();
                assert!(!secret || text.is_empty(), "{}: {path}", file.display());
            }
        }
    }
}

#[test]
fn secrets_come_by_reference() {
    each(|rendering, object| {
        let who = described(rendering, object);
        // Helm keeps what it renders in the release's record, which is another Secret in another namespace.
        assert_ne!(string(object, "kind"), "Secret", "{who}");
        let Some(pod) = pods(object) else { return };
        for container in containers(pod) {
            for variable in container.get("env").and_then(Value::as_sequence).into_iter().flatten() {
                let name = string(variable, "name");
                let secret = ["PASSWORD", "SECRET", "TOKEN", "_URL"].iter().any(|part| name.contains(part));
                let open = ["CATALYST_PUBLIC_URL", "CATALYST_NATS_URL"].contains(&name.as_str());
                if secret && !open {
                    assert!(at(variable, "valueFrom.secretKeyRef.name").is_some(), "{who}: {name}");
                }
            }
        }
    });
}

#[test]
fn servers_and_workers_scale_separately() {
    for rendering in all().iter().filter(|one| one.chart == "bp-catalyst-platform") {
        let named = |suffix: &str| {
            rendering
                .objects
                .iter()
                .find(|object| {
                    string(object, "kind") == "Deployment"
                        && string(object, "metadata.name").ends_with(suffix)
                })
                .unwrap_or_else(|| panic!("{}: no {suffix}", rendering.variant))
        };
        let first = |object: &Value, path: &str| {
            at(object, "spec.template.spec.containers").expect("some")[0][path].clone()
        };
        let (server, worker) = (named("-server"), named("-worker"));
        assert_eq!(first(server, "args")[0].as_str(), Some("serve"));
        assert_eq!(first(worker, "args")[0].as_str(), Some("worker"));
        let env = first(server, "env");
        let off = env.as_sequence().expect("a list").iter().any(|variable| {
            string(variable, "name") == "CATALYST_WORKER" && variable["value"].as_str() == Some("off")
        });
        assert!(off, "servers leave jobs to workers");
        let of = |kind: &str| rendering.objects.iter().find(|object| string(object, "kind") == kind);
        let scaled = rendering.variant == "ha";
        let (scaler, budget) = (of("HorizontalPodAutoscaler"), of("PodDisruptionBudget"));
        assert_eq!((scaler.is_some(), budget.is_some()), (scaled, scaled), "{}", rendering.variant);
        if let (Some(scaler), Some(budget)) = (scaler, budget) {
            assert_eq!(string(scaler, "spec.scaleTargetRef.name"), string(server, "metadata.name"));
            assert!(
                at(scaler, "spec.minReplicas").and_then(Value::as_u64) > Some(1),
                "one could not be spared"
            );
            assert_eq!(at(budget, "spec.selector"), at(server, "spec.selector"));
        }
        let service = of("Service").expect("a Service");
        assert_eq!(at(service, "spec.selector"), at(server, "spec.selector.matchLabels"));
        assert_eq!(at(server, "spec.replicas").is_none(), scaled, "two would decide how many there are");
    }
}

#[test]
fn several_workers_without_a_shared_volume_are_refused() {
    let chart = book::all().into_iter().find(|chart| chart.name == "catalyst").expect("there");
    let file = render::scratch("refused").join("workers.yaml");
    std::fs::write(&file, "worker: {replicas: 2}\n").expect("written");
    let files = [chart.folder.join("tests/default.yaml"), file];
    let error = render::template(&chart, &chart.folder, &files).expect_err("refused");
    assert!(error.contains("ReadWriteMany"), "{error}");
}

#[test]
fn settings_of_the_product_are_those_that_the_program_reads() {
    let known = book::text(&book::root().join(".env.example"));
    each(|rendering, object| {
        let Some(pod) = pods(object).filter(|_| rendering.chart.contains("catalyst")) else { return };
        for container in containers(pod) {
            for variable in container.get("env").and_then(Value::as_sequence).into_iter().flatten() {
                let name = string(variable, "name");
                if name.starts_with("CATALYST_") {
                    assert!(known.contains(&format!("{name}=")), "{}: {name}", described(rendering, object));
                }
            }
        }
    });
}

#[test]
fn the_gateway_listens_where_the_load_balancer_sends() {
    let module = book::text(&book::root().join("infra/hetzner/locals.tf"));
    assert!(module.contains("{ http = 31080, https = 31443 }"), "infra/hetzner sends elsewhere");
    let mut looked = 0;
    each(|_, object| {
        if string(object, "kind") == "Gateway" {
            for listener in at(object, "spec.listeners").and_then(Value::as_sequence).expect("listeners") {
                let wanted = if string(listener, "protocol") == "HTTP" { 31080 } else { 31443 };
                assert_eq!(listener["port"].as_u64(), Some(wanted));
                looked += 1;
            }
        }
    });
    assert!(looked >= 6);
}

/// Every image that a values file or a rendered object names.
fn images() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each(|_, object| {
        if let Some(pod) = pods(object) {
            found.extend(containers(pod).into_iter().map(|container| string(container, "image")));
        }
        for path in ["spec.imageName", "spec.package"] {
            found.extend(at(object, path).and_then(Value::as_str).map(str::to_owned));
        }
    });
    for chart in book::all() {
        for dependency in chart.dependencies() {
            for file in chart.values_files() {
                if let Some(overlay) = book::yaml(&file).get(&dependency.name) {
                    named(overlay, &mut found);
                }
            }
        }
    }
    found
}

/// `image: {registry, repository, tag}` anywhere below.
fn named(value: &Value, found: &mut BTreeSet<String>) {
    if let Some(list) = value.as_sequence() {
        list.iter().for_each(|inner| named(inner, found));
    }
    let Some(map) = value.as_mapping() else { return };
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    if let Some(repository) = text("repository") {
        let registry = text("registry").filter(|registry| !registry.is_empty());
        let registry = registry.map(|registry| format!("{registry}/")).unwrap_or_default();
        let tag = text("tag").unwrap_or_default();
        found.insert(format!("{registry}{repository}:{tag}"));
    }
    found.extend(text("image").map(str::to_owned));
    for inner in map.values() {
        named(inner, found);
    }
}

#[test]
fn every_image_is_in_the_lock_with_that_very_tag() {
    let lock = book::lock();
    let locked: BTreeMap<String, String> = lock["images"]
        .as_mapping()
        .expect("a map")
        .values()
        .map(|image| (string(image, "repository"), string(image, "tag")))
        .collect();
    let mut used = BTreeSet::new();
    for image in images() {
        let plain = image.split('@').next().expect("a name");
        let (repository, tag) = plain.rsplit_once(':').unwrap_or_else(|| panic!("{image} has no tag"));
        assert_eq!(
            locked.get(repository).map(String::as_str),
            Some(tag),
            "{image} is not in infra/versions.yaml"
        );
        used.insert(repository.to_owned());
    }
    // The container is built from one, too.
    let container = std::fs::read_to_string(book::root().join("infra/container/Containerfile"))
        .expect("the Containerfile");
    for repository in locked.keys() {
        let short = repository.rsplit('/').next().expect("a name");
        let built_from = short == "debian" || container.contains(short);
        assert!(used.contains(repository) || built_from, "{repository} is locked and not used");
    }
}

#[test]
fn no_image_floats_and_none_is_bitnamis() {
    for image in images() {
        let tag = image.split('@').next().and_then(|plain| plain.rsplit_once(':')).map_or("", |(_, tag)| tag);
        let exact =
            tag.trim_start_matches('v').split('.').count() >= 2 && tag.contains(|c: char| c.is_ascii_digit());
        assert!(exact && tag != "latest", "{image}");
        // The makers of Sealed Secrets publish there themselves; the removed ones were Docker Hub's.
        let own = image.starts_with("ghcr.io/bitnami-labs/sealed-secrets-controller:");
        assert!(own || !image.contains("bitnami"), "{image}");
    }
    for chart in book::all() {
        for file in book::files_in(&chart.folder.join("templates")) {
            let text = book::text(&file).replace("!*:latest", "");
            for word in ["bitnami/", "bitnamilegacy", ":latest"] {
                assert!(!text.contains(word), "{}: {word}", file.display());
            }
        }
    }
}
