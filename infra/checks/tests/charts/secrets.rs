//! Each Secret that something names is made by somebody: by an object that is rendered, by an operator, by cloud-init,
//! or by a person whom a document tells so.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::{
    book::{self, at, string},
    render::{all, described},
};

/// Namespace and name.
type Secret = (String, String);

/// Made by nothing of ours: the document that says by whom.
const BY_HAND: [(&str, &str, &str); 3] = [
    ("catalyst-organizations", "gitea-reader", "infra/clusters/README.md"),
    ("cert-manager", "powerdns-tsig", "charts/bp-cert-manager-issuers/README.md"),
    // A pattern: Secrets are looked for where the object is that the policy looks at.
    ("kyverno", "blueprint-signing-key", "charts/bp-kyverno-policies/README.md"),
];

/// What External Secrets reads from OpenBao, by path and property.
const STORED: [(&str, &str, &str); 1] = [("catalyst/mail", "smtp-url", "docs/sovereign-provisioning.md")];

/// Every Secret named anywhere below, in whichever of Kubernetes' and the charts' ways.
fn named(value: &Value, namespace: &str, found: &mut BTreeSet<Secret>) {
    match value {
        Value::Mapping(map) => {
            if map.get("kind").and_then(Value::as_str) == Some("Secret") && !map.contains_key("metadata") {
                one(value, namespace, found);
            }
            for (key, inner) in map {
                let key = key.as_str().unwrap_or_default().to_lowercase();
                // The former name a store, the latter what cert-manager makes.
                if key.starts_with("secretstore") || key == "privatekeysecretref" {
                    continue;
                }
                match inner {
                    Value::String(text)
                        if !text.is_empty() && (key.ends_with("secret") || key.ends_with("secretname")) =>
                    {
                        found.insert((namespace.to_owned(), text.clone()));
                    }
                    Value::Sequence(list) if key.ends_with("secrets") => {
                        list.iter().for_each(|inner| one(inner, namespace, found));
                    }
                    Value::Mapping(_) if key.contains("secret") => one(inner, namespace, found),
                    _ => {}
                }
                named(inner, namespace, found);
            }
        }
        Value::Sequence(list) => list.iter().for_each(|inner| named(inner, namespace, found)),
        // Some charts take YAML as a text.
        Value::String(text) if text.contains("secretKeyRef") => {
            let inner: Value = serde_yaml_ng::from_str(text).expect("YAML in a text");
            named(&inner, namespace, found);
        }
        _ => {}
    }
}

/// A name, or an object with one.
fn one(value: &Value, namespace: &str, found: &mut BTreeSet<Secret>) {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let optional = value.get("optional").and_then(Value::as_bool) == Some(true);
    if let Some(name) = value.as_str().or_else(|| text("name")).filter(|_| !optional) {
        found.insert((text("namespace").unwrap_or(namespace).to_owned(), name.to_owned()));
    }
}

fn made(object: &Value, release: &str) -> Option<Secret> {
    let text = |path: &str| at(object, path).and_then(Value::as_str).map(str::to_owned);
    let group = string(object, "apiVersion");
    let name = match (group.split('/').next().unwrap_or_default(), string(object, "kind").as_str()) {
        ("v1", "Secret") => text("metadata.name"),
        ("external-secrets.io", "ExternalSecret") => text("spec.target.name"),
        ("cert-manager.io", "Certificate") => text("spec.secretName"),
        // The owner's account, by CloudNativePG.
        ("postgresql.cnpg.io", "Cluster") => text("metadata.name").map(|name| format!("{name}-app")),
        _ => None,
    };
    Some((text("metadata.namespace").unwrap_or(release.to_owned()), name?))
}

/// As written in HCL; that it is what comes out is the module's own test.
fn written_by_cloud_init((namespace, name): &Secret) -> bool {
    let text = book::text(&book::root().join("infra/hetzner/cloud-init/flux.tf"));
    let pulling = text.lines().find(|line| line.trim_start().starts_with("pull_secret_namespaces"));
    text.contains(&format!("name = \"{name}\", namespace = \"{namespace}\""))
        || text.contains(&format!("name = \"{name}\", namespace = namespace"))
            && pulling.is_some_and(|line| line.contains(&format!("\"{namespace}\"")))
}

