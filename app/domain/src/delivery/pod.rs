//! What the pods of the application and of its database have in common.

use super::{ApplicationSpec, credentials_name, metadata};
use serde_json::{Value, json};

/// What is requested is what the plan counts; the limit leaves room for the start and for peaks.
/// The base holds production's sizes; see `overlay.rs` for the others.
pub(super) fn resources(ram_mb: i32, cpu_milli: i32, memory_floor_mb: i32) -> Value {
    json!({
        "requests": { "cpu": format!("{cpu_milli}m"), "memory": format!("{ram_mb}Mi") },
        "limits": {
            "cpu": format!("{}m", (cpu_milli * 2).max(1000)),
            "memory": format!("{}Mi", (ram_mb * 2).max(memory_floor_mb)),
        },
    })
}

/// Nothing that a container does not need: no privilege, no capability.
pub(super) fn container_security() -> Value {
    json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } })
}

pub(super) fn volume_claim(spec: &ApplicationSpec, part: &str, component: &str, disk_gb: i32) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(spec, part, component),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": { "requests": { "storage": format!("{disk_gb}Gi") } },
        },
    })
}

pub(super) fn secret_variable(spec: &ApplicationSpec, name: &str, key: &str) -> Value {
    let reference = json!({ "name": credentials_name(spec), "key": key });
    json!({ "name": name, "valueFrom": { "secretKeyRef": reference } })
}
