//! The verbs of Organizations.

use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::{ApplicationState, Organization, Summary, store};
use crate::{
    access::{Member, SignedIn, Superadmin},
    error::{Error, Result},
    ids::{ApplicationId, OrderId, OrganizationId},
    jobs::{self, OrganizationEvent},
    text::Slug,
};

/// Whether a name is still free. Names of Organizations that are gone stay taken.
pub async fn slug_is_free(conn: &mut PgConnection, slug: &Slug) -> Result<bool> {
    Ok(!store::slug_exists(conn, slug).await?)
}

/// The proof that somebody belongs to an Organization; to others it does not exist.
pub async fn member(conn: &mut PgConnection, who: &SignedIn, id: OrganizationId) -> Result<Member> {
    let role = store::role_of(conn, id, who.id()).await?.ok_or(Error::NotFound)?;
    Ok(Member::new(who.clone(), id, role))
}

/// The Organizations that somebody belongs to, newest first, with their Applications.
pub async fn mine(conn: &mut PgConnection, who: &SignedIn) -> Result<Vec<Organization>> {
    let mut organizations = store::of_account(conn, who.id()).await?;
    for organization in &mut organizations {
        organization.applications = store::applications(conn, organization.organization_id).await?;
    }
    Ok(organizations)
}

pub async fn one(conn: &mut PgConnection, member: &Member, who: &SignedIn) -> Result<Organization> {
    let id = member.organization_id();
    let mut organization = store::of_account(conn, who.id())
        .await?
        .into_iter()
        .find(|organization| organization.organization_id == id)
        .ok_or(Error::NotFound)?;
    organization.applications = store::applications(conn, id).await?;
    Ok(organization)
}

/// The newest 100 of everybody.
pub async fn newest(conn: &mut PgConnection, _: &Superadmin) -> Result<Vec<Summary>> {
    store::summaries(conn).await
}

/// What happened after an event that the reader has seen.
pub async fn events_after(
    conn: &mut PgConnection,
    member: &Member,
    after: i64,
) -> Result<Vec<OrganizationEvent>> {
    jobs::organization_events(conn, member.organization_id(), after).await
}

/// An Application that is to be written to Git.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub application_id: ApplicationId,
    pub slug: String,
    pub name: String,
    pub blueprint_version: String,
    pub ram_mb: i32,
    pub cpu_milli: i32,
    pub disk_gb: i32,
}

/// What of an order is not in Git yet. For the worker.
pub async fn undelivered(conn: &mut PgConnection, order: OrderId) -> Result<Vec<Delivery>> {
    let rows = store::undelivered(conn, order).await?;
    Ok(rows
        .into_iter()
        .map(|row| Delivery {
            application_id: row.application_id,
            slug: row.slug,
            name: row.name,
            blueprint_version: row.blueprint_version,
            ram_mb: row.ram_mb,
            cpu_milli: row.cpu_milli,
            disk_gb: row.disk_gb,
        })
        .collect())
}

/// Where an Application goes next.
pub enum Step<'a> {
    Delivering,
    Committed { repository: &'a str, commit_id: &'a str },
    Failed { problem: &'a str },
}

/// Moves an Application on and tells its Organization's page, in one transaction. A move that the
/// state does not allow changes nothing.
pub async fn advance(
    conn: &mut PgConnection,
    organization: OrganizationId,
    application: ApplicationId,
    slug: &str,
    step: Step<'_>,
) -> Result<()> {
    let mut tx = conn.begin().await?;
    store::lock(&mut tx, organization).await?;
    let (moved, state, commit_id) = match step {
        Step::Delivering => {
            (store::set_delivering(&mut tx, application).await?, ApplicationState::Delivering, None)
        }
        Step::Committed { repository, commit_id } => {
            let moved = store::set_committed(&mut tx, application, repository, commit_id).await?;
            (moved, ApplicationState::Committed, Some(commit_id))
        }
        Step::Failed { problem } => {
            (store::set_failed(&mut tx, application, problem).await?, ApplicationState::Failed, None)
        }
    };
    if moved {
        let payload = json!({ "app": slug, "state": state, "commit_id": commit_id });
        jobs::tell_organization(&mut tx, organization, "application", &payload).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Makes an Organization active when all its Applications are in Git.
pub async fn activate(conn: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    let mut tx = conn.begin().await?;
    store::lock(&mut tx, organization).await?;
    if store::set_active(&mut tx, organization).await? {
        jobs::tell_organization(&mut tx, organization, "organization", &json!({ "state": "active" })).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Says that provisioning was given up.
pub async fn fail(conn: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    let mut tx = conn.begin().await?;
    store::lock(&mut tx, organization).await?;
    if store::set_organization_failed(&mut tx, organization).await? {
        jobs::tell_organization(&mut tx, organization, "organization", &json!({ "state": "failed" })).await?;
    }
    tx.commit().await?;
    Ok(())
}
