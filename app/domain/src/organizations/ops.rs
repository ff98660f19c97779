//! The verbs of Organizations.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    ApplicationState, Choice, Delivery, Ordered, Organization, OrganizationState, Repository, Summary,
    returns,
    store::{self, NewOrganization},
};
use crate::{
    access::{Actor, Manager, Member, Superadmin, Worker},
    audit::{self, Action},
    billing::{self, LockedAccount},
    catalog::App,
    error::{Error, Refusal, Result},
    events::{self, Event, Subject},
    ids::{BillingAccountId, OrderId, OrganizationId, PlanId},
    jobs::{self, DeliverOrder},
    orders,
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

/// Moves the Organization to a plan, in the caller's transaction, in which these apps are ordered for it. Gives its
/// name. `Gone` where it is on its way out, and nothing more can be bought for it; refused where it has one of the
/// apps.
pub(crate) async fn choose_plan(
    manager: &Manager,
    conn: &mut PgConnection,
    plan: PlanId,
    apps: &[&App],
) -> Result<String> {
    let slugs: Vec<String> = apps.iter().map(|app| app.slug.clone()).collect();
    let planned = store::set_plan(conn, manager.organization_id(), plan, &slugs).await?.ok_or(Error::Gone)?;
    refuse_any(apps, |app| planned.had.contains(&app.slug), &planned.name)?;
    Ok(planned.name)
}

/// Nobody pays for an app that the Organization has.
fn refuse_any(apps: &[&App], has: impl Fn(&App) -> bool, organization: &str) -> Result<()> {
    match apps.iter().find(|app| has(app)) {
        Some(app) => {
            let (organization, app) = (organization.to_owned(), app.name.clone());
            Err(Refusal::AppInstalled { organization, app }.into())
        }
        None => Ok(()),
    }
}

/// Adds the Applications of an order, in the caller's transaction. One that failed becomes the order's, as it is
/// ordered now; refused where the Organization has one of them in any other state.
pub(crate) async fn add_applications(conn: &mut PgConnection, ordered: &Ordered<'_>) -> Result<()> {
    let added = store::insert_applications(conn, ordered).await?;
    refuse_any(ordered.apps, |app| !added.contains(&app.slug), ordered.organization_name)
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

/// What of an order is not in Git yet.
pub async fn undelivered(_: &Worker, conn: &mut PgConnection, order: OrderId) -> Result<Vec<Delivery>> {
    store::undelivered(conn, order).await
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
    store::lock(&mut tx, organization).await?;
    take_step(&mut tx, organization, order, application, step).await?;
    tx.commit().await?;
    Ok(())
}

/// In the transaction of a caller who has locked the Organization.
async fn take_step(
    tx: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    application: &Delivery,
    step: Step<'_>,
) -> Result<()> {
    let id = application.application_id;
    let (moved, state, commit_id) = match step {
        Step::Delivering => (store::set_delivering(tx, id).await?, ApplicationState::Delivering, None),
        Step::Committed { repository, commit_id } => {
            let moved = store::set_committed(tx, id, repository, commit_id).await?;
            (moved, ApplicationState::Committed, Some(commit_id))
        }
        Step::Failed { problem } => {
            (store::set_failed(tx, id, problem).await?, ApplicationState::Failed, None)
        }
    };
    if moved {
        tell_application(tx, organization, order, &application.slug, state, commit_id).await?;
    }
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
    tell_failure(&mut tx, organization).await?;
    tx.commit().await?;
    Ok(())
}

async fn tell_failure(tx: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    if store::set_organization_failed(tx, organization).await? {
        tell_organization(tx, organization, OrganizationState::Failed).await?;
    }
    Ok(())
}

/// Gives the delivery of an order up: what is not in Git has failed, and where that is all of it, its credit is
/// returned. Safe to repeat, and nothing where there is no such order.
pub async fn give_up(_: &Worker, conn: &mut PgConnection, order: OrderId, problem: &str) -> Result<()> {
    let mut tx = conn.begin().await?;
    let Some(organization) = orders::ops::organization(&mut tx, order).await? else { return Ok(()) };
    lock_with_payer(&mut tx, organization).await?;
    for application in store::undelivered(&mut tx, order).await? {
        take_step(&mut tx, organization, order, &application, Step::Failed { problem }).await?;
    }
    tell_failure(&mut tx, organization).await?;
    returns::give_back(&mut tx, organization, order).await?;
    tx.commit().await?;
    Ok(())
}

/// The billing account first, as orders do: whoever moves credit waits there for one another.
async fn lock_with_payer(tx: &mut PgConnection, organization: OrganizationId) -> Result<LockedAccount> {
    let payer = store::billing_account(tx, organization).await?;
    let payer = billing::lock(tx, payer).await?;
    store::lock(tx, organization).await?;
    Ok(payer)
}

/// Sends what could not be delivered once more. Gives how many Applications that is: none where nothing has failed.
/// Credit that was returned is taken again; refused where it is gone, and then nothing changes. `Gone` where the
/// Organization is on its way out.
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
    let payer = lock_with_payer(tx, id).await?;
    returns::take_again(tx, id, payer).await?;
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
