//! The Application's own database: StatefulSet, Service, PersistentVolumeClaim. It is never shared,
//! so it needs no script that adds databases later, and its passwords open nothing else.

use super::facts::Engine;
use super::names::{database_name, object_name};
use super::pod::{container_security, resources, secret_variable, volume_claim};
use super::{ApplicationSpec, labels, metadata, selector};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PASSWORD: &str = "database-password";
const ROOT_PASSWORD: &str = "database-root-password";

/// Whether the database belongs to an app or is the Application itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    App,
    Alone,
}

impl Owner {
    pub(super) fn part(self) -> &'static str {
        match self {
            Owner::App => "database",
            Owner::Alone => "",
        }
    }
}

/// The keys that the engine reads from the Application's Secret.
pub(super) fn secret_keys(engine: Engine) -> Vec<&'static str> {
    match engine {
        Engine::Postgres | Engine::PostgresVector | Engine::Redis => vec![PASSWORD],
        Engine::Mysql => vec![PASSWORD, ROOT_PASSWORD],
    }
}

/// What an app's container knows of its database. They come before the variables that use them.
pub(super) fn client_environment(spec: &ApplicationSpec) -> Vec<Value> {
    let name = database_name(&spec.app_slug);
    vec![
        json!({ "name": "CATALYST_DATABASE_HOST", "value": object_name(spec, "database") }),
        json!({ "name": "CATALYST_DATABASE_NAME", "value": name }),
        json!({ "name": "CATALYST_DATABASE_USER", "value": name }),
        secret_variable(spec, "CATALYST_DATABASE_PASSWORD", PASSWORD),
    ]
}

/// For `Owner::Alone` the sizes are the spec's, else the catalog's for the service.
pub(super) fn add_objects(
    base: &mut BTreeMap<&'static str, Value>,
    spec: &ApplicationSpec,
    engine: Engine,
    owner: Owner,
) {
    let facts = engine.facts();
    let (ram_mb, cpu_milli, disk_gb) = match owner {
        Owner::App => (facts.ram_mb, facts.cpu_milli, facts.disk_gb),
        Owner::Alone => (spec.ram_mb, spec.cpu_milli, spec.disk_gb),
    };
    let set = stateful_set(spec, engine, owner, resources(ram_mb, cpu_milli, 512));
    base.insert("database-stateful-set.yaml", set);
    base.insert("database-service.yaml", service(spec, engine, owner));
    let claim = volume_claim(spec, "database-data", "database", disk_gb);
    base.insert("database-persistent-volume-claim.yaml", claim);
}

fn stateful_set(spec: &ApplicationSpec, engine: Engine, owner: Owner, resources: Value) -> Value {
    let facts = engine.facts();
    let mut container = json!({
        "name": "database",
        "image": facts.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{ "name": "database", "containerPort": facts.port }],
        "env": environment(spec, engine, owner),
        "resources": resources,
        "securityContext": container_security(),
        "startupProbe": probe(engine, 5, 60),
        "readinessProbe": probe(engine, 10, 3),
        "livenessProbe": probe(engine, 20, 6),
        // The folder below the mount is the engine's alone: file systems put lost+found at the top.
        "volumeMounts": [{ "name": "data", "mountPath": facts.data_path, "subPath": "data" }],
    });
    let args = arguments(engine);
    if !args.is_empty() {
        container["args"] = json!(args);
    }
    let claim = object_name(spec, "database-data");
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(spec, owner.part(), "database"),
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "serviceName": object_name(spec, owner.part()),
            "selector": { "matchLabels": selector(spec, "database") },
            "template": {
                "metadata": { "labels": labels(spec, "database") },
                "spec": {
                    "serviceAccountName": object_name(spec, ""),
                    "automountServiceAccountToken": false,
                    "enableServiceLinks": false,
                    "terminationGracePeriodSeconds": 60,
                    "securityContext": {
                        "runAsNonRoot": true,
                        "runAsUser": facts.user,
                        "fsGroup": facts.user,
                        "fsGroupChangePolicy": "OnRootMismatch",
                        "seccompProfile": { "type": "RuntimeDefault" },
                    },
                    "containers": [container],
                    "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": claim } }],
                },
            },
        },
    })
}

fn environment(spec: &ApplicationSpec, engine: Engine, owner: Owner) -> Vec<Value> {
    // A service alone would be named after its engine, and `mysql` is MySQL's own database.
    let name = match owner {
        Owner::App => database_name(&spec.app_slug),
        Owner::Alone => "app".to_owned(),
    };
    match engine {
        Engine::Postgres | Engine::PostgresVector => vec![
            json!({ "name": "POSTGRES_DB", "value": name }),
            json!({ "name": "POSTGRES_USER", "value": name }),
            secret_variable(spec, "POSTGRES_PASSWORD", PASSWORD),
        ],
        Engine::Mysql => vec![
            json!({ "name": "MYSQL_DATABASE", "value": name }),
            json!({ "name": "MYSQL_USER", "value": name }),
            secret_variable(spec, "MYSQL_PASSWORD", PASSWORD),
            secret_variable(spec, "MYSQL_ROOT_PASSWORD", ROOT_PASSWORD),
            json!({ "name": "MYSQL_ROOT_HOST", "value": "localhost" }),
        ],
        Engine::Redis => vec![secret_variable(spec, "CATALYST_DATABASE_PASSWORD", PASSWORD)],
    }
}

fn arguments(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres | Engine::PostgresVector => &[],
        // Fits in the memory that the catalog gives to the service.
        Engine::Mysql => &[
            "--performance-schema=OFF",
            "--innodb-buffer-pool-size=64M",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
        ],
        Engine::Redis => {
            &["valkey-server", "--appendonly", "yes", "--requirepass", "$(CATALYST_DATABASE_PASSWORD)"]
        }
    }
}

fn probe(engine: Engine, period_seconds: i32, failures: i32) -> Value {
    let mut probe = match engine {
        Engine::Postgres | Engine::PostgresVector => {
            let ready = "pg_isready -h 127.0.0.1 -U \"$POSTGRES_USER\" -d \"$POSTGRES_DB\"";
            json!({ "exec": { "command": ["/bin/sh", "-c", ready] } })
        }
        // It answers 0 as soon as the server does, with or without the right to sign in.
        Engine::Mysql => json!({ "exec": { "command": ["mysqladmin", "ping", "-h", "127.0.0.1"] } }),
        Engine::Redis => json!({ "tcpSocket": { "port": "database" } }),
    };
    probe["periodSeconds"] = json!(period_seconds);
    probe["timeoutSeconds"] = json!(5);
    probe["failureThreshold"] = json!(failures);
    probe
}

fn service(spec: &ApplicationSpec, engine: Engine, owner: Owner) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(spec, owner.part(), "database"),
        "spec": {
            "clusterIP": "None",
            "selector": selector(spec, "database"),
            "ports": [{ "name": "database", "port": engine.facts().port, "targetPort": "database" }],
        },
    })
}
