//! The SQL of Organizations, one statement a function.

use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Application, ApplicationState, Choice, Delivery, Ordered, Organization, OrganizationState, Repository,
    Summary,
};
use crate::{
    access::MemberRole,
    error::{Conflict, OnConstraint, Result},
    ids::{AccountId, ApplicationId, BillingAccountId, OrderId, OrganizationId, PlanId},
    page::{Cursor, Page, PageRequest},
    text::{Localized, OrganizationName, Slug},
};

pub(super) async fn slug_exists(conn: &mut PgConnection, slug: &Slug) -> Result<bool> {
    let row = sqlx::query!(r#"select 1 as "one!" from organization where slug = $1"#, slug.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

pub(super) struct NewOrganization<'a> {
    pub id: OrganizationId,
    pub slug: &'a Slug,
    pub name: &'a OrganizationName,
    pub plan: PlanId,
    pub payer: BillingAccountId,
    pub owner: AccountId,
}

/// The Organization with its owner.
pub(super) async fn insert(conn: &mut PgConnection, new: &NewOrganization<'_>) -> Result<()> {
    sqlx::query!(
        "with made as (
             insert into organization (organization_id, slug, name, state, plan_id, billing_account_id)
             values ($1, $2, $3, 'provisioning', $4, $5)
         )
         insert into organization_member (organization_id, account_id, role) values ($1, $6, 'owner')",
        new.id.0,
        new.slug.as_str(),
        new.name.as_str(),
        new.plan.0,
        new.payer.0,
        new.owner.0,
    )
    .execute(conn)
    .await
    .on_constraint("organization_slug_key", || Conflict::SlugTaken.into())?;
    Ok(())
}

pub(super) async fn billing_account(conn: &mut PgConnection, id: OrganizationId) -> Result<BillingAccountId> {
    Ok(sqlx::query_scalar!(
        r#"select billing_account_id as "id: BillingAccountId" from organization where organization_id = $1"#,
        id.0,
    )
    .fetch_one(conn)
    .await?)
}

pub(super) struct Planned {
    pub name: String,
    /// Which of the apps that were asked about the Organization has; one that failed it has not.
    pub had: Vec<String>,
}

/// None: the Organization is on its way out.
pub(super) async fn set_plan(
    conn: &mut PgConnection,
    id: OrganizationId,
    plan: PlanId,
    apps: &[String],
) -> Result<Option<Planned>> {
    Ok(sqlx::query_as!(
        Planned,
        r#"update organization set plan_id = $2
           where organization_id = $1 and state in ('provisioning', 'active', 'failed')
           returning name, array(select slug from application
                                 where application.organization_id = $1 and application.slug = any($3)
                                     and application.state <> 'failed') as "had!""#,
        id.0,
        plan.0,
        apps,
    )
    .fetch_optional(conn)
    .await?)
}

