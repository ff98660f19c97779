//! The catalog, for everybody, in the reader's language.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, VARY},
    },
    response::{IntoResponse, Response},
};
use domain::{
    catalog::{self, Addon, App, AppKind, Bundle, Industry, Plan},
    services::Services,
    text::{Locale, Localized},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    error::Failure,
    money::{Decimal, MoneyBody, Omr},
};

pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .routes(routes!(plans))
        .routes(routes!(apps))
        .routes(routes!(addons))
        .routes(routes!(bundles))
        .routes(routes!(industries))
}

fn locale(headers: &HeaderMap) -> Locale {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map(Locale::from_accept_language).unwrap_or_default()
}

/// The same for everybody who reads the same language, and good for five minutes.
fn public<T: Serialize>(locale: Locale, items: Vec<T>) -> Response {
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (CONTENT_LANGUAGE, HeaderValue::from_static(locale.tag())),
        (VARY, HeaderValue::from_static("accept-language")),
    ];
    (headers, Json(items)).into_response()
}

fn texts(locale: Locale, all: &[Localized]) -> Vec<String> {
    all.iter().map(|text| text.get(locale).to_owned()).collect()
}

/// A plan; limits are null where it is metered.
#[derive(Serialize, ToSchema)]
struct PlanBody {
    id: Uuid,
    #[schema(example = "m")]
    slug: String,
    name: String,
    description: String,
    /// In words, such as `4 vCPU`; as `memory` and `storage`. Numbers are in the fields after them.
    cpu: String,
    memory: String,
    storage: String,
    vcpu: Option<i32>,
    memory_mb: Option<i32>,
    disk_gb: Option<i32>,
    bandwidth_gb: Option<i32>,
    backup_retention_days: Option<i32>,
    response_hours: Option<i32>,
    support: String,
    /// A month; null in another currency than OMR.
    price_omr: Option<Decimal>,
    price_baisa: Option<i64>,
    price: MoneyBody,
    popular: bool,
    orderable: bool,
    sort_order: usize,
    features: Vec<String>,
}

impl PlanBody {
    fn new(locale: Locale, sort_order: usize, plan: Plan) -> Self {
        let on_demand = match locale {
            Locale::En => "on demand",
            Locale::Ar => "عند الطلب",
        };
        let words = |limit: Option<i32>, unit: &str| {
            limit.map_or_else(|| on_demand.to_owned(), |limit| format!("{limit} {unit}"))
        };
        let Omr { omr, baisa } = plan.price.into();
        Self {
            id: plan.plan_id.0,
            name: plan.name.get(locale).to_owned(),
            description: plan.description.get(locale).to_owned(),
            cpu: words(plan.vcpu, "vCPU"),
            memory: words(plan.memory_mb.map(|memory| memory / 1024), "GB"),
            storage: words(plan.disk_gb, "GB"),
            vcpu: plan.vcpu,
            memory_mb: plan.memory_mb,
            disk_gb: plan.disk_gb,
            bandwidth_gb: plan.bandwidth_gb,
            backup_retention_days: plan.backup_retention_days,
            response_hours: plan.response_hours,
            support: plan.support,
            price_omr: omr,
            price_baisa: baisa,
            price: plan.price.into(),
            popular: plan.popular,
            orderable: plan.orderable,
            sort_order,
            features: texts(locale, &plan.features),
            slug: plan.slug,
        }
    }
}

/// Plans, the smallest first
#[utoipa::path(
    get, path = "/catalog/plans", tag = "catalog", responses((status = 200, body = Vec<PlanBody>)),
)]
async fn plans(State(services): State<Arc<Services>>, headers: HeaderMap) -> Result<Response, Failure> {
    let mut conn = services.pool.acquire().await?;
    let locale = locale(&headers);
    let all = catalog::ops::plans(&mut conn).await?.into_iter().enumerate();
    Ok(public(locale, all.map(|(at, plan)| PlanBody::new(locale, at + 1, plan)).collect()))
}

/// An app. Memory in MiB, processor in thousandths of a core, disk in GiB.
#[derive(Serialize, ToSchema)]
struct AppBody {
    id: Uuid,
    #[schema(example = "wordpress")]
    slug: String,
    name: String,
    tagline: String,
    description: String,
    category: String,
    category_name: String,
    /// `business`, or `service` for what comes with an app.
    kind: &'static str,
    /// Not chosen by people, but brought by an app that needs it.
    system: bool,
    license: String,
    website: String,
    /// Whether it can be ordered now.
    deployable: bool,
    featured: bool,
    popular: bool,
    /// Apps cost nothing beside the plan.
    free: bool,
    features: Vec<String>,
    /// Slugs of the services that come with it, and their ids.
    dependencies: Vec<String>,
    dependency_ids: Vec<Uuid>,
    minimum_size: String,
    ram_mb: i32,
    cpu_milli: i32,
    disk_gb: i32,
}