/// Every Secret that is named, by whom, and whether it is made in the same rendering or any other's plain one.
fn wanted() -> BTreeMap<Secret, (String, bool)> {
    let released = || all().iter().filter(|one| one.chart != "catalyst");
    let plain: BTreeSet<Secret> = released()
        .filter(|one| one.variant == "default")
        .flat_map(|one| one.objects.iter().filter_map(|object| made(object, &one.namespace)))
        .collect();
    let mut wanted: BTreeMap<Secret, (String, bool)> = BTreeMap::new();
    let mut note = |secrets: BTreeSet<Secret>, who: &str, here: &BTreeSet<Secret>| {
        for secret in secrets {
            let there = here.contains(&secret) || plain.contains(&secret);
            let known = wanted.entry(secret).or_insert_with(|| (who.to_owned(), there));
            if known.1 && !there {
                *known = (who.to_owned(), false);
            }
        }
    };
    for rendering in released() {
        let here = rendering.objects.iter().filter_map(|object| made(object, &rendering.namespace)).collect();
        for object in &rendering.objects {
            let namespace = at(object, "metadata.namespace").and_then(Value::as_str);
            let mut found = BTreeSet::new();
            named(object, namespace.unwrap_or(&rendering.namespace), &mut found);
            note(found, &described(rendering, object), &here);
        }
    }
    // What upstream charts are told.
    for chart in book::all() {
        for dependency in chart.dependencies() {
            let mut found = BTreeSet::new();
            named(&chart.values[dependency.name.as_str()], &chart.release().1, &mut found);
            note(found, &format!("the values of {}", chart.name), &BTreeSet::new());
        }
    }
    for path in infra_checks::repository::files(&book::root().join("infra/clusters/_template")) {
        let object = book::yaml(&path);
        let mut found = BTreeSet::new();
        let namespace = at(&object, "metadata.namespace").and_then(Value::as_str);
        named(&object, namespace.unwrap_or_default(), &mut found);
        note(found, &path.display().to_string(), &BTreeSet::new());
    }
    assert!(wanted.len() > 12, "only {:?}", wanted.keys());
    wanted
}

/// The text that people write; a list of values says what is named and not who makes it.
fn told(document: &str) -> String {
    let text = book::text(&book::root().join(document));
    text.split("<!-- values:").next().expect("a part").to_owned()
}

#[test]
fn each_secret_that_is_named_is_made_by_somebody() {
    let mut by_hand = BTreeSet::new();
    for (secret, (who, rendered)) in wanted() {
        if rendered || written_by_cloud_init(&secret) {
            continue;
        }
        let (namespace, name) = (secret.0.as_str(), secret.1.as_str());
        let known = BY_HAND.iter().find(|one| (one.0, one.1) == (namespace, name));
        let (_, _, document) =
            known.unwrap_or_else(|| panic!("{who}: nobody makes the Secret {namespace}/{name}"));
        assert!(told(document).contains(name), "{document} does not say who makes {namespace}/{name}");
        by_hand.insert(name.to_owned());
    }
    assert_eq!(by_hand, BY_HAND.iter().map(|one| one.1.to_owned()).collect(), "listed, and named by nobody");
}

/// A password that a database has already is not made anew, by nobody: not with a label that changes, nor after the
/// release was gone.
#[test]
fn what_is_made_once_cannot_change() {
    let mut once = BTreeSet::new();
    for rendering in all().iter() {
        for object in rendering.objects.iter().filter(|object| string(object, "kind") == "ExternalSecret") {
            let from = at(object, "spec.dataFrom").and_then(Value::as_sequence);
            if !from.into_iter().flatten().any(|one| at(one, "sourceRef.generatorRef").is_some()) {
                continue;
            }
            let who = described(rendering, object);
            assert_eq!(string(object, "spec.refreshInterval"), "0", "{who}");
            assert_eq!(string(object, "spec.target.creationPolicy"), "Orphan", "{who}");
            assert_eq!(at(object, "spec.target.immutable"), Some(&Value::Bool(true)), "{who}");
            once.insert(string(object, "spec.target.name"));
        }
    }
    let by_release = ["catalyst-db-server", "catalyst-platform-db-server", "catalyst-server-key"];
    let fixed = ["gitea-admin", "keycloak-admin", "openbao-seal-key"];
    assert_eq!(once, by_release.iter().chain(&fixed).map(|name| (*name).to_owned()).collect());
}

#[test]
fn what_is_read_from_the_store_somebody_is_told_to_put_there() {
    let mut read = BTreeSet::new();
    for rendering in all().iter().filter(|one| one.chart != "catalyst") {
        for object in rendering.objects.iter().filter(|object| string(object, "kind") == "ExternalSecret") {
            let list =
                |path: &str| at(object, path).and_then(Value::as_sequence).cloned().unwrap_or_default();
            for one in list("spec.data") {
                read.insert((string(&one, "remoteRef.key"), string(&one, "remoteRef.property")));
            }
            for one in list("spec.dataFrom") {
                assert!(one.get("sourceRef").is_some(), "{}: {one:?}", described(rendering, object));
            }
        }
    }
    let known = STORED.iter().map(|one| (one.0.to_owned(), one.1.to_owned())).collect();
    assert_eq!(read, known);
    for (path, property, document) in STORED {
        let step = format!("bao kv put -mount=secret {path} {property}=");
        assert!(told(document).contains(&step), "{document} has no step `{step}`");
    }
}
