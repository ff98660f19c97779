//! Organizations, their members and their Applications.
//! Pages: `app/organizations`. Tables: organization, organization_member, application.
//! End to end: `end2end/journey.spec.ts`.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    ids::{ApplicationId, OrganizationId},
    text::Localized,
};

#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
mod returns;
#[cfg(feature = "db")]
mod store;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "db", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "lowercase"))]
pub enum OrganizationState {
    Provisioning,
    Active,
    Failed,
    Suspended,
    Deleting,
    Deleted,
}

/// How far an Application is on its way to Git. `Committed` is the end: the repository is there, and
/// Flux takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "db", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "lowercase"))]
pub enum ApplicationState {
    Queued,
    Delivering,
    Committed,
    Failed,
}

impl ApplicationState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivering => "delivering",
            Self::Committed => "committed",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    pub organization_id: OrganizationId,
    pub slug: String,
    pub name: String,
    pub state: OrganizationState,
    pub plan: String,
    pub plan_name: Localized,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub applications: Vec<Application>,
    /// The last event told so far: a live page asks for what comes after it.
    pub last_event: i64,
}

impl Organization {
    /// Something is still on its way.
    pub fn is_moving(&self) -> bool {
        self.state == OrganizationState::Provisioning
            || self
                .applications
                .iter()
                .any(|app| matches!(app.state, ApplicationState::Queued | ApplicationState::Delivering))
    }
}

/// An Organization that somebody may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub organization_id: OrganizationId,
    pub slug: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub application_id: ApplicationId,
    pub slug: String,
    pub name: String,
    pub state: ApplicationState,
    /// Once it is there.
    pub repository: Option<Repository>,
    pub commit_id: Option<String>,
    /// The credit that its order cost was returned.
    pub returned: bool,
}

/// What is ordered for an Organization, and what its Applications are delivered as.
#[cfg(feature = "db")]
pub(crate) struct Ordered<'a> {
    pub order: crate::ids::OrderId,
    pub organization: OrganizationId,
    pub organization_name: &'a str,
    pub buyer: &'a crate::access::Actor,
    pub plan: &'a crate::catalog::Plan,
    pub apps: &'a [&'a crate::catalog::App],
    pub apps_domain: &'a str,
}

/// An Application that is to be written to Git, as it was ordered: whatever changed since, its files are the same.
#[cfg(feature = "db")]
#[derive(Clone, Debug)]
pub struct Delivery {
    pub application_id: ApplicationId,
    pub slug: String,
    pub name: String,
    pub blueprint_version: String,
    pub ram_mb: i32,
    pub cpu_milli: i32,
    pub disk_gb: i32,
    pub organization_name: String,
    /// The plan's slug.
    pub plan: String,
    /// The buyer's e-mail address.
    pub ordered_by: String,
    /// None: ordered before this was noted; the domain of the settings is meant.
    pub apps_domain: Option<String>,
}

/// Where an Application's files are. Its address is the provider's business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Repository {
    /// `local`: this installation's own bare repositories.
    pub provider: String,
    /// The Organization's slug.
    pub owner: String,
    /// The Application's slug.
    pub name: String,
}

/// `owner/name.git`, as people read it.
impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}.git", self.owner, self.name)
    }
}

/// One row of the admin's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub organization_id: OrganizationId,
    pub slug: String,
    pub name: String,
    pub state: OrganizationState,
    pub plan_name: Localized,
    pub members: i64,
    pub applications: i64,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}
