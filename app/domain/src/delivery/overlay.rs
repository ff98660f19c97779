//! The kustomizations: the base, and what differs in each environment.

use super::database::Owner;
use super::names::{Environment, host, namespace, object_name};
use super::workload::HOST_VARIABLE;
use super::{ApplicationSpec, Blueprint, DeliveryError, yaml};
use serde_json::{Value, json};

const API_VERSION: &str = "kustomize.config.k8s.io/v1beta1";

pub(super) fn base_kustomization(resources: &[&str]) -> Value {
    json!({ "apiVersion": API_VERSION, "kind": "Kustomization", "resources": resources })
}

/// Namespace, host, replicas and requests of one environment.
pub(super) fn kustomization(
    spec: &ApplicationSpec,
    blueprint: &Blueprint,
    environment: Environment,
) -> Result<Value, DeliveryError> {
    let namespace = namespace(&spec.organization_slug, environment);
    let mut patches = Vec::new();
    match blueprint {
        Blueprint::App(_) => {
            let name = object_name(spec, "");
            let host = host(spec, environment);
            let variable = "/spec/template/spec/containers/0/env/0";
            let mut operations = vec![
                // The patch goes by position; it stops here if someone has moved the variable.
                json!({ "op": "test", "path": format!("{variable}/name"), "value": HOST_VARIABLE }),
                json!({ "op": "replace", "path": format!("{variable}/value"), "value": host }),
            ];
            operations.extend(sizes(spec, environment));
            patches.push(patch("Deployment", &name, operations)?);
            let hosts = vec![
                json!({ "op": "replace", "path": "/spec/rules/0/host", "value": host }),
                json!({ "op": "replace", "path": "/spec/tls/0/hosts/0", "value": host }),
            ];
            patches.push(patch("Ingress", &name, hosts)?);
        }
        Blueprint::Service(_) => {
            let name = object_name(spec, Owner::Alone.part());
            patches.push(patch("StatefulSet", &name, sizes(spec, environment))?);
        }
    }
    Ok(json!({
        "apiVersion": API_VERSION,
        "kind": "Kustomization",
        "namespace": namespace,
        "resources": ["../../base"],
        "labels": [{ "pairs": { "catalyst.openova.io/environment": namespace }, "includeSelectors": false }],
        "patches": patches,
    }))
}

/// Replicas and requests: production has what the plan counts, development asks for half.
fn sizes(spec: &ApplicationSpec, environment: Environment) -> Vec<Value> {
    let share = match environment {
        Environment::Dev => 2,
        Environment::Stg | Environment::Prod => 1,
    };
    let requests = "/spec/template/spec/containers/0/resources/requests";
    let (cpu, memory) = ((spec.cpu_milli / share).max(10), (spec.ram_mb / share).max(32));
    vec![
        json!({ "op": "replace", "path": "/spec/replicas", "value": 1 }),
        json!({ "op": "replace", "path": format!("{requests}/cpu"), "value": format!("{cpu}m") }),
        json!({ "op": "replace", "path": format!("{requests}/memory"), "value": format!("{memory}Mi") }),
    ]
}

fn patch(kind: &str, name: &str, operations: Vec<Value>) -> Result<Value, DeliveryError> {
    let text = yaml::write_yaml(&Value::Array(operations))?;
    Ok(json!({ "target": { "kind": kind, "name": name }, "patch": text }))
}
