//! What can be bought: plans, apps, add-ons, bundles, industries.
//! Pages: `app/commerce/src/catalog`. Tables: plan, app, app_dependency, addon, bundle, industry, category.
//! End to end: `end2end/journey.spec.ts`. Prices and limits live in the database; the first values come
//! from `seed/catalog.json`.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AddonId, AppId, PlanId},
    money::Money,
    text::Localized,
};

#[cfg(feature = "db")]
mod memory;
#[cfg(feature = "db")]
pub mod ops;
#[cfg(feature = "db")]
mod seed;
pub mod sizing;
#[cfg(feature = "db")]
mod store;

#[cfg(feature = "db")]
pub use memory::CatalogMemory;
#[cfg(feature = "db")]
pub use seed::seed;

/// What an Organization may use, and its price a month. `None` in a limit: unlimited or metered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub plan_id: PlanId,
    pub slug: String,
    pub name: Localized,
    pub description: Localized,
    pub price: Money,
    pub vcpu: Option<i32>,
    pub memory_mb: Option<i32>,
    pub disk_gb: Option<i32>,
    pub bandwidth_gb: Option<i32>,
    pub backup_retention_days: Option<i32>,
    pub response_hours: Option<i32>,
    /// `email`, `email_chat`, `phone`, `dedicated` or `community`.
    pub support: String,
    pub popular: bool,
    pub orderable: bool,
    pub free_of_charge: bool,
    pub features: Vec<Localized>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// What people choose.
    Application,
    /// A database or cache that comes with an application.
    Service,
}

/// One app of the marketplace. Memory in MiB, processor in thousandths of a core, disk in GiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    pub app_id: AppId,
    pub slug: String,
    pub name: String,
    pub tagline: Localized,
    pub description: Localized,
    pub category: String,
    pub category_name: Localized,
    pub kind: AppKind,
    pub license: String,
    pub website: String,
    pub deployable: bool,
    pub featured: bool,
    pub popular: bool,
    pub features: Vec<Localized>,
    /// Slugs of the services that come with it.
    pub dependencies: Vec<String>,
    pub ram_mb: i32,
    pub cpu_milli: i32,
    pub disk_gb: i32,
    pub minimum_plan: String,
    pub blueprint_version: String,
}

impl App {
    /// Whether a person can put it into the cart.
    pub fn orderable(&self) -> bool {
        self.deployable && self.kind == AppKind::Application
    }
}

/// An extra, priced a month. An included one costs nothing and needs no choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addon {
    pub addon_id: AddonId,
    pub slug: String,
    pub name: Localized,
    pub description: Localized,
    pub price: Money,
    pub included: bool,
    pub category: String,
}

/// Apps that go together; who orders all of them gets the discount on the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    pub slug: String,
    pub name: Localized,
    pub tagline: Localized,
    pub apps: Vec<String>,
    pub discount_percent: i32,
    pub recommended_plan: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Industry {
    pub slug: String,
    pub name: Localized,
    pub description: Localized,
    pub suggested_apps: Vec<String>,
    pub bundle: String,
}

/// All that can be bought, as pages show it and orders are priced by it. Apps are in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    pub plans: Vec<Plan>,
    pub apps: Vec<App>,
    pub addons: Vec<Addon>,
    pub bundles: Vec<Bundle>,
    pub industries: Vec<Industry>,
}

impl Catalog {
    pub fn plan(&self, slug: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.slug == slug)
    }

    pub fn app(&self, slug: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.slug == slug)
    }

    /// What people choose, without the services that come with it.
    pub fn applications(&self) -> impl Iterator<Item = &App> {
        self.apps.iter().filter(|app| app.kind == AppKind::Application)
    }
}

/// What the platform itself takes of a plan: memory in MiB, thousandths of a core, GiB
/// (ui.md 1.7: 500 MiB, 250 m, 3 GiB).
pub const PLATFORM_OVERHEAD: Footprint = Footprint { ram_mb: 500, cpu_milli: 250, disk_gb: 3 };

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    pub ram_mb: i32,
    pub cpu_milli: i32,
    pub disk_gb: i32,
}

impl Footprint {
    /// What `chosen` apps need with the services that they bring (each service once an app) and the platform.
    pub fn of(chosen: &[String], apps: &[App]) -> Self {
        let find = |slug: &String| apps.iter().find(|app| app.slug == *slug);
        chosen
            .iter()
            .filter_map(find)
            .flat_map(|app| std::iter::once(app).chain(app.dependencies.iter().filter_map(find)))
            .fold(PLATFORM_OVERHEAD, |sum, app| Self {
                ram_mb: sum.ram_mb + app.ram_mb,
                cpu_milli: sum.cpu_milli + app.cpu_milli,
                disk_gb: sum.disk_gb + app.disk_gb,
            })
    }

    /// The tightest of the three as a percentage of the plan, rounded up; none for an unlimited plan.
    pub fn percent_of(&self, plan: &Plan) -> Option<i32> {
        let share = |need: i32, limit: i32| if limit > 0 { (need * 100 + limit - 1) / limit } else { 100 };
        [
            plan.memory_mb.map(|limit| share(self.ram_mb, limit)),
            plan.vcpu.map(|limit| share(self.cpu_milli, limit * 1000)),
            plan.disk_gb.map(|limit| share(self.disk_gb, limit)),
        ]
        .into_iter()
        .flatten()
        .max()
    }
}