/// One that failed is from now on the order's. Gives the slugs of those that the order has: any other is the
/// Organization's already.
pub(super) async fn insert_applications(
    conn: &mut PgConnection,
    ordered: &Ordered<'_>,
) -> Result<Vec<String>> {
    let apps = ordered.apps;
    let ids: Vec<Uuid> = apps.iter().map(|_| ApplicationId::new().0).collect();
    let app_ids: Vec<Uuid> = apps.iter().map(|app| app.app_id.0).collect();
    let slugs: Vec<String> = apps.iter().map(|app| app.slug.clone()).collect();
    let names: Vec<String> = apps.iter().map(|app| app.name.clone()).collect();
    let versions: Vec<String> = apps.iter().map(|app| app.blueprint_version.clone()).collect();
    let ram: Vec<i32> = apps.iter().map(|app| app.ram_mb).collect();
    let cpu: Vec<i32> = apps.iter().map(|app| app.cpu_milli).collect();
    let disk: Vec<i32> = apps.iter().map(|app| app.disk_gb).collect();
    Ok(sqlx::query_scalar!(
        "insert into application (application_id, organization_id, order_id, app_id, slug, name, blueprint_version,
             ram_mb, cpu_milli, disk_gb, organization_name, plan, ordered_by, apps_domain)
         select id, $1, $2, app, slug, name, version, ram, cpu, disk, $3, $4, $5, $6
         from unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::int[], $13::int[], $14::int[])
             as one (id, app, slug, name, version, ram, cpu, disk)
         on conflict (organization_id, slug) do update set order_id = excluded.order_id, app_id = excluded.app_id,
             state = 'queued', problem = null, name = excluded.name, blueprint_version = excluded.blueprint_version,
             ram_mb = excluded.ram_mb, cpu_milli = excluded.cpu_milli, disk_gb = excluded.disk_gb,
             organization_name = excluded.organization_name, plan = excluded.plan, ordered_by = excluded.ordered_by,
             apps_domain = excluded.apps_domain
             where application.state = 'failed'
         returning slug",
        ordered.organization.0,
        ordered.order.0,
        ordered.organization_name,
        ordered.plan.slug,
        ordered.buyer.account().email.as_str(),
        ordered.apps_domain,
        &ids,
        &app_ids,
        &slugs,
        &names,
        &versions,
        &ram,
        &cpu,
        &disk,
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn role_of(
    conn: &mut PgConnection,
    id: OrganizationId,
    account: AccountId,
) -> Result<Option<MemberRole>> {
    let row = sqlx::query!(
        r#"select role as "role: MemberRole" from organization_member
           join organization using (organization_id)
           where organization_id = $1 and account_id = $2 and state <> 'deleted'"#,
        id.0,
        account.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.role))
}

/// The role of a member, by the Organization's slug.
pub(super) async fn membership(
    conn: &mut PgConnection,
    slug: &str,
    account: AccountId,
) -> Result<Option<(OrganizationId, MemberRole)>> {
    let row = sqlx::query!(
        r#"select organization_id as "id: OrganizationId", role as "role: MemberRole" from organization_member
           where account_id = $2
               and organization_id = (select organization_id from organization where slug = $1 and state <> 'deleted')"#,
        slug,
        account.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id, row.role)))
}

struct Row {
    organization_id: OrganizationId,
    slug: String,
    name: String,
    state: OrganizationState,
    plan: String,
    plan_name: Json<Localized>,
    created_at: OffsetDateTime,
    last_event: i64,
    /// Since when somebody belongs to it.
    joined_at: OffsetDateTime,
}

impl From<Row> for Organization {
    fn from(row: Row) -> Self {
        Self {
            organization_id: row.organization_id,
            slug: row.slug,
            name: row.name,
            state: row.state,
            plan: row.plan,
            plan_name: row.plan_name.0,
            created_at: row.created_at,
            applications: Vec::new(),
            last_event: row.last_event,
        }
    }
}

/// An Organization as a member sees it, without its Applications.
pub(super) async fn find(
    conn: &mut PgConnection,
    id: OrganizationId,
    account: AccountId,
) -> Result<Option<Organization>> {
    let row = sqlx::query_as!(
        Row,
        r#"select organization_id as "organization_id: OrganizationId", organization.slug, organization.name,
               state as "state: OrganizationState", plan.slug as plan, plan.name as "plan_name: Json<Localized>",
               organization.created_at, organization_member.created_at as joined_at,
               (select coalesce(max(event_id), 0) from event
                where subject_kind = 'organization' and subject_id = organization.organization_id) as "last_event!"
           from organization
           join organization_member using (organization_id)
           join plan using (plan_id)
           where organization_id = $1 and account_id = $2 and state <> 'deleted'"#,
        id.0,
        account.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Into::into))
}

