//! From a selection to an order: pricing first, then one transaction, to which each slice adds its own rows.
//! Pages: `app/commerce/src/checkout`.
//! End to end: `end2end/journey.spec.ts`.

use serde::{Deserialize, Serialize};

use crate::{
    catalog::{App, Bundle, Catalog, Plan},
    error::{Error, Refusal, Result},
    ids::{OrderId, OrganizationId},
    money::Money,
    orders::{Line, LineKind},
    text::{Localized, OrganizationName, Slug, VoucherCode},
};

#[cfg(feature = "db")]
pub mod ops;

/// What somebody wants: slugs or ids, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    pub plan: Option<String>,
    pub apps: Vec<String>,
    pub addons: Vec<String>,
}

impl Selection {
    /// The plan that is chosen, if it is still there.
    pub fn plan_in<'a>(&self, catalog: &'a Catalog) -> Option<&'a Plan> {
        catalog.plan(self.plan.as_deref()?)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub lines: Vec<Line>,
    pub total: Money,
}

/// Where an order goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    New { name: OrganizationName, slug: Slug },
    Existing(OrganizationId),
}

/// An order about to be placed.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    pub selection: Selection,
    pub voucher: Option<VoucherCode>,
    pub destination: Destination,
    /// What the customer was told that it costs. Nothing is ordered at another price.
    pub seen_total: Option<Money>,
}

/// The answer to a placed order; the same for every repeat of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub order_id: OrderId,
    pub organization_id: OrganizationId,
    pub paid_by_credit: bool,
    /// What is left after the order.
    pub credit_balance: Money,
}

/// What pricing found; `plan` and `apps` are rows of the catalog, in the order asked for, each once.
#[derive(Clone, Debug)]
pub struct Priced<'a> {
    pub plan: &'a Plan,
    pub apps: Vec<&'a App>,
    pub quote: Quote,
}

/// Prices a selection, or says what in it cannot be bought. Touches nothing.
/// Apps cost nothing; a bundle that is ordered whole takes its percentage off the plan, and where
/// several are, the largest one does.
pub fn price<'a>(selection: &Selection, catalog: &'a Catalog) -> Result<Priced<'a>> {
    let wanted = selection.plan.as_deref().filter(|plan| !plan.is_empty()).ok_or(Refusal::PlanMissing)?;
    let plan = catalog
        .plans
        .iter()
        .find(|plan| plan.slug == wanted || plan.plan_id.to_string() == wanted)
        .ok_or_else(|| Refusal::PlanUnknown(wanted.to_owned()))?;
    if !plan.orderable || (plan.price.is_zero() && !plan.free_of_charge) {
        return Err(Refusal::PlanNotOrderable(plan.slug.clone()).into());
    }
    let line = |kind, slug: &str, name: &Localized, amount| Line {
        kind,
        slug: slug.to_owned(),
        name: name.clone(),
        amount,
    };
    let mut lines = vec![line(LineKind::Plan, &plan.slug, &plan.name, plan.price)];

    let mut chosen: Vec<&App> = Vec::new();
    for wanted in &selection.apps {
        let app = catalog
            .apps
            .iter()
            .find(|app| app.slug == *wanted || app.app_id.to_string() == *wanted)
            .ok_or_else(|| Refusal::AppUnknown(wanted.clone()))?;
        if !app.orderable() {
            return Err(Refusal::AppNotDeployable(app.slug.clone()).into());
        }
        if !chosen.iter().any(|seen| seen.app_id == app.app_id) {
            chosen.push(app);
            let free = Money::zero(plan.price.currency());
            lines.push(line(LineKind::App, &app.slug, &Localized::same(&app.name), free));
        }
    }
    if chosen.is_empty() {
        return Err(Refusal::AppsMissing.into());
    }

    for wanted in &selection.addons {
        let addon = catalog
            .addons
            .iter()
            .find(|addon| addon.slug == *wanted || addon.addon_id.to_string() == *wanted)
            .ok_or_else(|| Refusal::AddonUnknown(wanted.clone()))?;
        let seen = lines.iter().any(|line| line.kind == LineKind::Addon && line.slug == addon.slug);
        if !seen {
            lines.push(line(LineKind::Addon, &addon.slug, &addon.name, addon.price));
        }
    }

    let has_all =
        |bundle: &&Bundle| bundle.apps.iter().all(|slug| chosen.iter().any(|app| app.slug == *slug));
    if let Some(bundle) = catalog
        .bundles
        .iter()
        .filter(|bundle| bundle.discount_percent > 0 && !bundle.apps.is_empty())
        .filter(has_all)
        .max_by_key(|bundle| bundle.discount_percent)
    {
        let off = plan.price.percent(bundle.discount_percent.into());
        let off = Money::from_minor(-off.minor(), off.currency());
        lines.push(line(LineKind::Discount, &bundle.slug, &bundle.name, off));
    }

    let total = lines
        .iter()
        .try_fold(Money::zero(plan.price.currency()), |sum, line| sum.checked_add(line.amount))
        .map_err(|_| Error::Internal)?;
    Ok(Priced { plan, apps: chosen, quote: Quote { lines, total } })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
