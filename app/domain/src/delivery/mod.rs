//! Delivery: the files of an Application's Git repository.
//! Other half: `server/crates/adapters/src/git.rs` writes them; `server/src/jobs` calls both.
//! Tables: none. This module is a pure function of what the caller read.
//! Tests: `tests.rs` and `snapshots/` here; `server/crates/adapters/tests/manifests.rs` gives every
//! file to the Kubernetes schemas and to kustomize.

mod database;
mod facts;
mod names;
mod network;
mod overlay;
mod pod;
mod readme;
#[cfg(test)]
mod tests;
mod workload;
mod yaml;

pub use names::{Branch, Environment, host, namespace};

use facts::{APPS, AppFacts, Engine, SERVICES};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a repository is made from. Sizes are those of the catalog: MB, thousandths of a CPU, GB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationSpec {
    pub organization_slug: String,
    /// Free text of a person; it is only ever written as data.
    pub organization_name: String,
    pub app_slug: String,
    pub app_name: String,
    pub blueprint_version: String,
    pub plan_slug: String,
    pub ram_mb: i32,
    pub cpu_milli: i32,
    pub disk_gb: i32,
    /// The Sovereign's domain for applications, e.g. `apps.example.com`.
    pub domain: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// There is no Blueprint with an image for it; nothing must be written.
    #[error("{0} cannot be delivered: it has no image")]
    NotDeployable(String),
    #[error("{field} cannot be used: expected {expected}")]
    Invalid { field: &'static str, expected: &'static str },
    #[error("the manifest cannot be written as YAML: {0}")]
    Yaml(String),
}

/// Path in the repository → content.
pub type Files = BTreeMap<String, String>;

/// What is delivered: an application with its engine, or a service alone.
enum Blueprint {
    App(&'static AppFacts),
    Service(Engine),
}

impl Blueprint {
    /// The component that the Application's shared objects are labelled with.
    fn component(&self) -> &'static str {
        match self {
            Blueprint::App(_) => "web",
            Blueprint::Service(_) => "database",
        }
    }
}

fn find_blueprint(slug: &str) -> Option<Blueprint> {
    let app = APPS.iter().find(|facts| facts.slug == slug).map(Blueprint::App);
    app.or_else(|| SERVICES.iter().find(|engine| engine.facts().slug == slug).map(|e| Blueprint::Service(*e)))
}

/// Whether [`files`] knows the Application.
pub fn is_deliverable(app_slug: &str) -> bool {
    find_blueprint(app_slug).is_some()
}

/// The slugs that can be delivered, services last.
pub fn deliverable() -> Vec<&'static str> {
    APPS.iter().map(|facts| facts.slug).chain(SERVICES.iter().map(|engine| engine.facts().slug)).collect()
}

/// The files of one branch. All branches start with the same files: a change is promoted by merging,
/// and a file that named its branch would be carried into the next environment.
///
/// Errors: `NotDeployable` for an Application without an image, `Invalid` with the field's name.
pub fn files(spec: &ApplicationSpec, _branch: Branch) -> Result<Files, DeliveryError> {
    check_spec(spec)?;
    let Some(blueprint) = find_blueprint(&spec.app_slug) else {
        return Err(DeliveryError::NotDeployable(spec.app_slug.clone()));
    };

    let mut base: BTreeMap<&'static str, Value> = BTreeMap::new();
    match &blueprint {
        Blueprint::App(facts) => {
            workload::add_objects(&mut base, spec, facts);
            if let Some(engine) = facts.engine {
                database::add_objects(&mut base, spec, engine, database::Owner::App);
            }
        }
        Blueprint::Service(engine) => {
            database::add_objects(&mut base, spec, *engine, database::Owner::Alone);
        }
    }
    base.insert("service-account.yaml", service_account(spec, &blueprint));
    network::add_objects(&mut base, spec, &blueprint);
    if let Some(secret) = external_secret(spec, &blueprint) {
        base.insert("external-secret.yaml", secret);
    }
    let resources: Vec<&str> = base.keys().copied().collect();
    base.insert("kustomization.yaml", overlay::base_kustomization(&resources));

    let mut files = Files::new();
    for (name, object) in &base {
        files.insert(format!("base/{name}"), yaml::write_yaml(object)?);
    }
    for environment in Environment::ALL {
        let path = format!("overlays/{}/kustomization.yaml", environment.name());
        files.insert(path, yaml::write_yaml(&overlay::kustomization(spec, &blueprint, environment)?)?);
    }
    files.insert("app.yaml".to_owned(), yaml::write_yaml(&app_description(spec))?);
    files.insert("README.md".to_owned(), readme::write_readme(spec, &blueprint));
    Ok(files)
}

/// Every branch with its files, in the order of promotion; HEAD is `main`.
pub fn branches(spec: &ApplicationSpec) -> Result<Vec<(String, Files)>, DeliveryError> {
    Branch::ALL.iter().map(|branch| Ok((branch.name().to_owned(), files(spec, *branch)?))).collect()
}

