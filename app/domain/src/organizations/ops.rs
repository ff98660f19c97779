//! The verbs of Organizations.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    ApplicationState, Choice, Organization, OrganizationState, Repository, Summary,
    store::{self, NewOrganization},
};
use crate::{
    access::{Actor, Manager, Member, Superadmin, Worker},
    audit::{self, Action},
    error::{Error, Result},
    events::{self, Event, Subject},
    ids::{AppId, ApplicationId, BillingAccountId, OrderId, OrganizationId, PlanId},
    jobs::{self, DeliverOrder},
    page::{Page, PageRequest},
    text::{OrganizationName, Slug},
};

/// Whether a name is still free. Names of Organizations that are gone stay taken.
pub async fn slug_is_free(conn: &mut PgConnection, slug: &Slug) -> Result<bool> {
    Ok(!store::slug_exists(conn, slug).await?)
}

/// The proof that somebody belongs to an Organization; to others it does not exist.
pub async fn member(actor: &Actor, conn: &mut PgConnection, id: OrganizationId) -> Result<Member> {
    let role = store::role_of(conn, id, actor.id()).await?.ok_or(Error::NotFound)?;
    Ok(Member::new(actor.clone(), id, role))
}

/// The same for an Organization that is called by its id or its slug.
pub async fn member_of(actor: &Actor, conn: &mut PgConnection, text: &str) -> Result<Member> {
    if let Ok(id) = text.parse() {
        return member(actor, conn, id).await;
    }
    let (id, role) = store::membership(conn, text, actor.id()).await?.ok_or(Error::NotFound)?;
    Ok(Member::new(actor.clone(), id, role))
}

/// Makes an Organization, with whoever acts as its owner, in the caller's transaction.
pub(crate) async fn create(
    owner: &Actor,
    conn: &mut PgConnection,
    name: &OrganizationName,
    slug: &Slug,
    plan: PlanId,
    payer: BillingAccountId,
) -> Result<OrganizationId> {
    let id = OrganizationId::new();
    store::insert(conn, &NewOrganization { id, slug, name, plan, payer, owner: owner.id() }).await?;
    Ok(id)
}

/// Which billing account pays for the Organization.
pub(crate) async fn billing_account(manager: &Manager, conn: &mut PgConnection) -> Result<BillingAccountId> {
    store::billing_account(conn, manager.organization_id()).await
}

/// Moves the Organization to a plan, in the caller's transaction. `Gone` where it is on its way out, and nothing more
/// can be bought for it.
pub(crate) async fn choose_plan(manager: &Manager, conn: &mut PgConnection, plan: PlanId) -> Result<()> {
    if store::set_plan(conn, manager.organization_id(), plan).await? { Ok(()) } else { Err(Error::Gone) }
}

/// Adds the Applications of an order, in the caller's transaction. One that the Organization already has stays as it
/// is.
pub(crate) async fn add_applications<'a>(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    apps: impl Iterator<Item = (AppId, &'a str)>,
) -> Result<()> {
    let (apps, slugs): (Vec<AppId>, Vec<String>) = apps.map(|(app, slug)| (app, slug.to_owned())).unzip();
    store::insert_applications(conn, organization, order, &apps, &slugs).await
}

/// The Organizations that somebody belongs to, the one that they joined last first, with their Applications.
pub async fn mine(
    actor: &Actor,
    conn: &mut PgConnection,
    wanted: &PageRequest,
) -> Result<Page<Organization>> {
    let mut page = store::of_account(conn, actor.id(), wanted).await?;
    add_what_they_run(conn, &mut page.items).await?;
    Ok(page)
}

/// The same ones in the same order, for somebody to choose from.
pub async fn choices(actor: &Actor, conn: &mut PgConnection, wanted: &PageRequest) -> Result<Page<Choice>> {
    store::choices(conn, actor.id(), wanted).await
}

pub async fn one(member: &Member, conn: &mut PgConnection) -> Result<Organization> {
    let found = store::find(conn, member.organization_id(), member.actor().id()).await?;
    let mut organization = found.ok_or(Error::NotFound)?;
    add_what_they_run(conn, std::slice::from_mut(&mut organization)).await?;
    Ok(organization)
}

async fn add_what_they_run(conn: &mut PgConnection, organizations: &mut [Organization]) -> Result<()> {
    let ids: Vec<OrganizationId> = organizations.iter().map(|one| one.organization_id).collect();
    for (id, application) in store::applications(conn, &ids).await? {
        if let Some(one) = organizations.iter_mut().find(|one| one.organization_id == id) {
            one.applications.push(application);
        }
    }
    Ok(())
}