/// Those that somebody belongs to, the one that they joined last first, without their Applications.
pub(super) async fn of_account(
    conn: &mut PgConnection,
    account: AccountId,
    wanted: &PageRequest,
) -> Result<Page<Organization>> {
    let before = wanted.bounds();
    let rows = sqlx::query_as!(
        Row,
        r#"select organization_id as "organization_id: OrganizationId", organization.slug, organization.name,
               state as "state: OrganizationState", plan.slug as plan, plan.name as "plan_name: Json<Localized>",
               organization.created_at, organization_member.created_at as joined_at,
               (select coalesce(max(event_id), 0) from event
                where subject_kind = 'organization' and subject_id = organization.organization_id) as "last_event!"
           from organization_member
           join organization using (organization_id)
           join plan using (plan_id)
           where account_id = $1 and state <> 'deleted' and (organization_member.created_at, organization_id) < ($2, $3)
           order by organization_member.created_at desc, organization_id desc limit $4"#,
        account.0,
        before.at,
        before.id,
        before.rows,
    )
    .fetch_all(conn)
    .await?;
    let page = Page::of(rows, wanted, |row| Cursor::new(row.joined_at, row.organization_id.0));
    Ok(page.map(Into::into))
}

/// The same ones in the same order, for somebody to choose from.
pub(super) async fn choices(
    conn: &mut PgConnection,
    account: AccountId,
    wanted: &PageRequest,
) -> Result<Page<Choice>> {
    let before = wanted.bounds();
    let rows = sqlx::query!(
        r#"select organization_id as "organization_id: OrganizationId", slug, name,
               organization_member.created_at as joined_at
           from organization_member
           join organization using (organization_id)
           where account_id = $1 and state <> 'deleted' and (organization_member.created_at, organization_id) < ($2, $3)
           order by organization_member.created_at desc, organization_id desc limit $4"#,
        account.0,
        before.at,
        before.id,
        before.rows,
    )
    .fetch_all(conn)
    .await?;
    let page = Page::of(rows, wanted, |row| Cursor::new(row.joined_at, row.organization_id.0));
    Ok(page.map(|row| Choice { organization_id: row.organization_id, slug: row.slug, name: row.name }))
}

/// Of all these Organizations, each with whose it is, by name.
pub(super) async fn applications(
    conn: &mut PgConnection,
    of: &[OrganizationId],
) -> Result<Vec<(OrganizationId, Application)>> {
    let of: Vec<Uuid> = of.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select application.organization_id as "organization_id: OrganizationId",
               application_id as "application_id: ApplicationId", application.slug, app.name,
               application.state as "state: ApplicationState", repository_provider, repository_owner, repository_name,
               commit_id, customer_order.state = 'refunded' and total_minor > 0 as "returned!"
           from application join app using (app_id) join customer_order using (order_id)
           where application.organization_id = any($1) order by app.name"#,
        &of,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let repository = row.repository_provider.zip(row.repository_owner.zip(row.repository_name));
            let application = Application {
                application_id: row.application_id,
                slug: row.slug,
                name: row.name,
                state: row.state,
                repository: repository.map(|(provider, (owner, name))| Repository { provider, owner, name }),
                commit_id: row.commit_id,
                returned: row.returned,
            };
            (row.organization_id, application)
        })
        .collect())
}

pub(super) async fn summaries(conn: &mut PgConnection, wanted: &PageRequest) -> Result<Page<Summary>> {
    let before = wanted.bounds();
    let rows = sqlx::query!(
        r#"select organization_id as "organization_id: OrganizationId", page.slug, page.name,
               state as "state: OrganizationState", plan.name as "plan_name: Json<Localized>", page.created_at,
               (select count(*) from organization_member member
                where member.organization_id = page.organization_id) as "members!",
               (select count(*) from application
                where application.organization_id = page.organization_id) as "applications!"
           from (select * from organization where (created_at, organization_id) < ($1, $2)
                 order by created_at desc, organization_id desc limit $3) page
           join plan using (plan_id)
           order by page.created_at desc, organization_id desc"#,
        before.at,
        before.id,
        before.rows,
    )
    .fetch_all(conn)
    .await?;
    let page = Page::of(rows, wanted, |row| Cursor::new(row.created_at, row.organization_id.0));
    Ok(page.map(|row| Summary {
        organization_id: row.organization_id,
        slug: row.slug,
        name: row.name,
        state: row.state,
        plan_name: row.plan_name.0,
        members: row.members,
        applications: row.applications,
        created_at: row.created_at,
    }))
}