impl AppBody {
    fn new(locale: Locale, app: &App, all: &[App]) -> Self {
        let service = app.kind == AppKind::Service;
        let id = |slug: &String| all.iter().find(|app| app.slug == *slug).map(|app| app.app_id.0);
        Self {
            id: app.app_id.0,
            slug: app.slug.clone(),
            name: app.name.clone(),
            tagline: app.tagline.get(locale).to_owned(),
            description: app.description.get(locale).to_owned(),
            category: app.category.clone(),
            category_name: app.category_name.get(locale).to_owned(),
            kind: if service { "service" } else { "business" },
            system: service,
            license: app.license.clone(),
            website: app.website.clone(),
            deployable: app.deployable,
            featured: app.featured,
            popular: app.popular,
            free: true,
            features: texts(locale, &app.features),
            dependencies: app.dependencies.clone(),
            dependency_ids: app.dependencies.iter().filter_map(id).collect(),
            minimum_size: app.minimum_plan.clone(),
            ram_mb: app.ram_mb,
            cpu_milli: app.cpu_milli,
            disk_gb: app.disk_gb,
        }
    }
}

/// Apps and the services that they bring, by name
#[utoipa::path(
    get, path = "/catalog/apps", tag = "catalog", responses((status = 200, body = Vec<AppBody>)),
)]
async fn apps(State(services): State<Arc<Services>>, headers: HeaderMap) -> Result<Response, Failure> {
    let mut conn = services.pool.acquire().await?;
    let locale = locale(&headers);
    let all = catalog::ops::apps(&mut conn).await?;
    Ok(public(locale, all.iter().map(|app| AppBody::new(locale, app, &all)).collect()))
}

/// An extra, priced a month.
#[derive(Serialize, ToSchema)]
struct AddonBody {
    id: Uuid,
    slug: String,
    name: String,
    description: String,
    /// Null in another currency than OMR.
    price_omr: Option<Decimal>,
    price_baisa: Option<i64>,
    price: MoneyBody,
    /// Part of every plan: costs nothing and needs no choice.
    included: bool,
    category: String,
}

impl AddonBody {
    fn new(locale: Locale, addon: Addon) -> Self {
        let Omr { omr, baisa } = addon.price.into();
        Self {
            id: addon.addon_id.0,
            name: addon.name.get(locale).to_owned(),
            description: addon.description.get(locale).to_owned(),
            price_omr: omr,
            price_baisa: baisa,
            price: addon.price.into(),
            included: addon.included,
            category: addon.category,
            slug: addon.slug,
        }
    }
}

/// Add-ons
#[utoipa::path(
    get, path = "/catalog/addons", tag = "catalog", responses((status = 200, body = Vec<AddonBody>)),
)]
async fn addons(State(services): State<Arc<Services>>, headers: HeaderMap) -> Result<Response, Failure> {
    let mut conn = services.pool.acquire().await?;
    let locale = locale(&headers);
    let all = catalog::ops::addons(&mut conn).await?.into_iter();
    Ok(public(locale, all.map(|addon| AddonBody::new(locale, addon)).collect()))
}

/// Apps that go together. Who orders all of them gets `discount` percent off the plan.
#[derive(Serialize, ToSchema)]
struct BundleBody {
    slug: String,
    name: String,
    tagline: String,
    apps: Vec<String>,
    discount: i32,
    recommended_size: String,
}

impl BundleBody {
    fn new(locale: Locale, bundle: Bundle) -> Self {
        Self {
            name: bundle.name.get(locale).to_owned(),
            tagline: bundle.tagline.get(locale).to_owned(),
            slug: bundle.slug,
            apps: bundle.apps,
            discount: bundle.discount_percent,
            recommended_size: bundle.recommended_plan,
        }
    }
}

/// Bundles
#[utoipa::path(
    get, path = "/catalog/bundles", tag = "catalog", responses((status = 200, body = Vec<BundleBody>)),
)]
async fn bundles(State(services): State<Arc<Services>>, headers: HeaderMap) -> Result<Response, Failure> {
    let mut conn = services.pool.acquire().await?;
    let locale = locale(&headers);
    let all = catalog::ops::bundles(&mut conn).await?.into_iter();
    Ok(public(locale, all.map(|bundle| BundleBody::new(locale, bundle)).collect()))
}

/// A line of business and what suits it.
#[derive(Serialize, ToSchema)]
struct IndustryBody {
    slug: String,
    name: String,
    description: String,
    display_order: usize,
    suggested_apps: Vec<String>,
    /// A bundle's slug.
    bundle_id: String,
}

impl IndustryBody {
    fn new(locale: Locale, display_order: usize, industry: Industry) -> Self {
        Self {
            name: industry.name.get(locale).to_owned(),
            description: industry.description.get(locale).to_owned(),
            slug: industry.slug,
            display_order,
            suggested_apps: industry.suggested_apps,
            bundle_id: industry.bundle,
        }
    }
}

/// Industries
#[utoipa::path(
    get, path = "/catalog/industries", tag = "catalog", responses((status = 200, body = Vec<IndustryBody>)),
)]
async fn industries(State(services): State<Arc<Services>>, headers: HeaderMap) -> Result<Response, Failure> {
    let mut conn = services.pool.acquire().await?;
    let locale = locale(&headers);
    let all = catalog::ops::industries(&mut conn).await?.into_iter().enumerate();
    Ok(public(locale, all.map(|(at, industry)| IndustryBody::new(locale, at + 1, industry)).collect()))
}
