//! The verbs of the cart. A `CartId` is the visitor's own, out of the session.

use sqlx::PgConnection;

use super::{Cart, store};
use crate::{
    catalog,
    error::{Error, Fields, Problem, Refusal, Result},
    ids::CartId,
    text::{OrganizationName, Slug, VoucherCode},
};

/// The cart; an empty one that is not stored yet, where there is none.
pub async fn get(conn: &mut PgConnection, id: CartId) -> Result<Option<Cart>> {
    Ok(store::find(conn, id).await?.map(Into::into))
}

pub async fn choose_plan(conn: &mut PgConnection, id: CartId, plan: &str) -> Result<()> {
    let plans = catalog::ops::plans(conn).await?;
    let found =
        plans.iter().find(|row| row.slug == plan).ok_or_else(|| Refusal::PlanUnknown(plan.to_owned()))?;
    if !found.orderable {
        return Err(Refusal::PlanNotOrderable(plan.to_owned()).into());
    }
    store::insert(conn, id).await?;
    store::set_plan(conn, id, plan).await
}

pub async fn add_app(conn: &mut PgConnection, id: CartId, slug: &str) -> Result<()> {
    let apps = catalog::ops::apps(conn).await?;
    let app = apps.iter().find(|app| app.slug == slug).ok_or_else(|| Refusal::AppUnknown(slug.to_owned()))?;
    if !app.orderable() {
        return Err(Refusal::AppNotDeployable(slug.to_owned()).into());
    }
    store::insert(conn, id).await?;
    store::add_app(conn, id, slug).await
}

pub async fn remove_app(conn: &mut PgConnection, id: CartId, slug: &str) -> Result<()> {
    store::remove_app(conn, id, slug).await
}

/// Adds what an industry suggests and can be ordered, as far as there is room; what was chosen before stays.
pub async fn add_industry(conn: &mut PgConnection, id: CartId, industry: &str) -> Result<()> {
    let industries = catalog::ops::industries(conn).await?;
    let found = industries
        .iter()
        .find(|row| row.slug == industry)
        .ok_or_else(|| Error::invalid("industry", Problem::Unknown))?;
    let apps = catalog::ops::apps(conn).await?;
    let orderable = |slug: &&String| apps.iter().any(|app| app.slug == **slug && app.orderable());
    let suggested: Vec<_> = found.suggested_apps.iter().filter(orderable).cloned().collect();
    store::insert(conn, id).await?;
    store::add_apps(conn, id, &suggested).await
}

pub async fn clear_apps(conn: &mut PgConnection, id: CartId) -> Result<()> {
    store::clear_apps(conn, id).await
}

/// Add-ons as chosen on their page: the whole list each time.
pub async fn choose_addons(conn: &mut PgConnection, id: CartId, slugs: &[String]) -> Result<()> {
    let addons = catalog::ops::addons(conn).await?;
    for slug in slugs {
        if !addons.iter().any(|addon| addon.slug == *slug && !addon.included) {
            return Err(Refusal::AddonUnknown(slug.clone()).into());
        }
    }
    let mut unique = slugs.to_vec();
    unique.sort();
    unique.dedup();
    store::insert(conn, id).await?;
    store::set_addons(conn, id, &unique).await
}

/// The name and the address of the Organization to come. Without an address, one is made of the name.
/// A name that is taken is refused now; the order decides for good.
pub async fn name_organization(conn: &mut PgConnection, id: CartId, name: &str, slug: &str) -> Result<()> {
    let proposed = if slug.trim().is_empty() { Slug::propose(name) } else { slug.to_owned() };
    let mut fields = Fields::default();
    let name = fields.take("organization_name", OrganizationName::parse(name));
    let slug = fields.take("organization_slug", Slug::parse(&proposed));
    fields.finish()?;
    let (Some(name), Some(slug)) = (name, slug) else { return Err(Error::Internal) };
    if !crate::organizations::ops::slug_is_free(conn, &slug).await? {
        return Err(crate::error::Conflict::SlugTaken.into());
    }
    store::insert(conn, id).await?;
    store::set_organization(conn, id, name.as_str(), slug.as_str()).await
}

/// Keeps a code for checkout, or drops it. Nothing is redeemed.
pub async fn keep_voucher(conn: &mut PgConnection, id: CartId, code: Option<&VoucherCode>) -> Result<()> {
    store::insert(conn, id).await?;
    store::set_voucher(conn, id, code.map(VoucherCode::as_str)).await
}

/// After the order.
pub async fn discard(conn: &mut PgConnection, id: CartId) -> Result<()> {
    store::delete(conn, id).await
}

pub async fn sweep(conn: &mut PgConnection) -> Result<u64> {
    store::sweep(conn).await
}