fn check_spec(spec: &ApplicationSpec) -> Result<(), DeliveryError> {
    let slug = "a lower-case letter, then letters, digits and hyphens, at most 58 in all";
    // `-prod` has to fit behind the Organization's slug in one DNS label.
    for (field, value) in [
        ("organization_slug", &spec.organization_slug),
        ("app_slug", &spec.app_slug),
        ("plan_slug", &spec.plan_slug),
    ] {
        require(is_label(value, 58) && value.starts_with(|c: char| c.is_ascii_lowercase()), field, slug)?;
    }
    let version = &spec.blueprint_version;
    let version_ok = (1..=40).contains(&version.len())
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.ends_with(|c: char| c.is_ascii_alphanumeric())
        && version.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
    require(version_ok, "blueprint_version", "a version such as 1.0.0")?;
    let domain_ok = spec.domain.len() <= 120 && spec.domain.split('.').all(|label| is_label(label, 63));
    require(domain_ok, "domain", "a lower-case host name such as apps.example.com")?;
    for (field, value, most) in [
        ("ram_mb", spec.ram_mb, 1_048_576),
        ("cpu_milli", spec.cpu_milli, 1_024_000),
        ("disk_gb", spec.disk_gb, 65_536),
    ] {
        require((1..=most).contains(&value), field, "a whole number above zero")?;
    }
    Ok(())
}

fn require(ok: bool, field: &'static str, expected: &'static str) -> Result<(), DeliveryError> {
    if ok { Ok(()) } else { Err(DeliveryError::Invalid { field, expected }) }
}

fn is_label(text: &str, length: usize) -> bool {
    (1..=length).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The labels of every object. `component` is `web` or `database`; the selector is a subset of them.
fn labels(spec: &ApplicationSpec, component: &str) -> Value {
    let mut labels = selector(spec, component);
    for (key, value) in [
        ("app.kubernetes.io/name", spec.app_slug.as_str()),
        ("app.kubernetes.io/version", spec.blueprint_version.as_str()),
        ("app.kubernetes.io/part-of", spec.app_slug.as_str()),
        ("app.kubernetes.io/managed-by", "catalyst"),
        ("catalyst.openova.io/organization", spec.organization_slug.as_str()),
    ] {
        labels[key] = json!(value);
    }
    labels
}

/// What selects the pods of one component; it never changes, as a Deployment's selector cannot.
fn selector(spec: &ApplicationSpec, component: &str) -> Value {
    json!({
        "app.kubernetes.io/instance": object_instance(spec),
        "app.kubernetes.io/component": component,
    })
}

fn object_instance(spec: &ApplicationSpec) -> String {
    names::object_name(spec, "")
}

fn metadata(spec: &ApplicationSpec, part: &str, component: &str) -> Value {
    json!({ "name": names::object_name(spec, part), "labels": labels(spec, component) })
}

fn credentials_name(spec: &ApplicationSpec) -> String {
    names::object_name(spec, "credentials")
}

fn service_account(spec: &ApplicationSpec, blueprint: &Blueprint) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(spec, "", blueprint.component()),
        "automountServiceAccountToken": false,
    })
}

/// A reference to the Application's secrets; their values live in the Sovereign's secret store only.
/// The store is the namespace's own, so one Organization cannot name the secrets of another.
fn external_secret(spec: &ApplicationSpec, blueprint: &Blueprint) -> Option<Value> {
    let mut keys: Vec<&str> = Vec::new();
    let engine = match blueprint {
        Blueprint::App(facts) => {
            keys.extend(facts.env.iter().filter_map(|(_, value)| match value {
                facts::Value::Secret(key) => Some(*key),
                facts::Value::Text(_) => None,
            }));
            facts.engine
        }
        Blueprint::Service(engine) => Some(*engine),
    };
    keys.extend(engine.map(database::secret_keys).unwrap_or_default());
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return None;
    }
    let path = format!("applications/{}", spec.app_slug);
    let data: Vec<Value> = keys
        .iter()
        .map(|key| json!({ "secretKey": key, "remoteRef": { "key": path, "property": key } }))
        .collect();
    Some(json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": metadata(spec, "credentials", blueprint.component()),
        "spec": {
            // A database takes its password once; a value that changed by itself would lock the app out.
            "refreshPolicy": "OnChange",
            "secretStoreRef": { "kind": "SecretStore", "name": "catalyst" },
            "target": {
                "name": credentials_name(spec),
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",
            },
            "data": data,
        },
    }))
}

/// What the console's form edits.
fn app_description(spec: &ApplicationSpec) -> Value {
    let environments: Vec<Value> = Environment::ALL
        .iter()
        .map(|environment| {
            json!({
                "name": environment.name(),
                "branch": environment.branch().name(),
                "namespace": namespace(&spec.organization_slug, *environment),
                "host": host(spec, *environment),
            })
        })
        .collect();
    json!({
        "blueprint": format!("bp-{}", spec.app_slug),
        "version": spec.blueprint_version,
        "application": { "slug": spec.app_slug, "name": spec.app_name },
        "organization": { "slug": spec.organization_slug, "name": spec.organization_name },
        "plan": spec.plan_slug,
        "environments": environments,
        "values": {
            "domain": spec.domain,
            "resources": { "ram_mb": spec.ram_mb, "cpu_milli": spec.cpu_milli, "disk_gb": spec.disk_gb },
        },
    })
}
