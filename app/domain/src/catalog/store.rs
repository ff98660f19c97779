//! The SQL of the catalog, one statement a function. Retired rows are not read.

use sqlx::{PgConnection, types::Json};

use super::{Addon, App, AppKind, Bundle, Industry, Plan};
use crate::{
    db::money,
    error::{Error, Result},
    ids::{AddonId, AppId, PlanId},
    text::Localized,
};

/// How often the catalog was changed.
pub(super) async fn version(conn: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!("select version from catalog_version").fetch_one(conn).await?)
}

pub(super) struct PlanRow {
    plan_id: PlanId,
    slug: String,
    name: Json<Localized>,
    description: Json<Localized>,
    price_minor: i64,
    currency: String,
    vcpu: Option<i32>,
    memory_mb: Option<i32>,
    disk_gb: Option<i32>,
    bandwidth_gb: Option<i32>,
    backup_retention_days: Option<i32>,
    response_hours: Option<i32>,
    support: String,
    popular: bool,
    orderable: bool,
    free_of_charge: bool,
    features: Json<Vec<Localized>>,
}

impl TryFrom<PlanRow> for Plan {
    type Error = Error;

    fn try_from(row: PlanRow) -> Result<Self> {
        Ok(Self {
            plan_id: row.plan_id,
            slug: row.slug,
            name: row.name.0,
            description: row.description.0,
            price: money(row.price_minor, &row.currency)?,
            vcpu: row.vcpu,
            memory_mb: row.memory_mb,
            disk_gb: row.disk_gb,
            bandwidth_gb: row.bandwidth_gb,
            backup_retention_days: row.backup_retention_days,
            response_hours: row.response_hours,
            support: row.support,
            popular: row.popular,
            orderable: row.orderable,
            free_of_charge: row.free_of_charge,
            features: row.features.0,
        })
    }
}

pub(super) async fn plans(conn: &mut PgConnection) -> Result<Vec<PlanRow>> {
    Ok(sqlx::query_as!(
        PlanRow,
        r#"select plan_id as "plan_id: PlanId", slug, name as "name: Json<Localized>",
               description as "description: Json<Localized>", price_minor, currency, vcpu, memory_mb, disk_gb,
               bandwidth_gb, backup_retention_days, response_hours, support, popular, orderable,
               free_of_charge, features as "features: Json<Vec<Localized>>"
           from plan where retired_at is null order by position, slug"#,
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn apps(conn: &mut PgConnection) -> Result<Vec<App>> {
    let rows = sqlx::query!(
        r#"select app.app_id as "app_id: AppId", app.slug, app.name, tagline as "tagline: Json<Localized>",
               description as "description: Json<Localized>", category,
               category.name as "category_name: Json<Localized>", kind, license, website, deployable, featured,
               popular, features as "features: Json<Vec<Localized>>", ram_mb, cpu_milli, disk_gb, minimum_plan,
               blueprint_version,
               array(select needed.slug from app_dependency join app needed on needed.app_id = depends_on
                     where app_dependency.app_id = app.app_id order by needed.slug) as "dependencies!"
           from app join category on category.slug = app.category
           where app.retired_at is null order by app.name"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| App {
            app_id: row.app_id,
            slug: row.slug,
            name: row.name,
            tagline: row.tagline.0,
            description: row.description.0,
            category: row.category,
            category_name: row.category_name.0,
            kind: if row.kind == "service" { AppKind::Service } else { AppKind::Application },
            license: row.license,
            website: row.website,
            deployable: row.deployable,
            featured: row.featured,
            popular: row.popular,
            features: row.features.0,
            dependencies: row.dependencies,
            ram_mb: row.ram_mb,
            cpu_milli: row.cpu_milli,
            disk_gb: row.disk_gb,
            minimum_plan: row.minimum_plan,
            blueprint_version: row.blueprint_version,
        })
        .collect())
}

pub(super) struct AddonRow {
    addon_id: AddonId,
    slug: String,
    name: Json<Localized>,
    description: Json<Localized>,
    price_minor: i64,
    currency: String,
    included: bool,
    category: String,
}

impl TryFrom<AddonRow> for Addon {
    type Error = Error;

    fn try_from(row: AddonRow) -> Result<Self> {
        Ok(Self {
            addon_id: row.addon_id,
            slug: row.slug,
            name: row.name.0,
            description: row.description.0,
            price: money(row.price_minor, &row.currency)?,
            included: row.included,
            category: row.category,
        })
    }
}

pub(super) async fn addons(conn: &mut PgConnection) -> Result<Vec<AddonRow>> {
    Ok(sqlx::query_as!(
        AddonRow,
        r#"select addon_id as "addon_id: AddonId", slug, name as "name: Json<Localized>",
               description as "description: Json<Localized>", price_minor, currency, included, category
           from addon where retired_at is null order by position, slug"#,
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn bundles(conn: &mut PgConnection) -> Result<Vec<Bundle>> {
    let rows = sqlx::query!(
        r#"select slug, name as "name: Json<Localized>", tagline as "tagline: Json<Localized>", apps,
               discount_percent, recommended_plan
           from bundle where retired_at is null order by slug"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Bundle {
            slug: row.slug,
            name: row.name.0,
            tagline: row.tagline.0,
            apps: row.apps,
            discount_percent: row.discount_percent,
            recommended_plan: row.recommended_plan,
        })
        .collect())
}

pub(super) async fn industries(conn: &mut PgConnection) -> Result<Vec<Industry>> {
    let rows = sqlx::query!(
        r#"select slug, name as "name: Json<Localized>", description as "description: Json<Localized>",
               suggested_apps, bundle
           from industry where retired_at is null order by position, slug"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Industry {
            slug: row.slug,
            name: row.name.0,
            description: row.description.0,
            suggested_apps: row.suggested_apps,
            bundle: row.bundle,
        })
        .collect())
}
