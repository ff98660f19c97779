//! The SQL of carts, one statement a function.

use sqlx::PgConnection;

use super::{APPS_MAX, Cart};
use crate::{
    checkout::Selection,
    db::SWEPT_AT_ONCE,
    error::{Error, OnConstraint, Problem, Result},
    ids::{CartId, CheckoutKey},
};

pub(super) struct Row {
    pub cart_id: CartId,
    pub plan: Option<String>,
    pub apps: Vec<String>,
    pub addons: Vec<String>,
    pub voucher_code: Option<String>,
    pub organization_name: String,
    pub organization_slug: String,
    pub checkout_key: CheckoutKey,
}

impl From<Row> for Cart {
    fn from(row: Row) -> Self {
        Self {
            cart_id: row.cart_id,
            selection: Selection { plan: row.plan, apps: row.apps, addons: row.addons },
            voucher_code: row.voucher_code,
            organization_name: row.organization_name,
            organization_slug: row.organization_slug,
            checkout_key: row.checkout_key,
        }
    }
}

pub(super) async fn find(conn: &mut PgConnection, id: CartId) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select cart_id as "cart_id: CartId", plan, apps, addons, voucher_code, organization_name,
               organization_slug, checkout_key as "checkout_key: CheckoutKey"
           from cart where cart_id = $1"#,
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn insert(conn: &mut PgConnection, id: CartId) -> Result<()> {
    sqlx::query!(
        "insert into cart (cart_id, checkout_key) values ($1, $2) on conflict (cart_id) do nothing",
        id.0,
        CheckoutKey::new().0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn set_plan(conn: &mut PgConnection, id: CartId, plan: &str) -> Result<()> {
    sqlx::query!("update cart set plan = $2 where cart_id = $1", id.0, plan).execute(conn).await?;
    Ok(())
}

pub(super) async fn add_app(conn: &mut PgConnection, id: CartId, app: &str) -> Result<()> {
    sqlx::query!(
        "update cart set apps = array_append(apps, $2) where cart_id = $1 and not $2 = any(apps)",
        id.0,
        app,
    )
    .execute(conn)
    .await
    .on_constraint("cart_apps_limit", || {
        Error::invalid("apps", Problem::OutOfRange { min: 1, max: APPS_MAX.into() })
    })?;
    Ok(())
}

/// Those that are not in it yet, in their order, until it is full.
pub(super) async fn add_apps(conn: &mut PgConnection, id: CartId, suggested: &[String]) -> Result<()> {
    sqlx::query!(
        "update cart set apps = apps || array(
             select app from unnest($2::text[]) with ordinality as suggested (app, place)
             where app <> all(apps)
             group by app order by min(place) limit greatest($3 - cardinality(apps), 0))
         where cart_id = $1",
        id.0,
        suggested,
        APPS_MAX,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn remove_app(conn: &mut PgConnection, id: CartId, app: &str) -> Result<()> {
    sqlx::query!("update cart set apps = array_remove(apps, $2) where cart_id = $1", id.0, app)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn clear_apps(conn: &mut PgConnection, id: CartId) -> Result<()> {
    sqlx::query!("update cart set apps = '{}' where cart_id = $1", id.0).execute(conn).await?;
    Ok(())
}

pub(super) async fn set_addons(conn: &mut PgConnection, id: CartId, addons: &[String]) -> Result<()> {
    sqlx::query!("update cart set addons = $2 where cart_id = $1", id.0, addons).execute(conn).await?;
    Ok(())
}

pub(super) async fn set_organization(
    conn: &mut PgConnection,
    id: CartId,
    name: &str,
    slug: &str,
) -> Result<()> {
    sqlx::query!(
        "update cart set organization_name = $2, organization_slug = $3 where cart_id = $1",
        id.0,
        name,
        slug,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn set_voucher(conn: &mut PgConnection, id: CartId, code: Option<&str>) -> Result<()> {
    sqlx::query!("update cart set voucher_code = $2 where cart_id = $1", id.0, code).execute(conn).await?;
    Ok(())
}

pub(super) async fn delete(conn: &mut PgConnection, id: CartId) -> Result<()> {
    sqlx::query!("delete from cart where cart_id = $1", id.0).execute(conn).await?;
    Ok(())
}

/// Carts that nobody touched for thirty days.
pub(super) async fn sweep(conn: &mut PgConnection) -> Result<u64> {
    let swept = sqlx::query!(
        "delete from cart where cart_id in (
             select cart_id from cart where updated_at < now() - interval '30 days' limit $1 for update skip locked)",
        SWEPT_AT_ONCE,
    )
    .execute(conn)
    .await?;
    Ok(swept.rows_affected())
}
