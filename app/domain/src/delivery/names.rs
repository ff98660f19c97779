//! Every generated name is made here, so that what is waited for is what is created.

use super::ApplicationSpec;
use sha2::{Digest, Sha256};

/// A DNS label has at most 63 characters.
pub(super) const NAME_LENGTH: usize = 63;

/// Kubernetes appends a hash of eleven characters to a StatefulSet's name and stores it as a label.
const OBJECT_NAME_LENGTH: usize = 52;

/// The environments of an Application, in the order in which a change is promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Dev,
    Stg,
    Prod,
}

impl Environment {
    pub const ALL: [Environment; 3] = [Environment::Dev, Environment::Stg, Environment::Prod];

    /// `dev`, `stg` or `prod`: the overlay's folder.
    pub fn name(self) -> &'static str {
        match self {
            Environment::Dev => "dev",
            Environment::Stg => "stg",
            Environment::Prod => "prod",
        }
    }

    /// The branch from which the environment is reconciled.
    pub fn branch(self) -> Branch {
        match self {
            Environment::Dev => Branch::Develop,
            Environment::Stg => Branch::Staging,
            Environment::Prod => Branch::Main,
        }
    }
}

/// The branches of an Application's repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    Develop,
    Staging,
    Main,
}

impl Branch {
    pub const ALL: [Branch; 3] = [Branch::Develop, Branch::Staging, Branch::Main];

    /// `develop`, `staging` or `main`.
    pub fn name(self) -> &'static str {
        match self {
            Branch::Develop => "develop",
            Branch::Staging => "staging",
            Branch::Main => "main",
        }
    }
}

/// Joins the parts with `-`. A name longer than `length` keeps its start and ends in a hash of the
/// whole, so two long names stay different.
pub(super) fn join_name(parts: &[&str], length: usize) -> String {
    let whole = parts.join("-");
    if whole.len() <= length {
        return whole;
    }
    let hash: String = Sha256::digest(whole.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect();
    let start = whole[..length - hash.len() - 1].trim_end_matches('-');
    format!("{start}-{hash}")
}

/// The name of one of the Application's objects: `<app>` or `<app>-<part>`.
pub(super) fn object_name(spec: &ApplicationSpec, part: &str) -> String {
    if part.is_empty() {
        return join_name(&[&spec.app_slug], OBJECT_NAME_LENGTH);
    }
    join_name(&[&spec.app_slug, part], OBJECT_NAME_LENGTH)
}

/// The Environment's name, which is its namespace: `{org}-{env_type}`.
pub fn namespace(organization_slug: &str, environment: Environment) -> String {
    join_name(&[organization_slug, environment.name()], NAME_LENGTH)
}

/// Where the Application answers: `<app>.<org>.<domain>` in production, `<app>.<env>.<org>.<domain>`
/// elsewhere. Each part is a label of its own, so no two Organizations can mean the same host.
pub fn host(spec: &ApplicationSpec, environment: Environment) -> String {
    let ApplicationSpec { app_slug, organization_slug, domain, .. } = spec;
    match environment {
        Environment::Prod => format!("{app_slug}.{organization_slug}.{domain}"),
        other => format!("{app_slug}.{}.{organization_slug}.{domain}", other.name()),
    }
}

/// A database name that needs no quotes: `cal-com` becomes `cal_com`.
pub(super) fn database_name(app_slug: &str) -> String {
    app_slug.replace('-', "_").chars().take(NAME_LENGTH).collect()
}
