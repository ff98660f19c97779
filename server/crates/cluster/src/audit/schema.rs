//! Kinds: each object against the schema of its kind, unknown fields refused.
//!
//! Where the schemas come from, and for which versions, is in `schemas/generate.py`.

use std::{collections::BTreeMap, sync::OnceLock};

use jsonschema::Validator;
use serde_json::Value;

use crate::{Code, Finding, tree::Tree};

macro_rules! schemas {
    ($($version:literal, $kind:literal => $file:literal),* $(,)?) => {
        [$(($version, $kind, include_str!(concat!("../../schemas/", $file, ".json")))),*]
    };
}

const SCHEMAS: [(&str, &str, &str); 17] = schemas![
    "v1", "ConfigMap" => "ConfigMap",
    "v1", "Namespace" => "Namespace",
    "v1", "ServiceAccount" => "ServiceAccount",
    "rbac.authorization.k8s.io/v1", "ClusterRole" => "ClusterRole",
    "rbac.authorization.k8s.io/v1", "ClusterRoleBinding" => "ClusterRoleBinding",
    "rbac.authorization.k8s.io/v1", "Role" => "Role",
    "rbac.authorization.k8s.io/v1", "RoleBinding" => "RoleBinding",
    "kustomize.config.k8s.io/v1beta1", "Kustomization" => "Kustomization",
    "kustomize.toolkit.fluxcd.io/v1", "Kustomization" => "FluxKustomization",
    "helm.toolkit.fluxcd.io/v2", "HelmRelease" => "HelmRelease",
    "source.toolkit.fluxcd.io/v1", "HelmChart" => "HelmChart",
    "source.toolkit.fluxcd.io/v1", "HelmRepository" => "HelmRepository",
    "source.toolkit.fluxcd.io/v1", "GitRepository" => "GitRepository",
    "pkg.crossplane.io/v1", "Provider" => "Provider",
    "pkg.crossplane.io/v1beta1", "DeploymentRuntimeConfig" => "DeploymentRuntimeConfig",
    "kubernetes.crossplane.io/v1alpha1", "ProviderConfig" => "KubernetesProviderConfig",
    "hetzner.crossplane.io/v1beta1", "ProviderConfig" => "ProviderConfig",
];

type Validators = BTreeMap<(&'static str, &'static str), Result<Validator, String>>;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in &tree.objects {
        let version = object.text("/apiVersion").unwrap_or_default();
        match validators().get(&(version, object.kind())) {
            None => {
                let message = format!("there is no schema of {version:?} {:?}", object.kind());
                findings.push(Finding::new(Code::Schema, &object.file, message));
            }
            Some(Err(message)) => findings.push(Finding::new(Code::Schema, &object.file, message)),
            Some(Ok(validator)) => findings.extend(validator.iter_errors(&object.value).map(|error| {
                let at = error.instance_path().to_string();
                let at = if at.is_empty() { "/" } else { &at };
                Finding::new(Code::Schema, &object.file, format!("{at}: {error}"))
            })),
        }
    }
    findings
}

fn validators() -> &'static Validators {
    static VALIDATORS: OnceLock<Validators> = OnceLock::new();
    VALIDATORS.get_or_init(|| {
        SCHEMAS
            .iter()
            .map(|(version, kind, text)| {
                let made = serde_json::from_str::<Value>(text)
                    .map_err(|error| error.to_string())
                    .and_then(|schema| jsonschema::validator_for(&schema).map_err(|error| error.to_string()));
                ((*version, *kind), made)
            })
            .collect()
    })
}
