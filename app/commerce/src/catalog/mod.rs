//! What can be bought, as pages: landing, plans, apps, one app.
//! The other half: `app/domain/src/catalog`. Tables: plan, app, app_dependency, addon, bundle, industry.
//! What is chosen goes into the cart: `app/commerce/src/cart`. End to end: `end2end/tests/journey.spec.ts`.

use domain::{
    Result,
    catalog::{self, Addon, App, AppKind, Bundle, Plan},
    checkout::{Priced, Selection, price},
    text::Locale,
};
use sqlx::PgConnection;
use ui::{
    messages::{Messages, fill},
    number::{counted, memory},
};

mod app;
mod apps;
mod landing;
mod plans;
mod tile;

pub use {app::AppPage, apps::AppsPage, landing::LandingPage, plans::PlansPage};

/// The whole catalog, read once for a page.
pub struct Shelf {
    pub plans: Vec<Plan>,
    pub apps: Vec<App>,
    pub addons: Vec<Addon>,
    pub bundles: Vec<Bundle>,
}

impl Shelf {
    pub async fn read(conn: &mut PgConnection) -> Result<Self> {
        let mut apps = catalog::ops::apps(conn).await?;
        apps.sort_by_key(|app| app.name.to_lowercase());
        Ok(Self {
            plans: catalog::ops::plans(conn).await?,
            apps,
            addons: catalog::ops::addons(conn).await?,
            bundles: catalog::ops::bundles(conn).await?,
        })
    }

    pub fn price(&self, selection: &Selection) -> Result<Priced<'_>> {
        price(selection, &self.plans, &self.apps, &self.addons, &self.bundles)
    }

    /// The plan that is chosen, if it is still there.
    pub fn plan(&self, selection: &Selection) -> Option<&Plan> {
        let slug = selection.plan.as_deref()?;
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

/// `Plan M`.
pub fn plan_name(words: &Messages, plan: &Plan) -> String {
    fill(words.marketplace.plan_named, &[("name", plan.name.get(words.locale))])
}

/// `4 vCPU, 8 GB, 50 GB`; empty for a plan without limits.
pub fn plan_size(words: &Messages, plan: &Plan) -> String {
    let parts = [
        plan.vcpu.map(|n| counted(words.locale, words.checkout.vcpu, n.into())),
        plan.memory_mb.map(|mb| memory(words, mb)),
        plan.disk_gb.map(|gb| ui::number::disk(words, gb)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(words.marketplace.list_comma)
}

/// Whether `text` is in what an app says of itself, in either language.
fn speaks_of(app: &App, text: &str) -> bool {
    let wanted = text.trim().to_lowercase();
    wanted.is_empty()
        || [app.name.as_str(), &app.slug]
            .into_iter()
            .chain(
                [&app.tagline, &app.description, &app.category_name]
                    .into_iter()
                    .flat_map(|text| Locale::ALL.map(|locale| text.get(locale))),
            )
            .any(|text| text.to_lowercase().contains(&wanted))
}
