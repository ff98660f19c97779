//! What is rendered stands on something: its kind comes with an earlier release, its namespace is declared, the issuer
//! of its certificate is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::{
    book::{self, at, string},
    render::{Rendering, all, described},
};

const TOPOLOGIES: [&str; 3] = ["default", "solo", "ha"];
const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// What the releases make; the product's own chart is released inside its Blueprint only.
fn released() -> impl Iterator<Item = &'static Rendering> {
    all().iter().filter(|one| one.chart != "catalyst")
}

/// The list of this name in what was recorded of each upstream chart, by Blueprint.
fn recorded(list: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for chart in book::all().iter().filter(|chart| chart.is_blueprint()) {
        for dependency in chart.dependencies().iter().filter(|one| !one.repository.starts_with("file://")) {
            let keys = book::yaml(&book::charts().join(format!("upstream-keys/{}.yaml", dependency.name)));
            let groups = keys.get(list).and_then(Value::as_sequence).into_iter().flatten();
            let groups = groups.map(|group| group.as_str().expect("a group").to_owned()).collect();
            found.insert(chart.name.clone(), groups);
        }
    }
    found
}

/// Everybody whom a Blueprint waits for, and whom those wait for.
fn earlier(name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        let blueprint = book::yaml(&book::charts().join(&name).join("blueprint.yaml"));
        for next in at(&blueprint, "spec.depends").and_then(Value::as_sequence).expect("a list") {
            let next = next.as_str().expect("a name").to_owned();
            if found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    found
}

#[test]
fn kinds_are_there_before_their_objects() {
    let mut brought_by = BTreeMap::new();
    for (blueprint, groups) in recorded("brings") {
        for group in groups {
            assert_eq!(brought_by.insert(group.clone(), blueprint.clone()), None, "{group} is brought twice");
        }
    }
    // Which groups each Blueprint has objects of, and one of them to show.
    let mut used: BTreeSet<(String, String, String)> = BTreeSet::new();
    for (blueprint, groups) in recorded("makes") {
        used.extend(groups.into_iter().map(|group| (blueprint.clone(), group, "made upstream".to_owned())));
    }
    for rendering in released() {
        for object in &rendering.objects {
            let version = string(object, "apiVersion");
            let group = version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
            let foreign = group.contains('.') && (group == GATEWAY_API || !group.ends_with(".k8s.io"));
            // Asked for by the tests' own values only; whoever asks has brought the kind.
            let watched =
                group == "monitoring.coreos.com" && !TOPOLOGIES.contains(&rendering.variant.as_str());
            if foreign && !watched {
                used.insert((rendering.chart.clone(), group, described(rendering, object)));
            }
        }
    }
    let mut groups = BTreeSet::new();
    for (chart, group, who) in used {
        // By the first node, before Cilium, which looks for them once.
        if group == GATEWAY_API {
            assert!(book::lock()["manifests"].get("gateway-api").is_some(), "{who}");
        } else {
            let first = brought_by.get(&group).unwrap_or_else(|| panic!("{who}: nobody brings {group}"));
            assert!(earlier(&chart).contains(first), "{who}: {chart} does not wait for {first}");
        }
        groups.insert(group);
    }
    assert!(groups.len() >= 8, "only {groups:?}");
}

fn namespaces() -> BTreeSet<String> {
    let tree = book::root().join("infra/clusters/_template");
    let mut found: BTreeSet<String> = ["flux-system", "kube-system"].map(str::to_owned).into();
    let mut open = vec![tree];
    while let Some(folder) = open.pop() {
        for path in book::files_in(&folder) {
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("namespace-")) {
                found.insert(string(&book::yaml(&path), "metadata.name"));
            }
        }
    }
    found
}

#[test]
fn every_object_goes_to_a_namespace_that_is_declared() {
    let declared = namespaces();
    let mut looked = 0;
    for rendering in released() {
        assert!(declared.contains(&rendering.namespace), "{}: {}", rendering.chart, rendering.namespace);
        for object in &rendering.objects {
            let who = described(rendering, object);
            let parents = at(object, "spec.parentRefs").and_then(Value::as_sequence).into_iter().flatten();
            let named =
                parents.filter_map(|parent| parent.get("namespace")).chain(at(object, "metadata.namespace"));
            for namespace in named.map(|name| name.as_str().expect("a name")) {
                assert!(declared.contains(namespace), "{who}: {namespace}");
                looked += 1;
            }
        }
    }
    assert!(looked > 50, "only {looked} namespaces");
}

