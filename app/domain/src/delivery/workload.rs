//! The application itself: Deployment, Service, PersistentVolumeClaim, Ingress.

use super::database;
use super::facts::{AppFacts, Value as EnvValue};
use super::names::{Environment, host, object_name};
use super::pod::{container_security, resources, secret_variable, volume_claim};
use super::{ApplicationSpec, labels, metadata, selector};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The variable that every overlay sets to its own host; it is the first of the container's.
pub(super) const HOST_VARIABLE: &str = "CATALYST_HOST";

/// The volume's mount while it is filled from the image.
const SEED_PATH: &str = "/catalyst-volume";

pub(super) fn add_objects(
    base: &mut BTreeMap<&'static str, Value>,
    spec: &ApplicationSpec,
    facts: &AppFacts,
) {
    base.insert("deployment.yaml", deployment(spec, facts));
    base.insert("service.yaml", service(spec));
    base.insert("ingress.yaml", ingress(spec));
    if !facts.mounts.is_empty() {
        base.insert("persistent-volume-claim.yaml", volume_claim(spec, "data", "web", spec.disk_gb));
    }
}

fn deployment(spec: &ApplicationSpec, facts: &AppFacts) -> Value {
    let mut pod = json!({
        "serviceAccountName": object_name(spec, ""),
        "automountServiceAccountToken": false,
        // Otherwise Kubernetes adds variables such as GHOST_PORT, which images take for settings.
        "enableServiceLinks": false,
        "securityContext": pod_security(facts),
        "containers": [container(spec, facts)],
    });
    let prepare = init_containers(spec, facts);
    if !prepare.is_empty() {
        pod["initContainers"] = Value::Array(prepare);
    }
    if !facts.mounts.is_empty() {
        let claim = object_name(spec, "data");
        pod["volumes"] = json!([{ "name": "data", "persistentVolumeClaim": { "claimName": claim } }]);
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(spec, "", "web"),
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            // A volume that one node writes cannot be held by the old and the new pod at once.
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": selector(spec, "web") },
            "template": { "metadata": { "labels": labels(spec, "web") }, "spec": pod },
        },
    })
}

fn pod_security(facts: &AppFacts) -> Value {
    let mut security = json!({ "seccompProfile": { "type": "RuntimeDefault" } });
    match facts.user {
        Some(user) => {
            security["runAsNonRoot"] = json!(true);
            security["runAsUser"] = json!(user);
            security["fsGroup"] = json!(user);
            security["fsGroupChangePolicy"] = json!("OnRootMismatch");
            if facts.port < 1024 {
                // Safe since Kubernetes 1.22; the port is the image's and needs no capability then.
                let sysctl = "net.ipv4.ip_unprivileged_port_start";
                security["sysctls"] = json!([{ "name": sysctl, "value": facts.port.to_string() }]);
            }
        }
        None => security["runAsNonRoot"] = json!(false),
    }
    security
}

fn container(spec: &ApplicationSpec, facts: &AppFacts) -> Value {
    let mut container = json!({
        "name": "web",
        "image": facts.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{ "name": "http", "containerPort": facts.port }],
        "env": environment(spec, facts),
        "resources": resources(spec.ram_mb, spec.cpu_milli, facts.memory_floor_mb),
        "securityContext": container_security(),
        // Ten minutes: the first start migrates a database.
        "startupProbe": probe(facts, 10, 60),
        "readinessProbe": probe(facts, 10, 3),
        "livenessProbe": { "tcpSocket": { "port": "http" }, "periodSeconds": 20, "failureThreshold": 6 },
    });
    if !facts.command.is_empty() {
        container["command"] = json!(facts.command);
    }
    let mounts = volume_mounts(facts);
    if !mounts.is_empty() {
        container["volumeMounts"] = Value::Array(mounts);
    }
    container
}

fn probe(facts: &AppFacts, period_seconds: i32, failures: i32) -> Value {
    let mut probe = Map::new();
    if facts.health_path.is_empty() {
        probe.insert("tcpSocket".to_owned(), json!({ "port": "http" }));
    } else {
        probe.insert("httpGet".to_owned(), json!({ "path": facts.health_path, "port": "http" }));
    }
    probe.insert("periodSeconds".to_owned(), json!(period_seconds));
    probe.insert("timeoutSeconds".to_owned(), json!(5));
    probe.insert("failureThreshold".to_owned(), json!(failures));
    Value::Object(probe)
}

fn volume_mounts(facts: &AppFacts) -> Vec<Value> {
    let mount =
        |m: &super::facts::Mount| json!({ "name": "data", "mountPath": m.path, "subPath": m.sub_path });
    facts.mounts.iter().map(mount).collect()
}

fn environment(spec: &ApplicationSpec, facts: &AppFacts) -> Vec<Value> {
    let mut variables = vec![json!({ "name": HOST_VARIABLE, "value": host(spec, Environment::Prod) })];
    if facts.engine.is_some() {
        variables.extend(database::client_environment(spec));
    }
    variables.extend(facts.env.iter().map(|(name, value)| match value {
        EnvValue::Text(text) => json!({ "name": name, "value": text }),
        EnvValue::Secret(key) => secret_variable(spec, name, key),
    }));
    variables
}

/// The host differs in each overlay, which sets it in the container only: none of these may need it.
fn init_containers(spec: &ApplicationSpec, facts: &AppFacts) -> Vec<Value> {
    let shared = |name: &str, command: Value, env: Vec<Value>, mounts: Vec<Value>| {
        json!({
            "name": name,
            "image": facts.image,
            "imagePullPolicy": "IfNotPresent",
            "command": command,
            "env": env,
            "resources": resources(spec.ram_mb, spec.cpu_milli, facts.memory_floor_mb),
            "securityContext": container_security(),
            "volumeMounts": mounts,
        })
    };
    let mut containers = Vec::new();
    if facts.seed_volume {
        // A named Docker volume starts with the image's files, a Kubernetes volume starts empty and hides them.
        let script = facts
            .mounts
            .iter()
            .map(|m| {
                format!(
                    "[ -e {SEED_PATH}/{sub}/.seeded ] || {{ mkdir -p {SEED_PATH}/{sub} && \
                     tar -C {path} -cf - . | tar -C {SEED_PATH}/{sub} -xf - && touch {SEED_PATH}/{sub}/.seeded; }}",
                    sub = m.sub_path,
                    path = m.path
                )
            })
            .collect::<Vec<_>>()
            .join("\n");
        let mounts = vec![json!({ "name": "data", "mountPath": SEED_PATH })];
        containers.push(shared("seed", json!(["/bin/sh", "-ec", script]), Vec::new(), mounts));
    }
    for (name, command) in facts.prepare {
        let env = environment(spec, facts).into_iter().filter(|v| v["name"] != HOST_VARIABLE).collect();
        containers.push(shared(name, json!(command), env, volume_mounts(facts)));
    }
    containers
}

fn service(spec: &ApplicationSpec) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(spec, "", "web"),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(spec, "web"),
            "ports": [{ "name": "http", "port": 80, "targetPort": "http" }],
        },
    })
}

fn ingress(spec: &ApplicationSpec) -> Value {
    let host = host(spec, Environment::Prod);
    let backend = json!({ "service": { "name": object_name(spec, ""), "port": { "name": "http" } } });
    let mut metadata = metadata(spec, "", "web");
    metadata["annotations"] = json!({ "cert-manager.io/cluster-issuer": "letsencrypt-prod" });
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": {
            "rules": [{
                "host": host,
                "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] },
            }],
            "tls": [{ "hosts": [host], "secretName": object_name(spec, "tls") }],
        },
    })
}
