//! Who may talk to whom: nobody, then the gateway to the app and the app to its own database.

use super::facts::AppFacts;
use super::{ApplicationSpec, Blueprint, metadata, object_instance, selector};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The namespace of the Sovereign's gateway carries this label.
const GATEWAY_LABEL: &str = "catalyst.openova.io/gateway";

const WEB_AND_MAIL_PORTS: [u16; 4] = [80, 443, 465, 587];
/// Clusters, clouds' metadata services and neighbours; the internet is what remains.
const PRIVATE_V4: [&str; 5] =
    ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
const PRIVATE_V6: [&str; 2] = ["fc00::/7", "fe80::/10"];

pub(super) fn add_objects(
    base: &mut BTreeMap<&'static str, Value>,
    spec: &ApplicationSpec,
    blueprint: &Blueprint,
) {
    let everything = json!({
        "podSelector": { "matchLabels": { "app.kubernetes.io/instance": object_instance(spec) } },
        "policyTypes": ["Ingress", "Egress"],
    });
    base.insert("network-policy-deny.yaml", policy(spec, "deny", blueprint.component(), everything));
    match blueprint {
        Blueprint::App(facts) => {
            base.insert("network-policy-web.yaml", policy(spec, "web", "web", web_rules(spec, facts)));
            if let Some(engine) = facts.engine {
                let from = json!({ "podSelector": { "matchLabels": selector(spec, "web") } });
                let rules = database_rules(spec, engine.facts().port, from);
                base.insert("network-policy-database.yaml", policy(spec, "database", "database", rules));
            }
        }
        Blueprint::Service(engine) => {
            let organization = json!({ "catalyst.openova.io/organization": spec.organization_slug });
            let from = json!({ "podSelector": { "matchLabels": organization } });
            let rules = database_rules(spec, engine.facts().port, from);
            base.insert("network-policy-database.yaml", policy(spec, "database", "database", rules));
        }
    }
}

fn policy(spec: &ApplicationSpec, part: &str, component: &str, rules: Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(spec, part, component),
        "spec": rules,
    })
}

fn web_rules(spec: &ApplicationSpec, facts: &AppFacts) -> Value {
    let gateway = json!({ "namespaceSelector": { "matchLabels": { GATEWAY_LABEL: "true" } } });
    let mut egress = vec![name_resolution(), internet(facts.any_egress)];
    if let Some(engine) = facts.engine {
        egress.push(json!({
            "to": [{ "podSelector": { "matchLabels": selector(spec, "database") } }],
            "ports": [{ "protocol": "TCP", "port": engine.facts().port }],
        }));
    }
    json!({
        "podSelector": { "matchLabels": selector(spec, "web") },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{ "from": [gateway], "ports": [{ "protocol": "TCP", "port": facts.port }] }],
        "egress": egress,
    })
}

fn database_rules(spec: &ApplicationSpec, port: u16, from: Value) -> Value {
    json!({
        "podSelector": { "matchLabels": selector(spec, "database") },
        "policyTypes": ["Ingress"],
        "ingress": [{ "from": [from], "ports": [{ "protocol": "TCP", "port": port }] }],
    })
}

fn name_resolution() -> Value {
    let system = json!({ "kubernetes.io/metadata.name": "kube-system" });
    json!({
        "to": [{ "namespaceSelector": { "matchLabels": system } }],
        "ports": [{ "protocol": "UDP", "port": 53 }, { "protocol": "TCP", "port": 53 }],
    })
}

fn internet(any_port: bool) -> Value {
    let mut rule = json!({
        "to": [
            { "ipBlock": { "cidr": "0.0.0.0/0", "except": PRIVATE_V4 } },
            { "ipBlock": { "cidr": "::/0", "except": PRIVATE_V6 } },
        ],
    });
    if !any_port {
        rule["ports"] =
            WEB_AND_MAIL_PORTS.iter().map(|port| json!({ "protocol": "TCP", "port": port })).collect();
    }
    rule
}