/// Those of everybody.
pub async fn newest(_: &Superadmin, conn: &mut PgConnection, wanted: &PageRequest) -> Result<Page<Summary>> {
    store::summaries(conn, wanted).await
}

/// What happened after an event that the reader has seen.
pub async fn events_after(member: &Member, conn: &mut PgConnection, after: i64) -> Result<Vec<Event>> {
    events::after(conn, Subject::Organization(member.organization_id()), after).await
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

/// What of an order is not in Git yet.
pub async fn undelivered(_: &Worker, conn: &mut PgConnection, order: OrderId) -> Result<Vec<Delivery>> {
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
    Committed { repository: &'a Repository, commit_id: &'a str },
    Failed { problem: &'a str },
}

/// Moves an Application of an order on, and tells those who watch its Organization and its order, in one transaction.
/// A move that the state does not allow changes nothing.
pub async fn advance(
    _: &Worker,
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    application: &Delivery,
    step: Step<'_>,
) -> Result<()> {
    let mut tx = conn.begin().await?;
    let id = application.application_id;
    store::lock(&mut tx, organization).await?;
    let (moved, state, commit_id) = match step {
        Step::Delivering => (store::set_delivering(&mut tx, id).await?, ApplicationState::Delivering, None),
        Step::Committed { repository, commit_id } => {
            let moved = store::set_committed(&mut tx, id, repository, commit_id).await?;
            (moved, ApplicationState::Committed, Some(commit_id))
        }
        Step::Failed { problem } => {
            (store::set_failed(&mut tx, id, problem).await?, ApplicationState::Failed, None)
        }
    };
    if moved {
        tell_application(&mut tx, organization, order, &application.slug, state, commit_id).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Tells those who watch the Organization or the order.
async fn tell_application(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    app: &str,
    state: ApplicationState,
    commit_id: Option<&str>,
) -> Result<()> {
    let payload = json!({ "app": app, "state": state, "commit_id": commit_id });
    for subject in [Subject::Organization(organization), Subject::Order(order)] {
        events::record(conn, subject, "application", &payload).await?;
    }
    Ok(())
}

async fn tell_organization(
    conn: &mut PgConnection,
    id: OrganizationId,
    state: OrganizationState,
) -> Result<()> {
    events::record(conn, Subject::Organization(id), "organization", &json!({ "state": state })).await
}

/// Makes an Organization active when all its Applications are in Git.
pub async fn activate(_: &Worker, conn: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    let mut tx = conn.begin().await?;
    store::lock(&mut tx, organization).await?;
    if store::set_active(&mut tx, organization).await? {
        tell_organization(&mut tx, organization, OrganizationState::Active).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Says that provisioning was given up.
pub async fn fail(_: &Worker, conn: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    let mut tx = conn.begin().await?;
    store::lock(&mut tx, organization).await?;
    if store::set_organization_failed(&mut tx, organization).await? {
        tell_organization(&mut tx, organization, OrganizationState::Failed).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sends what could not be delivered once more. Gives how many Applications that is: none where nothing has failed.
pub async fn retry(manager: &Manager, conn: &mut PgConnection) -> Result<usize> {
    let request = manager.actor().origin().request_id;
    let mut tx = conn.begin().await?;
    let sent = send_again(&mut tx, manager.organization_id(), request).await?;
    tx.commit().await?;
    Ok(sent)
}

/// The same by somebody who belongs to the platform, for any Organization.
pub async fn retry_for(
    superadmin: &Superadmin,
    conn: &mut PgConnection,
    organization: OrganizationId,
) -> Result<usize> {
    let request = superadmin.actor().origin().request_id;
    let mut tx = conn.begin().await?;
    let sent = send_again(&mut tx, organization, request).await?;
    audit::record(superadmin, &mut tx, Action::RetryDelivery { organization }).await?;
    tx.commit().await?;
    Ok(sent)
}

async fn send_again(tx: &mut PgConnection, id: OrganizationId, request: Option<Uuid>) -> Result<usize> {
    store::lock(tx, id).await?;
    let failed = store::queue_failed(tx, id).await?;
    if failed.is_empty() {
        return Ok(0);
    }
    let mut orders = BTreeSet::new();
    for application in &failed {
        let order = application.order_id;
        tell_application(tx, id, order, &application.slug, ApplicationState::Queued, None).await?;
        orders.insert(order);
    }
    if store::set_provisioning(tx, id).await? {
        tell_organization(tx, id, OrganizationState::Provisioning).await?;
    }
    for order_id in orders {
        let key = format!("again:{}", Uuid::now_v7());
        jobs::enqueue(tx, &DeliverOrder { order_id }, &key, request).await?;
    }
    Ok(failed.len())
}