/// What of an order is not in Git yet.
pub(super) async fn undelivered(conn: &mut PgConnection, order: OrderId) -> Result<Vec<Delivery>> {
    Ok(sqlx::query_as!(
        Delivery,
        r#"select application_id as "application_id: ApplicationId", slug, name, blueprint_version, ram_mb, cpu_milli,
               disk_gb, organization_name, plan, ordered_by, apps_domain
           from application where order_id = $1 and state <> 'committed' order by slug"#,
        order.0,
    )
    .fetch_all(conn)
    .await?)
}

/// Not where the order's credit was returned.
pub(super) async fn set_delivering(conn: &mut PgConnection, id: ApplicationId) -> Result<bool> {
    let done = sqlx::query!(
        "update application set state = 'delivering', problem = null
         where application_id = $1 and state in ('queued', 'failed')
             and exists (select from customer_order
                         where customer_order.order_id = application.order_id and customer_order.state = 'completed')",
        id.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Not where the order's credit was returned meanwhile: it is to be paid again first.
pub(super) async fn set_committed(
    conn: &mut PgConnection,
    id: ApplicationId,
    repository: &Repository,
    commit_id: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "update application set state = 'committed', repository_provider = $2, repository_owner = $3,
             repository_name = $4, commit_id = $5, problem = null
         where application_id = $1 and state in ('queued', 'delivering', 'failed')
             and exists (select from customer_order
                         where customer_order.order_id = application.order_id and customer_order.state = 'completed')",
        id.0,
        repository.provider,
        repository.owner,
        repository.name,
        commit_id,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_failed(conn: &mut PgConnection, id: ApplicationId, problem: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update application set state = 'failed', problem = $2
         where application_id = $1 and state in ('queued', 'delivering')",
        id.0,
        problem,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Failed Applications of some orders become another order's.
pub(super) async fn join_order(conn: &mut PgConnection, of: &[OrderId], order: OrderId) -> Result<()> {
    let of: Vec<Uuid> = of.iter().map(|order| order.0).collect();
    sqlx::query!(
        "update application set order_id = $2 where order_id = any($1) and state = 'failed'",
        &of,
        order.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) struct Failed {
    pub order_id: OrderId,
    pub slug: String,
}

/// Failed Applications wait again; of two who ask at once, one is given them.
pub(super) async fn queue_failed(conn: &mut PgConnection, id: OrganizationId) -> Result<Vec<Failed>> {
    Ok(sqlx::query_as!(
        Failed,
        r#"update application set state = 'queued', problem = null
           where organization_id = $1 and state = 'failed'
           returning order_id as "order_id: OrderId", slug"#,
        id.0,
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn set_provisioning(conn: &mut PgConnection, id: OrganizationId) -> Result<bool> {
    let done = sqlx::query!(
        "update organization set state = 'provisioning' where organization_id = $1 and state = 'failed'",
        id.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Provisioning or failed becomes active when nothing is left to deliver; nothing else does.
pub(super) async fn set_active(conn: &mut PgConnection, id: OrganizationId) -> Result<bool> {
    let done = sqlx::query!(
        "update organization set state = 'active'
         where organization_id = $1 and state in ('provisioning', 'failed')
             and not exists (select from application
                             where application.organization_id = $1 and application.state <> 'committed')",
        id.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_organization_failed(conn: &mut PgConnection, id: OrganizationId) -> Result<bool> {
    let done = sqlx::query!(
        "update organization set state = 'failed' where organization_id = $1 and state = 'provisioning'",
        id.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Orders the writers of one Organization's events, so that their ids rise in the order of their commits.
pub(super) async fn lock(conn: &mut PgConnection, id: OrganizationId) -> Result<()> {
    sqlx::query!(
        "select organization_id from organization where organization_id = $1 for no key update",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}
