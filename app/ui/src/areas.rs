//! The navigation of the console and of the admin. A link is there for whoever may follow it; the page behind
//! it asks for itself.

use domain::access::{Actor, PlatformRole};

use crate::{
    messages::Messages,
    shell::{Area, AreaLink},
};

const fn link(href: &'static str, icon: &'static str, text: &'static str) -> AreaLink {
    AreaLink { href, icon, text }
}

/// The console of whoever is signed in.
pub fn console(actor: &Actor, words: &'static Messages) -> Area {
    let c = &words.console;
    let mut links = vec![
        link("/console", "dashboard", c.dashboard),
        link("/plans", "store", c.marketplace),
        link("/redeem", "ticket", c.redeem),
    ];
    let home = actor.account().role.home();
    if home.starts_with("/admin") {
        links.push(link(home, "shield", c.administration));
    }
    Area { name: c.area, links }
}

/// All of it for a superadmin, billing alone for a sovereign-admin, nothing for others.
pub fn admin(actor: &Actor, words: &'static Messages) -> Area {
    let a = &words.admin;
    let links = match actor.account().role {
        PlatformRole::Superadmin => vec![
            link("/admin/revenue", "chart", a.revenue),
            link("/admin/catalog", "grid", a.catalog),
            link("/admin/tenants", "building", a.tenants),
            link("/admin/orders", "receipt", a.orders),
            link("/admin/billing", "ticket", a.billing),
        ],
        PlatformRole::SovereignAdmin => vec![link("/admin/billing", "ticket", a.billing)],
        PlatformRole::Support | PlatformRole::Customer => Vec::new(),
    };
    Area { name: a.area, links }
}
