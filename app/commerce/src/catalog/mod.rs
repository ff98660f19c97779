//! What can be bought, as pages: landing, plans, apps, one app.
//! The other half: `app/domain/src/catalog`. Tables: plan, app, app_dependency, addon, bundle, industry.
//! What is chosen goes into the cart: `app/commerce/src/cart`. End to end: `end2end/tests/journey.spec.ts`.

use domain::{
    catalog::{App, Plan},
    text::Locale,
};
use ui::{
    messages::{Messages, fill},
    number::counted,
    sizes::memory,
};

mod app;
mod apps;
mod landing;
mod plans;
mod tile;

pub use {app::AppPage, apps::AppsPage, landing::LandingPage, plans::PlansPage};

/// `Plan M`.
pub fn plan_name(words: &Messages, plan: &Plan) -> String {
    fill(words.marketplace.plan_named, &[("name", plan.name.get(words.locale))])
}

/// `4 vCPU, 8 GB, 50 GB`; empty for a plan without limits.
pub fn plan_size(words: &Messages, plan: &Plan) -> String {
    let parts = [
        plan.vcpu.map(|n| counted(words.locale, words.checkout.vcpu, n.into())),
        plan.memory_mb.map(|mb| memory(words, mb)),
        plan.disk_gb.map(|gb| ui::sizes::disk(words, gb)),
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
