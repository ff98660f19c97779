//! Long lists: each page leads to the next one, over REST and on pages, and shows each row once.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use domain::access::PlatformRole;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    sign_in::{sign_in, submit},
    world::{Browser, Client, Reply, World, order_for},
};

/// One customer redeems more than somebody who tries codes may.
const MANY: [(&str, &str); 1] = [("CATALYST_LIMIT_REDEMPTIONS_PER_ACCOUNT", "100/60s")];

/// What `rel="next"` of an answer leads to.
fn next(reply: &Reply) -> Option<String> {
    let (address, rest) = reply.header("link").strip_prefix('<')?.split_once('>')?;
    assert_eq!(rest, "; rel=\"next\"");
    Some(address.to_owned())
}

/// The pages of a list from `path` on, each as its rows' names.
async fn pages(client: &Client, path: &str, rows: &str, name: &str) -> Vec<Vec<String>> {
    let (mut pages, mut wanted) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = wanted {
        let reply = client.get(&path).await.expect(StatusCode::OK);
        let body = reply.json();
        let rows = if rows.is_empty() { &body } else { &body[rows] };
        let names = rows.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned());
        pages.push(names.collect());
        wanted = next(&reply);
    }
    pages
}

#[track_caller]
fn each_once(pages: &[Vec<String>], limit: usize, count: usize) {
    let all: BTreeSet<_> = pages.iter().flatten().collect();
    assert_eq!(all.len(), count, "{pages:?}");
    assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), count, "{pages:?}");
    assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit), "{pages:?}");
}

async fn buy(world: &World, customer: &Client, number: usize) {
    let (code, slug) = (format!("V-{number}"), format!("org-a{number}"));
    world.voucher(&code, "9", 0).await;
    customer.order(&slug, &order_for(&slug, Some(&code))).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn the_next_links_of_a_list_lead_through_all_of_it_each_row_once() {
    let world = World::with(&MANY).await;
    let (customer, superadmin) = (world.customer("sara@example.om").await, world.superadmin().await);
    for number in 0..11 {
        buy(&world, &customer, number).await;
    }
    // Made in one moment, as rows of a restore or an import are.
    for table in ["customer_order", "organization_member", "promo_code"] {
        world.execute(&format!("update {table} set created_at = now() - interval '1 hour'")).await;
    }
    for (client, path, rows, name, count) in [
        (&superadmin, "/billing/admin/orders", "", "id", 11),
        (&superadmin, "/billing/vouchers/list", "", "code", 11),
        (&superadmin, "/billing/admin/promos", "", "code", 11),
        (&customer, "/tenant/orgs", "", "id", 11),
        (&customer, "/billing/balance", "entries", "id", 22),
    ] {
        each_once(&pages(client, &format!("{path}?limit=3"), rows, name).await, 3, count);
        let whole = client.get(path).await.expect(StatusCode::OK);
        assert_eq!(next(&whole).is_some(), count > 20, "{path}: all of it is one page");
    }
    world.run_jobs().await;
}

#[tokio::test]
async fn rows_that_come_while_somebody_reads_on_move_nothing() {
    let world = World::with(&MANY).await;
    let (customer, superadmin) = (world.customer("sara@example.om").await, world.superadmin().await);
    for number in 0..7 {
        buy(&world, &customer, number).await;
    }
    for (client, path, rows, name, count) in [
        (&superadmin, "/billing/admin/orders", "", "id", 7),
        (&superadmin, "/billing/vouchers/list", "", "code", 8),
        (&customer, "/tenant/orgs", "", "id", 9),
        (&customer, "/billing/balance", "entries", "id", 20),
    ] {
        let first = client.get(&format!("{path}?limit=3")).await.expect(StatusCode::OK);
        let body = first.json();
        let shown = if rows.is_empty() { &body } else { &body[rows] };
        let shown = shown.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned());
        let mut read = vec![shown.collect()];
        buy(&world, &customer, count).await;
        read.extend(pages(client, &next(&first).unwrap(), rows, name).await);
        each_once(&read, 3, count);
    }
    world.run_jobs().await;
}

