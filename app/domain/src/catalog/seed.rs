//! The first catalog. Runs at each start, once a version; never touches a row that a person edited or
//! retired, and never gives a row a new id.

use serde::Deserialize;
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::{
    error::{Error, Result},
    ids::{AddonId, AppId, PlanId},
    money::Money,
};

const SEED: &str = include_str!("../../seed/catalog.json");

#[derive(Deserialize)]
struct Seed {
    version: i32,
    categories: Vec<Category>,
    plans: Vec<Plan>,
    apps: Vec<App>,
    addons: Vec<Addon>,
    bundles: Vec<Bundle>,
    industries: Vec<Industry>,
}

#[derive(Deserialize)]
struct Category {
    slug: String,
    name: Value,
}

#[derive(Deserialize)]
struct Plan {
    slug: String,
    name: Value,
    description: Value,
    price: Money,
    vcpu: Option<i32>,
    memory_mb: Option<i32>,
    disk_gb: Option<i32>,
    bandwidth_gb: Option<i32>,
    backup_retention_days: Option<i32>,
    response_hours: Option<i32>,
    support: String,
    popular: bool,
    orderable: bool,
    position: i32,
    features: Value,
}

#[derive(Deserialize)]
struct App {
    slug: String,
    name: String,
    tagline: Value,
    description: Value,
    category: String,
    kind: String,
    license: String,
    website: String,
    deployable: bool,
    featured: bool,
    popular: bool,
    features: Value,
    dependencies: Vec<String>,
    ram_mb: i32,
    cpu_milli: i32,
    disk_gb: i32,
    minimum_plan: String,
}

#[derive(Deserialize)]
struct Addon {
    slug: String,
    name: Value,
    description: Value,
    price: Money,
    included: bool,
    category: String,
    position: i32,
}

#[derive(Deserialize)]
struct Bundle {
    slug: String,
    name: Value,
    tagline: Value,
    apps: Vec<String>,
    discount_percent: i32,
    recommended_plan: String,
}

#[derive(Deserialize)]
struct Industry {
    slug: String,
    name: Value,
    description: Value,
    suggested_apps: Vec<String>,
    bundle: String,
    position: i32,
}

