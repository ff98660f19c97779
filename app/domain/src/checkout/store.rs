//! The SQL of checkout, one statement a function.

use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Line;
use crate::{
    error::{Conflict, OnConstraint, Result},
    ids::{AccountId, AppId, ApplicationId, OrderId, OrganizationId, PlanId, PromoCodeId},
    money::Money,
    text::{Localized, OrganizationName, Slug},
};

/// True: the key is new and this order is the one. False: it was used before.
pub(super) async fn claim_key(
    conn: &mut PgConnection,
    account: AccountId,
    key: &str,
    request_hash: &[u8],
    order_id: OrderId,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into idempotency (account_id, key, request_hash, order_id) values ($1, $2, $3, $4)
         on conflict (account_id, key) do nothing",
        account.0,
        key,
        request_hash,
        order_id.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) struct KeyRow {
    pub request_hash: Vec<u8>,
    pub order_id: Option<OrderId>,
    pub credit_minor: Option<i64>,
    pub currency: Option<String>,
}

pub(super) async fn find_key(
    conn: &mut PgConnection,
    account: AccountId,
    key: &str,
) -> Result<Option<KeyRow>> {
    Ok(sqlx::query_as!(
        KeyRow,
        r#"select request_hash, order_id as "order_id: OrderId", credit_minor, currency from idempotency
           where account_id = $1 and key = $2"#,
        account.0,
        key,
    )
    .fetch_optional(conn)
    .await?)
}

/// Keeps what is left after the order, for whoever repeats its key.
pub(super) async fn note_credit(
    conn: &mut PgConnection,
    account: AccountId,
    key: &str,
    credit: Money,
) -> Result<()> {
    sqlx::query!(
        "update idempotency set credit_minor = $3, currency = $4 where account_id = $1 and key = $2",
        account.0,
        key,
        credit.minor(),
        credit.currency().code(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Everything that one person buys happens one after another.
pub(super) async fn lock_account(conn: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("select account_id from account where account_id = $1 for no key update", account.0)
        .fetch_one(conn)
        .await?;
    Ok(())
}

pub(super) async fn insert_organization(
    conn: &mut PgConnection,
    id: OrganizationId,
    slug: &Slug,
    name: &OrganizationName,
    plan: PlanId,
) -> Result<()> {
    sqlx::query!(
        "insert into organization (organization_id, slug, name, state, plan_id)
         values ($1, $2, $3, 'provisioning', $4)",
        id.0,
        slug.as_str(),
        name.as_str(),
        plan.0,
    )
    .execute(conn)
    .await
    .on_constraint("organization_slug_key", || Conflict::SlugTaken.into())?;
    Ok(())
}

pub(super) async fn insert_owner(
    conn: &mut PgConnection,
    id: OrganizationId,
    account: AccountId,
) -> Result<()> {
    sqlx::query!(
        "insert into organization_member (organization_id, account_id, role) values ($1, $2, 'owner')",
        id.0,
        account.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// False: the Organization is on its way out, and nothing more can be bought for it.
pub(super) async fn set_plan(conn: &mut PgConnection, id: OrganizationId, plan: PlanId) -> Result<bool> {
    let done = sqlx::query!(
        "update organization set plan_id = $2
         where organization_id = $1 and state in ('provisioning', 'active', 'failed')",
        id.0,
        plan.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) struct NewOrder {
    pub id: OrderId,
    pub account: AccountId,
    pub organization: OrganizationId,
    pub plan: PlanId,
    pub total: Money,
    pub promo_code: Option<PromoCodeId>,
}

pub(super) async fn insert_order(conn: &mut PgConnection, order: &NewOrder) -> Result<()> {
    sqlx::query!(
        "insert into customer_order (order_id, account_id, organization_id, plan_id, total_minor, currency, state,
             paid_by, promo_code_id)
         values ($1, $2, $3, $4, $5, $6, 'completed', 'credit', $7)",
        order.id.0,
        order.account.0,
        order.organization.0,
        order.plan.0,
        order.total.minor(),
        order.total.currency().code(),
        order.promo_code.map(|id| id.0),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_line(
    conn: &mut PgConnection,
    order: OrderId,
    position: i32,
    line: &Line,
) -> Result<()> {
    sqlx::query!(
        "insert into order_line (order_id, position, kind, slug, name, amount_minor, currency)
         values ($1, $2, $3, $4, $5, $6, $7)",
        order.0,
        position,
        line.kind.name(),
        line.slug,
        Json(&line.name) as Json<&Localized>,
        line.amount.minor(),
        line.amount.currency().code(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn end_subscription(conn: &mut PgConnection, organization: OrganizationId) -> Result<()> {
    sqlx::query!(
        "update subscription set state = 'ended', ended_at = now() where organization_id = $1 and state = 'active'",
        organization.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn insert_subscription(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    plan: PlanId,
) -> Result<()> {
    sqlx::query!(
        "insert into subscription (subscription_id, organization_id, order_id, plan_id) values ($1, $2, $3, $4)",
        Uuid::now_v7(),
        organization.0,
        order.0,
        plan.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An app that the Organization already has stays as it is.
pub(super) async fn insert_application(
    conn: &mut PgConnection,
    organization: OrganizationId,
    order: OrderId,
    app: AppId,
    slug: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into application (application_id, organization_id, order_id, app_id, slug)
         values ($1, $2, $3, $4, $5) on conflict (organization_id, slug) do nothing",
        ApplicationId::new().0,
        organization.0,
        order.0,
        app.0,
        slug,
    )
    .execute(conn)
    .await?;
    Ok(())
}