#[tokio::test]
async fn a_page_that_nobody_can_want_is_refused_by_its_field() {
    let world = World::new().await;
    let superadmin = world.superadmin().await;
    let signed_out = world.anonymous();
    for path in [
        "/billing/admin/orders",
        "/billing/vouchers/list",
        "/billing/admin/promos",
        "/tenant/orgs",
        "/billing/balance",
    ] {
        for (query, field) in [
            ("after=", "after"),
            ("after=1", "after"),
            ("after=7fffffffffffffff00000000000000000000000000000000", "after"),
            ("after=%27%20or%201%3D1--", "after"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=ten", "limit"),
            ("limit=", "limit"),
        ] {
            let address = format!("{path}?{query}");
            superadmin.get(&address).await.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", field);
            signed_out.get(&address).await.refused(StatusCode::UNAUTHORIZED, "signed_out", "");
        }
        superadmin.get(&format!("{path}?limit=100")).await.expect(StatusCode::OK);
        // The earliest and the latest moment that there is.
        for at in ["ff23400100d44000", "0384440ccc735c20"] {
            let address = format!("{path}?after={at}{}", "0".repeat(32));
            superadmin.get(&address).await.expect(StatusCode::OK);
        }
    }
    let mut browser = staff(&world).await;
    for page in ["orders", "tenants", "billing"] {
        browser.get(&format!("/admin/{page}?after=1&redeemed=x")).await.expect(StatusCode::OK);
    }
    browser.get("/console?after=1&moved=%27").await.expect(StatusCode::OK);
}

async fn staff(world: &World) -> Browser {
    world.staff("root@sovereign.om", PlatformRole::Superadmin).await;
    sign_in(world, "root@sovereign.om").await
}

/// The address that a link of a page's list leads to, by its relation or its words.
fn link(page: &Reply, list: &str, part: &str) -> Option<String> {
    let mark = format!(": {list}\" class=\"pager\"");
    let nav = page.text().split("<nav ").find(|nav| nav.contains(&mark))?;
    let nav = nav.split("</nav>").next()?;
    let a = nav.split("<a ").skip(1).find(|a| a.contains(part))?;
    Some(a.split("href=\"").nth(1)?.split('"').next()?.replace("&amp;", "&"))
}

fn count(page: &Reply, part: &str) -> usize {
    page.text().matches(part).count()
}

/// Many of everything, after one order of sara's: (60 failed orders and 60 completed ones, 120 Organizations that are
/// hers, 120 vouchers, each redeemed once).
async fn fill(world: &World) {
    for statement in [
        "insert into customer_order (order_id, account_id, organization_id, plan_id, total_minor, currency, state,
             paid_by, created_at)
         select gen_random_uuid(), account_id, organization_id, plan_id, total_minor, currency,
             case n % 2 when 0 then 'failed' else 'completed' end, paid_by, created_at + n * interval '1 second'
         from customer_order, generate_series(1, 120) n",
        "insert into organization (organization_id, slug, name, state, plan_id, billing_account_id, created_at)
         select gen_random_uuid(), 'many-m' || n, 'Many ' || n, 'active', plan_id, billing_account_id,
             created_at + n * interval '1 second'
         from organization, generate_series(1, 120) n",
        "insert into organization_member (organization_id, account_id, role, created_at)
         select organization.organization_id, account_id, role, organization.created_at
         from organization, organization_member where slug like 'many-%'",
        "insert into promo_code (promo_code_id, code, credit_minor, currency, created_at)
         select gen_random_uuid(), 'MANY-' || n, 9000, 'OMR', now() + n * interval '1 second'
         from generate_series(1, 120) n",
        "insert into promo_redemption (promo_redemption_id, promo_code_id, account_id, order_id, ledger_transaction_id,
             credit_minor, currency, created_at)
         select gen_random_uuid(), promo_code.promo_code_id, account_id, order_id, ledger_transaction_id,
             one.credit_minor, one.currency, promo_code.created_at
         from promo_code, promo_redemption one where code like 'MANY-%'",
    ] {
        world.execute(statement).await;
    }
}

async fn filled() -> World {
    let world = World::new().await;
    let customer = world.customer("sara@example.om").await;
    world.voucher("FIRST", "90", 0).await;
    customer.order("first", &order_for("the-first", Some("FIRST"))).await.expect(StatusCode::OK);
    world.run_jobs().await;
    fill(&world).await;
    world
}

#[tokio::test]
async fn pages_lead_through_their_lists_and_keep_the_filter() {
    let world = filled().await;
    let mut browser = staff(&world).await;
    let first = browser.get("/admin/orders?state=failed").await.expect(StatusCode::OK);
    assert_eq!(count(&first, "<th scope=\"row\">"), 50);
    assert_eq!(link(&first, "Orders", "Newest"), None);
    let older = link(&first, "Orders", "rel=\"next\"").unwrap();
    assert!(older.starts_with("/admin/orders?state=failed&after="), "{older}");
    let last = browser.get(&older).await.expect(StatusCode::OK);
    assert_eq!((count(&last, "<th scope=\"row\">"), count(&last, "aria-current=\"true\">Failed")), (10, 1));
    assert_eq!(link(&last, "Orders", "rel=\"next\""), None);
    assert_eq!(link(&last, "Orders", "Newest").unwrap(), "/admin/orders?state=failed");

    let first = browser.get("/admin/tenants").await.expect(StatusCode::OK);
    assert!(!first.text().contains("the-first"));
    let last = browser.get(&link(&first, "Tenants", "rel=\"next\"").unwrap()).await.expect(StatusCode::OK);
    assert!(last.text().contains("the-first"), "{}", last.text());
    assert_eq!(count(&last, "<th scope=\"row\">"), 21);

    browser.remember("lang", "ar");
    let first = browser.get("/admin/orders").await.expect(StatusCode::OK);
    assert!(link(&first, "الطلبات", "الأقدم").is_some(), "{}", first.text());
}