/// Name and ACME server of each issuer of this variant.
fn issuers(variant: &str) -> BTreeMap<String, String> {
    released()
        .filter(|one| one.chart == "bp-cert-manager-issuers" && one.variant == variant)
        .flat_map(|one| &one.objects)
        .map(|issuer| {
            assert_eq!(string(issuer, "kind"), "ClusterIssuer");
            (string(issuer, "metadata.name"), string(issuer, "spec.acme.server"))
        })
        .collect()
}

#[test]
fn certificates_are_asked_of_issuers_that_are_there() {
    let mut asked = 0;
    for rendering in released() {
        // Wildcards need a name server, which somebody has to have given.
        let there = issuers(if rendering.variant == "apps" { "dns01" } else { "default" });
        for certificate in rendering.objects.iter().filter(|one| string(one, "kind") == "Certificate") {
            let issuer = string(certificate, "spec.issuerRef.name");
            assert!(there.contains_key(&issuer), "{}: {issuer}", described(rendering, certificate));
            if TOPOLOGIES.contains(&rendering.variant.as_str()) {
                assert_eq!(issuer, "letsencrypt-http01-prod", "{}", described(rendering, certificate));
            }
            asked += 1;
        }
    }
    assert!(asked >= 5, "only {asked}");
}

#[test]
fn each_issuer_has_one_for_trying() {
    for (variant, kinds) in [("default", &["http01"][..]), ("dns01", &["http01", "dns01"])] {
        let there = issuers(variant);
        assert_eq!(there.len(), 2 * kinds.len(), "{there:?}");
        for kind in kinds {
            assert!(there[&format!("letsencrypt-{kind}-prod")].contains("//acme-v02."));
            assert!(there[&format!("letsencrypt-{kind}-staging")].contains("//acme-staging-v02."));
        }
    }
    let gateway = book::yaml(&book::charts().join("bp-gateway/values.schema.json"));
    let choice = at(&gateway, "properties.certificate.properties.issuer.enum").and_then(Value::as_sequence);
    let choice: BTreeSet<_> = choice.expect("a choice").iter().filter_map(Value::as_str).collect();
    assert_eq!(choice, issuers("dns01").keys().map(String::as_str).collect());
}

#[test]
fn every_host_of_a_route_is_in_the_certificate() {
    let objects = || released().filter(|one| one.variant == "default").flat_map(|one| &one.objects);
    let of = |kind: &'static str| objects().filter(move |object| string(object, "kind") == kind);
    assert!(of("Gateway").all(|gateway| string(gateway, "spec.gatewayClassName") == "cilium"));
    let certificate = of("Certificate").next().expect("a certificate");
    let named = certificate["spec"]["dnsNames"].as_sequence().expect("names");
    let hosts: Vec<_> = of("HTTPRoute")
        .filter_map(|route| at(route, "spec.hostnames").and_then(Value::as_sequence))
        .flatten()
        .collect();
    assert!(hosts.len() >= 5, "only {hosts:?}");
    assert!(hosts.iter().all(|host| named.contains(host)), "{hosts:?} of {named:?}");
}

/// The same for objects of the tree: those of Crossplane's kinds are applied after its release is ready.
#[test]
fn kinds_are_there_before_their_objects_in_the_tree() {
    let tree = book::root().join("infra/clusters/_template/infrastructure");
    let applies = |folder: &str| book::yaml(&tree.join(format!("kustomization-{folder}.yaml")));
    let applier = applies("crossplane-provider");
    let first = applies(&string(&applier["spec"]["dependsOn"][0], "name"));
    let watched = first["spec"]["healthChecks"].as_sequence().expect("health checks");
    for path in book::files_in(&tree.join("crossplane-provider")) {
        let object = book::yaml(&path);
        let version = string(&object, "apiVersion");
        let (group, _) = version.split_once('/').expect("a group");
        let brought =
            recorded("brings").into_iter().find(|(_, groups)| groups.iter().any(|one| one == group));
        let Some((blueprint, _)) = brought else { continue };
        let waits = watched.iter().any(|one| one["kind"] == "HelmRelease" && one["name"] == blueprint);
        assert!(waits, "{}: nobody waits for {blueprint}", path.display());
    }
}
