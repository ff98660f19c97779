//! The SQL of orders, one statement a function.

use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use super::{Line, LineKind, NewOrder, Order, OrderState, Refunded, Revenue};
use crate::{
    db::money,
    error::{Error, Result},
    ids::{AccountId, OrderId, OrganizationId, PlanId},
    money::{Currency, Money},
    page::{Cursor, Page, PageRequest},
    text::{Localized, VoucherCode},
};

pub(super) struct Row {
    order_id: OrderId,
    organization_id: OrganizationId,
    organization_name: String,
    organization_slug: String,
    email: String,
    plan: String,
    plan_name: Json<Localized>,
    total_minor: i64,
    currency: String,
    state: String,
    promo_code: Option<VoucherCode>,
    promo_deleted: bool,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Order {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            order_id: row.order_id,
            organization_id: row.organization_id,
            organization_name: row.organization_name,
            organization_slug: row.organization_slug,
            email: row.email,
            plan: row.plan,
            plan_name: row.plan_name.0,
            total: money(row.total_minor, &row.currency)?,
            state: row.state,
            promo_code: row.promo_code,
            promo_deleted: row.promo_deleted,
            created_at: row.created_at,
            lines: Vec::new(),
        })
    }
}

/// The order with its lines.
pub(super) async fn insert(conn: &mut PgConnection, account: AccountId, order: &NewOrder<'_>) -> Result<()> {
    let lines = order.lines;
    let kinds: Vec<String> = lines.iter().map(|line| line.kind.name().to_owned()).collect();
    let slugs: Vec<String> = lines.iter().map(|line| line.slug.clone()).collect();
    let names: Vec<Json<&Localized>> = lines.iter().map(|line| Json(&line.name)).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.amount.minor()).collect();
    sqlx::query!(
        "with placed as (
             insert into customer_order (order_id, account_id, organization_id, plan_id, total_minor, currency, state,
                 paid_by, promo_code_id)
             values ($1, $2, $3, $4, $5, $6, 'completed', 'credit', $7)
         )
         insert into order_line (order_id, position, kind, slug, name, amount_minor, currency)
         select $1, position - 1, kind, slug, name, minor, $6
         from unnest($8::text[], $9::text[], $10::jsonb[], $11::bigint[])
             with ordinality as line (kind, slug, name, minor, position)",
        order.id.0,
        account.0,
        order.organization.0,
        order.plan.0,
        order.total.minor(),
        order.total.currency().code(),
        order.promo_code.map(|id| id.0),
        &kinds,
        &slugs,
        &names as &[Json<&Localized>],
        &amounts,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// With `account`, only where it is theirs.
pub(super) async fn find(
    conn: &mut PgConnection,
    id: OrderId,
    account: Option<AccountId>,
) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select order_id as "order_id: OrderId", organization_id as "organization_id: OrganizationId",
               organization.name as organization_name, organization.slug as organization_slug, account.email,
               plan.slug as plan, plan.name as "plan_name: Json<Localized>", total_minor,
               customer_order.currency, customer_order.state, promo_code.code as "promo_code?: VoucherCode",
               promo_code.deleted_at is not null as "promo_deleted!", customer_order.created_at
           from customer_order
           join organization using (organization_id)
           join account using (account_id)
           join plan on plan.plan_id = customer_order.plan_id
           left join promo_code using (promo_code_id)
           where order_id = $1 and ($2::uuid is null or account_id = $2)"#,
        id.0,
        account.map(|id| id.0),
    )
    .fetch_optional(conn)
    .await?)
}