#[tokio::test]
async fn the_two_lists_of_vouchers_are_read_each_on_its_own() {
    let world = filled().await;
    let mut browser = staff(&world).await;
    let first = browser.get("/admin/billing").await.expect(StatusCode::OK);
    let older = link(&first, "Issued", "rel=\"next\"").unwrap();
    assert!(older.ends_with("#issued"), "{older}");
    let second = browser.get(older.split('#').next().unwrap()).await.expect(StatusCode::OK);
    assert!(second.text().contains("FIRST"));
    let both = link(&second, "Redeemed", "rel=\"next\"").unwrap();
    assert!(both.starts_with("/admin/billing?after=") && both.contains("&redeemed="), "{both}");
    let both = browser.get(both.split('#').next().unwrap()).await.expect(StatusCode::OK);
    assert_eq!(count(&both, "<th scope=\"row\">"), 21 + 21);
    assert!(link(&both, "Issued", "Newest").unwrap().starts_with("/admin/billing?redeemed="));

    // A voucher is found wherever in the list it is.
    for (asked, shown) in [("edit", "Change"), ("share", "/redeem?code=FIRST"), ("revoke", "Revoke voucher")]
    {
        let page = browser.get(&format!("/admin/billing?{asked}=FIRST")).await.expect(StatusCode::OK);
        assert!(page.text().contains(shown), "{asked}: {}", page.text());
    }
    let page = browser.get("/admin/billing?revoke=MANY-1").await.expect(StatusCode::OK);
    assert!(page.text().contains("href=\"/admin/billing\""), "the dialog closes");
    let fields = [("code", "MANY-1")];
    submit(&mut browser, "/admin/billing", "/do/vouchers/revoke", &fields)
        .await
        .expect(StatusCode::SEE_OTHER);
    let page = browser.get("/admin/billing?revoke=MANY-1").await.expect(StatusCode::OK);
    assert!(!page.text().contains("dialog__title"), "what is revoked is not asked about again");
}

#[tokio::test]
async fn the_oldest_of_many_organizations_is_reached_by_its_id_and_its_slug() {
    let world = filled().await;
    let customer = world.customer("sara@example.om").await;
    let newest = customer.get("/tenant/orgs").await.expect(StatusCode::OK);
    assert_eq!(newest.json().as_array().unwrap().len(), 50);
    let all = pages(&customer, "/tenant/orgs", "", "id").await;
    each_once(&all, 50, 121);
    let id = all.last().unwrap().last().unwrap().clone();
    let one = customer.get(&format!("/tenant/orgs/{id}")).await.expect(StatusCode::OK).json();
    assert_eq!((&one["slug"], &one["apps"][0]["slug"]), (&json!("the-first"), &json!("wordpress")));
    let listed = customer.get(&format!("/tenant/orgs?limit=100&{}", last_page(&newest))).await;
    let listed = listed.expect(StatusCode::OK).json();
    let listed = listed.as_array().unwrap().last().unwrap().clone();
    assert_eq!(listed, one, "a list tells the same of an Organization as it tells of itself");

    let order = |tenant: &str| json!({ "plan_id": "s", "apps": ["ghost"], "tenant_id": tenant });
    let placed = customer.order("by-slug", &order("the-first")).await.expect(StatusCode::OK).json();
    assert_eq!(placed["tenant_id"], json!(id));
    let stranger = world.customer("ali@example.om").await;
    stranger.order("k", &order("the-first")).await.refused(StatusCode::NOT_FOUND, "not_found", "");
    world.run_jobs().await;

    let mut browser = sign_in(&world, "sara@example.om").await;
    for name in ["the-first", &id] {
        let page = browser.get(&format!("/console?organization={name}")).await.expect(StatusCode::OK);
        assert!(page.text().contains("The the-first company") && page.text().contains("WordPress"));
    }
    browser.get("/console?organization=nobody-s").await.expect(StatusCode::NOT_FOUND);
    let order = placed["order_id"].as_str().unwrap();
    let page = browser.get(&format!("/orders/{order}")).await.expect(StatusCode::OK);
    assert!(page.text().contains("the-first."), "{}", page.text());
}

