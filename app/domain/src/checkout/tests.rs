use super::*;
use crate::{
    catalog::{Addon, AppKind},
    ids::{AddonId, AppId, PlanId},
    money::Currency,
};

fn omr(minor: i64) -> Money {
    Money::from_minor(minor, Currency::OMR)
}

fn plan(slug: &str, minor: i64) -> Plan {
    Plan {
        plan_id: PlanId(uuid::Uuid::from_u128(u128::from(slug.as_bytes()[0]))),
        slug: slug.to_owned(),
        name: Localized::same(slug),
        description: Localized::default(),
        price: omr(minor),
        vcpu: Some(4),
        memory_mb: Some(8192),
        disk_gb: Some(50),
        bandwidth_gb: None,
        backup_retention_days: None,
        response_hours: None,
        support: "email".to_owned(),
        popular: false,
        orderable: true,
        free_of_charge: false,
        features: Vec::new(),
    }
}

fn app(slug: &str, deployable: bool) -> App {
    App {
        app_id: AppId(uuid::Uuid::from_u128(u128::from(slug.as_bytes()[0]))),
        slug: slug.to_owned(),
        name: slug.to_owned(),
        tagline: Localized::default(),
        description: Localized::default(),
        category: "c".to_owned(),
        category_name: Localized::default(),
        kind: if slug == "mysql" { AppKind::Service } else { AppKind::Application },
        license: String::new(),
        website: String::new(),
        deployable,
        featured: false,
        popular: false,
        features: Vec::new(),
        dependencies: Vec::new(),
        ram_mb: 256,
        cpu_milli: 250,
        disk_gb: 5,
        minimum_plan: "s".to_owned(),
        blueprint_version: "1.0.0".to_owned(),
    }
}

fn addon(slug: &str, minor: i64) -> Addon {
    Addon {
        addon_id: AddonId(uuid::Uuid::from_u128(7)),
        slug: slug.to_owned(),
        name: Localized::same(slug),
        description: Localized::default(),
        price: omr(minor),
        included: false,
        category: String::new(),
    }
}

fn select(plan: &str, apps: &[&str], addons: &[&str]) -> Selection {
    let owned = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect();
    Selection { plan: Some(plan.to_owned()), apps: owned(apps), addons: owned(addons) }
}

fn quote(selection: &Selection) -> Result<Quote> {
    let bundle = Bundle {
        slug: "pair".to_owned(),
        name: Localized::same("pair"),
        tagline: Localized::default(),
        apps: vec!["wordpress".to_owned(), "ghost".to_owned()],
        discount_percent: 10,
        recommended_plan: "m".to_owned(),
    };
    let catalog = Catalog {
        plans: vec![plan("m", 9_000), plan("flexi", 0)],
        apps: vec![app("wordpress", true), app("erpnext", false), app("ghost", true), app("mysql", true)],
        addons: vec![addon("api-access", 5_000)],
        bundles: vec![bundle],
        industries: Vec::new(),
    };
    price(selection, &catalog).map(|priced| priced.quote)
}

#[test]
fn plan_and_addons_add_up_and_apps_are_free() {
    let quote = quote(&select("m", &["wordpress"], &["api-access"])).unwrap();
    assert_eq!(quote.total, omr(14_000));
    assert_eq!(quote.lines.len(), 3);
}

#[test]
fn what_is_asked_for_twice_is_charged_once() {
    let quote = quote(&select("m", &["wordpress", "wordpress"], &["api-access", "api-access"])).unwrap();
    assert_eq!(quote.total, omr(14_000));
}

#[test]
fn ids_and_slugs_mean_the_same() {
    let id = plan("m", 0).plan_id.to_string();
    assert_eq!(quote(&select(&id, &["wordpress"], &[])), quote(&select("m", &["wordpress"], &[])));
}

#[test]
fn a_whole_bundle_takes_its_discount_off_the_plan() {
    let quote = quote(&select("m", &["wordpress", "ghost"], &["api-access"])).unwrap();
    assert_eq!(quote.total, omr(9_000 - 900 + 5_000));
}

#[test]
fn what_cannot_be_bought_is_refused_by_name() {
    for (selection, refusal) in [
        (Selection::default(), Refusal::PlanMissing),
        (select("xxl", &["wordpress"], &[]), Refusal::PlanUnknown("xxl".to_owned())),
        (select("flexi", &["wordpress"], &[]), Refusal::PlanNotOrderable("flexi".to_owned())),
        (select("m", &[], &[]), Refusal::AppsMissing),
        (select("m", &["nope"], &[]), Refusal::AppUnknown("nope".to_owned())),
        (select("m", &["erpnext"], &[]), Refusal::AppNotDeployable("erpnext".to_owned())),
        (select("m", &["mysql"], &[]), Refusal::AppNotDeployable("mysql".to_owned())),
        (select("m", &["wordpress"], &["nope"]), Refusal::AddonUnknown("nope".to_owned())),
    ] {
        assert_eq!(quote(&selection), Err(refusal.into()));
    }
}
