//! What people wait for where a million have ordered: the pages and lists of a superadmin and of a reseller with a
//! thousand Organizations.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use reqwest::{Client, header};
use tokio::time::sleep;

use crate::{
    load::{Load, Times},
    world::{ADMINISTRATOR, World},
};

/// Whose Organizations one of a thousand in the history are.
const RESELLER: &str = "reseller@example.om";
const CONNECTIONS: usize = 2;
const WARM_UP: Duration = Duration::from_millis(500);
const LASTING: Duration = Duration::from_secs(3);
/// After a start, what is told of everybody together is counted first.
const FIRST_COUNT: Duration = Duration::from_secs(20);

const ADMIN_PAGES: [&str; 7] = [
    "/admin",
    "/admin/revenue",
    "/admin/orders",
    "/admin/orders?state=failed",
    "/admin/tenants",
    "/admin/billing",
    "/admin/catalog",
];
const ADMIN_LISTS: [&str; 2] = ["/billing/vouchers/list", "/billing/admin/orders"];
/// What ends in `=` or `/` goes on with the reseller's first Organization or its order.
const RESELLERS_PAGES: [&str; 3] = ["/console", "/console?organization=", "/orders/"];
const RESELLERS_LISTS: [&str; 4] =
    ["/billing/balance", "/tenant/orgs", "/tenant/orgs/", "/tenant/check-slug/old999999"];

/// Both, signed in.
pub struct Visitors {
    admin: Visitor,
    reseller: Visitor,
}

struct Visitor {
    cookie: String,
    token: String,
}

pub struct Row {
    pub path: String,
    pub times: Times,
}

/// Before the history is written: its reseller is whoever has that address.
pub async fn sign_in(world: &World) -> Result<Visitors> {
    let server = world.serve().await?;
    world.grant(ADMINISTRATOR, "superadmin")?;
    let visitor = async |email| {
        let cookie = world.sign_in(&server.url, email).await?;
        anyhow::Ok(Visitor { cookie, token: world.token(email)? })
    };
    Ok(Visitors { admin: visitor(ADMINISTRATOR).await?, reseller: visitor(RESELLER).await? })
}

pub async fn measure(world: &World, url: &str, visitors: &Visitors) -> Result<Vec<Row>> {
    let order = world.sql("select bench.id(7, 1000)")?;
    let organization = world.sql("select bench.id(6, 1000)")?;
    let whole = |path: &str| match path {
        "/orders/" => format!("{path}{}", order.trim()),
        "/console?organization=" | "/tenant/orgs/" => format!("{path}{}", organization.trim()),
        path => path.to_owned(),
    };
    let asked =
        Client::new().get(format!("{url}/admin/revenue")).header(header::COOKIE, &visitors.admin.cookie);
    asked.send().await?;
    sleep(FIRST_COUNT).await;
    let mut rows = Vec::new();
    for (visitor, pages, lists) in [
        (&visitors.admin, &ADMIN_PAGES[..], &ADMIN_LISTS[..]),
        (&visitors.reseller, &RESELLERS_PAGES[..], &RESELLERS_LISTS[..]),
    ] {
        let cookie = (header::COOKIE, visitor.cookie.clone());
        let token = (header::AUTHORIZATION, format!("Bearer {}", visitor.token));
        let pages = pages.iter().map(|path| (path, &cookie));
        for (path, who) in pages.chain(lists.iter().map(|path| (path, &token))) {
            let path = whole(path);
            let (address, (name, value)) = (format!("{url}{path}"), who.clone());
            let ask = move |client: &Client, _| client.get(&address).header(&name, &value);
            let load = Load { ask: Arc::new(ask), connections: CONNECTIONS, every: None, lasting: LASTING };
            Load { lasting: WARM_UP, ..load.clone() }.run().await?;
            let times = load.run().await?.times;
            println!("  {path}: {:.1} ms", times.value_at_quantile(0.99) as f64 / 1000.0);
            rows.push(Row { path, times });
        }
    }
    Ok(rows)
}