/// The part of a `Link` that says where the next page begins.
fn last_page(reply: &Reply) -> String {
    let address = next(reply).unwrap();
    address.split('?').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn the_console_and_the_checkout_lead_to_each_of_many_organizations() {
    let world = filled().await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    let mut seen = BTreeSet::new();
    let mut wanted = Some("/console".to_owned());
    while let Some(path) = wanted {
        let page = browser.get(&path).await.expect(StatusCode::OK);
        let chips = page.text().split("<a ").filter(|a| a.contains("class=\"chip\""));
        let slugs = chips.map(|chip| chip.split("organization=").nth(1).unwrap().split('"').next().unwrap());
        seen.extend(slugs.map(str::to_owned));
        wanted = link(&page, "Your Organizations", "rel=\"next\"");
    }
    assert_eq!(seen.len(), 121, "{seen:?}");
    assert!(seen.contains("the-first"));

    for (action, name, value) in [("/do/cart/plan", "plan", "s"), ("/do/cart/apps/add", "app", "ghost")] {
        submit(&mut browser, "/plans", action, &[(name, value)]).await.expect(StatusCode::SEE_OTHER);
    }
    let mut path = "/checkout?code=FIRST".to_owned();
    for shown in [50, 50, 21] {
        let page = browser.get(path.split('#').next().unwrap()).await.expect(StatusCode::OK);
        assert_eq!(count(&page, "name=\"destination\""), shown, "{path}: {}", page.text());
        let older = link(&page, "Organization", "rel=\"next\"");
        assert_eq!(older.is_some(), shown == 50);
        assert!(older.iter().all(|older| older.contains("code=FIRST")), "{older:?}");
        path = older.unwrap_or(path);
    }
}

#[tokio::test]
async fn the_console_leads_through_what_moved_and_shows_a_few_of_many_grants() {
    let world = World::with(&MANY).await;
    let customer = world.customer("sara@example.om").await;
    for number in 0..13 {
        buy(&world, &customer, number).await;
    }
    world.run_jobs().await;
    // 13 grants of 9.000, 13 orders of 5.000: the oldest are spent.
    let credit: Value = customer.get("/billing/balance").await.expect(StatusCode::OK).json();
    assert_eq!(credit["credit"]["amount"], "52.000");
    world.execute("update grant_lot set remaining_minor = 4000").await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    let page = browser.get("/console?organization=org-a3").await.expect(StatusCode::OK);
    assert_eq!((count(&page, "<li class=\"lot\""), count(&page, "<li class=\"list__item\"")), (10, 8));
    assert!(page.text().contains("more in later grants") && page.text().contains("12.000"));
    let older = link(&page, "Movements", "rel=\"next\"").unwrap();
    assert!(older.starts_with("/console?organization=org-a3&moved="), "{older}");
    let page = browser.get(older.split('#').next().unwrap()).await.expect(StatusCode::OK);
    assert!(page.text().contains("org-a3") && link(&page, "Movements", "Newest").is_some());
    assert_eq!(count(&page, "<li class=\"list__item\""), 8);
}

/// Reads the revenue until it says so.
async fn revenue(browser: &mut Browser, part: &str) -> Reply {
    let since = Instant::now();
    loop {
        let page = browser.get("/admin/revenue").await.expect(StatusCode::OK);
        if page.text().contains(part) {
            return page;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{part}: {}", page.text());
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn revenue_is_told_with_its_time_and_follows_the_orders() {
    let world = World::new().await;
    let mut browser = staff(&world).await;
    let page = revenue(&mut browser, "As of ").await;
    assert!(page.text().contains("0 orders in all"), "{}", page.text());
    let customer = world.customer("sara@example.om").await;
    buy(&world, &customer, 0).await;
    let page = revenue(&mut browser, "One order in all").await;
    for amount in ["5.000", "4.000"] {
        assert!(page.text().contains(amount), "{amount}: {}", page.text());
    }
    world.run_jobs().await;
}

#[tokio::test]
async fn nobody_waits_for_revenue_that_takes_long_to_count() {
    let world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "2")]).await;
    let mut browser = staff(&world).await;
    let mut blocker = world.owner.begin().await.unwrap();
    sqlx::query("lock table grant_lot in access exclusive mode").execute(&mut *blocker).await.unwrap();
    for _ in 0..2 {
        let began = Instant::now();
        let page = browser.get("/admin/revenue").await.expect(StatusCode::OK);
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        assert!(page.text().contains("data-refresh-while=\"figures\""), "{}", page.text());
    }
    blocker.rollback().await.unwrap();
    revenue(&mut browser, "As of ").await;
}