/// Brings the catalog to the version that this program carries. One transaction; several processes
/// may start at once.
pub async fn seed(conn: &mut PgConnection) -> Result<()> {
    let seed: Seed = serde_json::from_str(SEED).map_err(|error| {
        tracing::error!(%error, "the catalog seed is not readable");
        Error::Internal
    })?;
    let version = seed.version;
    let mut tx = conn.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtext('catalog seed'))").execute(&mut *tx).await?;
    for (position, category) in (0_i32..).zip(&seed.categories) {
        put_category(&mut tx, version, position, category).await?;
    }
    for plan in &seed.plans {
        put_plan(&mut tx, version, plan).await?;
    }
    for app in &seed.apps {
        put_app(&mut tx, version, app).await?;
    }
    for app in &seed.apps {
        put_dependencies(&mut tx, app).await?;
    }
    for addon in &seed.addons {
        put_addon(&mut tx, version, addon).await?;
    }
    for bundle in &seed.bundles {
        put_bundle(&mut tx, version, bundle).await?;
    }
    for industry in &seed.industries {
        put_industry(&mut tx, version, industry).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn put_category(conn: &mut PgConnection, version: i32, position: i32, row: &Category) -> Result<()> {
    sqlx::query!(
        "insert into category (slug, name, position, seed_version) values ($1, $2, $3, $4)
         on conflict (slug) do update
         set name = excluded.name, position = excluded.position, seed_version = excluded.seed_version
         where category.edited_at is null and category.seed_version < excluded.seed_version",
        row.slug,
        row.name,
        position,
        version,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn put_plan(conn: &mut PgConnection, version: i32, row: &Plan) -> Result<()> {
    sqlx::query!(
        "insert into plan (plan_id, slug, name, description, price_minor, currency, vcpu, memory_mb, disk_gb,
             bandwidth_gb, backup_retention_days, response_hours, support, popular, orderable, position,
             features, seed_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         on conflict (slug) do update
         set name = excluded.name, description = excluded.description, price_minor = excluded.price_minor,
             currency = excluded.currency, vcpu = excluded.vcpu, memory_mb = excluded.memory_mb,
             disk_gb = excluded.disk_gb, bandwidth_gb = excluded.bandwidth_gb,
             backup_retention_days = excluded.backup_retention_days, response_hours = excluded.response_hours,
             support = excluded.support, popular = excluded.popular, orderable = excluded.orderable,
             position = excluded.position, features = excluded.features, seed_version = excluded.seed_version
         where plan.edited_at is null and plan.seed_version < excluded.seed_version",
        PlanId::new().0,
        row.slug,
        row.name,
        row.description,
        row.price.minor(),
        row.price.currency().code(),
        row.vcpu,
        row.memory_mb,
        row.disk_gb,
        row.bandwidth_gb,
        row.backup_retention_days,
        row.response_hours,
        row.support,
        row.popular,
        row.orderable,
        row.position,
        row.features,
        version,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn put_app(conn: &mut PgConnection, version: i32, row: &App) -> Result<()> {
    sqlx::query!(
        "insert into app (app_id, slug, name, tagline, description, category, kind, license, website, deployable,
             featured, popular, features, ram_mb, cpu_milli, disk_gb, minimum_plan, seed_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         on conflict (slug) do update
         set name = excluded.name, tagline = excluded.tagline, description = excluded.description,
             category = excluded.category, kind = excluded.kind, license = excluded.license,
             website = excluded.website, deployable = excluded.deployable, featured = excluded.featured,
             popular = excluded.popular, features = excluded.features, ram_mb = excluded.ram_mb,
             cpu_milli = excluded.cpu_milli, disk_gb = excluded.disk_gb, minimum_plan = excluded.minimum_plan,
             seed_version = excluded.seed_version
         where app.edited_at is null and app.seed_version < excluded.seed_version",
        AppId::new().0,
        row.slug,
        row.name,
        row.tagline,
        row.description,
        row.category,
        row.kind,
        row.license,
        row.website,
        row.deployable,
        row.featured,
        row.popular,
        row.features,
        row.ram_mb,
        row.cpu_milli,
        row.disk_gb,
        row.minimum_plan,
        version,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Dependencies belong to the app's row: an edited app keeps what its editor left.
async fn put_dependencies(conn: &mut PgConnection, row: &App) -> Result<()> {
    sqlx::query!(
        "insert into app_dependency (app_id, depends_on)
         select app.app_id, needed.app_id from app, app needed
         where app.slug = $1 and app.edited_at is null and needed.slug = any($2)
         on conflict do nothing",
        row.slug,
        &row.dependencies,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn put_addon(conn: &mut PgConnection, version: i32, row: &Addon) -> Result<()> {
    sqlx::query!(
        "insert into addon (addon_id, slug, name, description, price_minor, currency, included, category, position,
             seed_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (slug) do update
         set name = excluded.name, description = excluded.description, price_minor = excluded.price_minor,
             currency = excluded.currency, included = excluded.included, category = excluded.category,
             position = excluded.position, seed_version = excluded.seed_version
         where addon.edited_at is null and addon.seed_version < excluded.seed_version",
        AddonId::new().0,
        row.slug,
        row.name,
        row.description,
        row.price.minor(),
        row.price.currency().code(),
        row.included,
        row.category,
        row.position,
        version,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn put_bundle(conn: &mut PgConnection, version: i32, row: &Bundle) -> Result<()> {
    sqlx::query!(
        "insert into bundle (bundle_id, slug, name, tagline, apps, discount_percent, recommended_plan, seed_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (slug) do update
         set name = excluded.name, tagline = excluded.tagline, apps = excluded.apps,
             discount_percent = excluded.discount_percent, recommended_plan = excluded.recommended_plan,
             seed_version = excluded.seed_version
         where bundle.edited_at is null and bundle.seed_version < excluded.seed_version",
        uuid::Uuid::now_v7(),
        row.slug,
        row.name,
        row.tagline,
        &row.apps,
        row.discount_percent,
        row.recommended_plan,
        version,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn put_industry(conn: &mut PgConnection, version: i32, row: &Industry) -> Result<()> {
    sqlx::query!(
        "insert into industry (industry_id, slug, name, description, suggested_apps, bundle, position, seed_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (slug) do update
         set name = excluded.name, description = excluded.description, suggested_apps = excluded.suggested_apps,
             bundle = excluded.bundle, position = excluded.position, seed_version = excluded.seed_version
         where industry.edited_at is null and industry.seed_version < excluded.seed_version",
        uuid::Uuid::now_v7(),
        row.slug,
        row.name,
        row.description,
        &row.suggested_apps,
        row.bundle,
        row.position,
        version,
    )
    .execute(conn)
    .await?;
    Ok(())
}