/// With `state`, only those in it. Which orders they are is read from one of two indexes, the rest by their ids.
pub(super) async fn newest(
    conn: &mut PgConnection,
    state: Option<OrderState>,
    wanted: &PageRequest,
) -> Result<Page<Row>> {
    let before = wanted.bounds();
    let rows = sqlx::query_as!(
        Row,
        r#"select order_id as "order_id!: OrderId", organization_id as "organization_id: OrganizationId",
               organization.name as organization_name, organization.slug as organization_slug, account.email,
               plan.slug as plan, plan.name as "plan_name: Json<Localized>", total_minor,
               customer_order.currency, customer_order.state, promo_code.code as "promo_code?: VoucherCode",
               promo_code.deleted_at is not null as "promo_deleted!", customer_order.created_at
           from (
               (select order_id from customer_order
                where $1::text is null and (created_at, order_id) < ($2, $3)
                order by created_at desc, order_id desc limit $4)
               union all
               (select order_id from customer_order
                where customer_order.state = $1 and (created_at, order_id) < ($2, $3)
                order by created_at desc, order_id desc limit $4)
           ) page
           join customer_order using (order_id)
           join organization using (organization_id)
           join account using (account_id)
           join plan on plan.plan_id = customer_order.plan_id
           left join promo_code using (promo_code_id)
           order by customer_order.created_at desc, order_id desc"#,
        state.map(OrderState::name),
        before.at,
        before.id,
        before.rows,
    )
    .fetch_all(conn)
    .await?;
    Ok(Page::of(rows, wanted, |row| Cursor::new(row.created_at, row.order_id.0)))
}

pub(super) async fn is_of(conn: &mut PgConnection, id: OrderId, account: AccountId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select 1 as "one!" from customer_order where order_id = $1 and account_id = $2"#,
        id.0,
        account.0,
    );
    Ok(found.fetch_optional(conn).await?.is_some())
}

pub(super) async fn organization(conn: &mut PgConnection, id: OrderId) -> Result<Option<OrganizationId>> {
    Ok(sqlx::query_scalar!(
        r#"select organization_id as "id: OrganizationId" from customer_order where order_id = $1"#,
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// False: it is refunded already, or something of it was delivered.
pub(super) async fn refund(conn: &mut PgConnection, id: OrderId) -> Result<bool> {
    let done = sqlx::query!(
        "update customer_order set state = 'refunded'
         where order_id = $1 and state = 'completed'
             and not exists (select from application
                             where application.order_id = $1 and application.state = 'committed')",
        id.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn complete_again(conn: &mut PgConnection, id: OrderId) -> Result<bool> {
    let done = sqlx::query!(
        "update customer_order set state = 'completed' where order_id = $1 and state = 'refunded'",
        id.0,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// With Applications that have failed, the newest first.
pub(super) async fn refunded(conn: &mut PgConnection, of: OrganizationId) -> Result<Vec<Refunded>> {
    let rows = sqlx::query!(
        r#"select order_id as "order_id: OrderId", plan_id as "plan: PlanId", total_minor, currency
           from customer_order
           where organization_id = $1 and state = 'refunded'
               and exists (select from application
                           where application.order_id = customer_order.order_id and application.state = 'failed')
           order by created_at desc, order_id desc"#,
        of.0,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let total = money(row.total_minor, &row.currency)?;
            Ok(Refunded { order_id: row.order_id, plan: row.plan, total })
        })
        .collect()
}

pub(super) async fn lines(conn: &mut PgConnection, id: OrderId) -> Result<Vec<Line>> {
    let rows = sqlx::query!(
        r#"select kind, slug, name as "name: Json<Localized>", amount_minor, currency
           from order_line where order_id = $1 order by position"#,
        id.0,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Line {
                kind: match row.kind.as_str() {
                    "plan" => LineKind::Plan,
                    "addon" => LineKind::Addon,
                    "discount" => LineKind::Discount,
                    _ => LineKind::App,
                },
                slug: row.slug,
                name: row.name.0,
                amount: money(row.amount_minor, &row.currency)?,
            })
        })
        .collect()
}

pub(super) async fn revenue(conn: &mut PgConnection, currency: Currency) -> Result<Revenue> {
    let row = sqlx::query!(
        r#"select
               (select coalesce(sum(amount_minor), 0)::bigint
                from subscription join subscription_line using (subscription_id)
                where subscription.state = 'active' and currency = $1 and amount_minor <> 0) as "monthly!",
               (select count(*) from (select from customer_order group by account_id) customer) as "customers!",
               (select count(*) from subscription where state = 'active') as "subscriptions!",
               (select count(*) from customer_order where state = 'completed') as "orders!",
               (select coalesce(sum(remaining_minor), 0)::bigint from grant_lot where currency = $1) as "outstanding!""#,
        currency.code(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Revenue {
        monthly: Money::from_minor(row.monthly, currency),
        customers: row.customers,
        active_subscriptions: row.subscriptions,
        orders: row.orders,
        credit_outstanding: Money::from_minor(row.outstanding, currency),
    })
}
