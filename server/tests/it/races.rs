//! Requests of one customer that are really at once: each on a connection of its own, begun together; and the same
//! with one connection for all, which shows who needs a second one.

use std::{collections::HashSet, time::Duration};

use catalyst::jobs::run_until_idle;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    replicas::hidden,
    sign_in::{sign_in, submit},
    world::{Browser, Client, Reply, World, at_once, order_for},
};

const CROWD: usize = 16;
/// How many connections, and how often.
const POOLS: [(&str, usize); 2] = [("1", 1), ("16", 4)];

async fn world(connections: &str) -> World {
    let off =
        ["REDEMPTIONS_PER_IP", "REDEMPTIONS_PER_ACCOUNT"].map(|limit| format!("CATALYST_LIMIT_{limit}"));
    let mut settings = vec![("CATALYST_DATABASE_CONNECTIONS", connections)];
    settings.extend(off.iter().map(|name| (name.as_str(), "off")));
    let mut world = World::with(&settings).await;
    world.abandon_jobs();
    world
}

/// A customer who has so much left after an order of plan s.
async fn customer_with(world: &World, name: &str, left: u32) -> Client {
    world.voucher(name, &(left + 5).to_string(), 0).await;
    let customer = world.customer(&format!("{name}@x.om")).await;
    customer.order("first", &order_for(name, Some(name))).await.expect(StatusCode::OK);
    customer
}

fn won_and_lost(replies: Vec<Reply>) -> (Vec<Reply>, Vec<Reply>) {
    replies.into_iter().partition(|reply| reply.status == StatusCode::OK)
}

/// What a customer who has WordPress may order besides.
async fn other_apps(world: &World) -> Vec<String> {
    let apps = world.anonymous().get("/catalog/apps").await.json();
    let apps =
        apps.as_array().unwrap().iter().filter(|app| app["deployable"] == true && app["kind"] == "business");
    let slugs = apps.map(|app| app["slug"].as_str().unwrap().to_owned());
    slugs.filter(|slug| slug != "wordpress").collect()
}

fn balance(reply: &Value) -> i64 {
    let amount = reply["credit_balance"]["amount"].as_str().unwrap();
    amount.replace('.', "").parse().unwrap()
}

/// In rials of a thousand baisas each.
fn rials(amounts: impl Iterator<Item = i64>) -> Vec<i64> {
    amounts.map(|amount| amount * 1000).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_checkouts_for_one_balance_one_wins() {
    for (connections, rounds) in POOLS {
        let world = world(connections).await;
        for round in 0..rounds {
            let customer = customer_with(&world, &format!("spender{round}"), 30).await;
            let replies = at_once(CROWD, |number| {
                let order = json!({ "plan_id": "xl", "apps": ["wordpress"],
                    "organization": { "name": "Race", "slug": format!("race{round}-{number}") } });
                let customer = customer.clone();
                async move { customer.order(&format!("k{number}"), &order).await }
            });
            let (won, lost) = won_and_lost(replies.await);
            assert_eq!((won.len(), balance(&won[0].json())), (1, 0));
            for reply in lost {
                let refused = reply.refused(StatusCode::UNPROCESSABLE_ENTITY, "credit_too_small", "").json();
                assert_eq!(refused["missing"], json!({ "amount": "30.000", "currency": "OMR" }));
            }
        }
        let orders = i64::try_from(2 * rounds).unwrap();
        for table in ["customer_order", "organization", "idempotency", "subscription"] {
            assert_eq!(world.number(&format!("select count(*) from {table}")).await, orders, "{table}");
        }
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_checkouts_of_one_customer_are_answered_as_if_one_came_after_another() {
    for (connections, rounds) in POOLS {
        let world = world(connections).await;
        for round in 0..rounds {
            let customer = customer_with(&world, &format!("payer{round}"), 0).await;
            for number in 0..CROWD {
                world.voucher(&format!("GIFT{round}-{number}"), "20", 1).await;
            }
            let replies = at_once(CROWD, |number| {
                let voucher = format!("GIFT{round}-{number}");
                let order = order_for(&format!("of{round}-{number}"), Some(&voucher));
                let customer = customer.clone();
                async move { customer.order(&format!("k{number}"), &order).await }
            });
            let mut told: Vec<_> = replies
                .await
                .into_iter()
                .map(|reply| balance(&reply.expect(StatusCode::OK).json()))
                .collect();
            told.sort_unstable();
            assert_eq!(told, rials((1..=16).map(|orders| orders * 15)), "{connections} connections");
        }
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orders_for_one_organization_at_once_are_paid_one_after_another() {
    for (connections, rounds) in POOLS {
        let world = world(connections).await;
        let apps = other_apps(&world).await;
        for round in 0..rounds {
            let customer = customer_with(&world, &format!("owner{round}"), 20).await;
            let replies = at_once(apps.len(), |number| {
                let order =
                    json!({ "plan_id": "s", "apps": [apps[number]], "tenant_id": format!("owner{round}") });
                let customer = customer.clone();
                async move { customer.order(&format!("k{number}"), &order).await }
            });
            let (won, lost) = won_and_lost(replies.await);
            let mut told: Vec<_> = won.iter().map(|reply| balance(&reply.json())).collect();
            told.sort_unstable();
            assert_eq!(told, rials((0..4).map(|orders| orders * 5)), "{connections} connections");
            for reply in lost {
                reply.refused(StatusCode::UNPROCESSABLE_ENTITY, "credit_too_small", "");
            }
        }
        let running = "select count(*) from subscription where ended_at is null";
        assert_eq!(world.number(running).await, i64::try_from(rounds).unwrap());
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_sent_sixteen_times_at_once_is_one_order_with_one_answer() {
    for (connections, rounds) in POOLS {
        let world = world(connections).await;
        for round in 0..rounds {
            let customer = customer_with(&world, &format!("clicker{round}"), 10).await;
            world.voucher(&format!("ONCE{round}"), "20", 1).await;
            let replies = at_once(CROWD, |_| {
                let voucher = format!("ONCE{round}");
                let order = order_for(&format!("click{round}"), Some(&voucher));
                let customer = customer.clone();
                async move { customer.order("same", &order).await }
            });
            let told: Vec<Value> =
                replies.await.into_iter().map(|reply| reply.expect(StatusCode::OK).json()).collect();
            assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
            assert_eq!(balance(&told[0]), 25_000);
        }
        let orders = i64::try_from(2 * rounds).unwrap();
        assert_eq!(world.number("select count(*) from customer_order").await, orders);
        assert_eq!(world.number("select count(*) from promo_redemption").await, orders);
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_for_sixteen_orders_at_once_is_good_for_one() {
    for (connections, rounds) in POOLS {
        let world = world(connections).await;
        for round in 0..rounds {
            let customer = customer_with(&world, &format!("forger{round}"), 80).await;
            let replies = at_once(CROWD, |number| {
                let (customer, order) = (customer.clone(), order_for(&format!("f{round}-{number}"), None));
                async move { customer.order("same", &order).await }
            });
            let (won, lost) = won_and_lost(replies.await);
            assert_eq!(won.len(), 1);
            for reply in lost {
                reply.refused(StatusCode::CONFLICT, "key_reused", "Idempotency-Key");
            }
        }
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_customers_many_requests_redeem_a_voucher_once_and_a_cap_holds_for_all() {
    const CUSTOMERS: usize = 8;
    for (connections, rounds) in POOLS {
        let world = world(connections).await;
        for round in 0..rounds {
            let voucher = format!("CAPPED{round}");
            world.voucher(&voucher, "20", 5).await;
            let mut customers = Vec::new();
            for number in 0..CUSTOMERS {
                customers.push(world.customer(&format!("c{round}-{number}@x.om")).await);
            }
            let replies = at_once(4 * CUSTOMERS, |number| {
                let order = order_for(&format!("c{round}-{number}"), Some(&voucher));
                let customer = customers[number % CUSTOMERS].clone();
                async move { customer.order(&format!("k{number}"), &order).await }
            });
            let mut winners = Vec::new();
            for (number, reply) in replies.await.into_iter().enumerate() {
                match reply.status {
                    StatusCode::OK => winners.push(number % CUSTOMERS),
                    StatusCode::CONFLICT => {
                        reply.refused(StatusCode::CONFLICT, "voucher_already_redeemed", "promo_code");
                    }
                    _ => {
                        reply.refused(StatusCode::UNPROCESSABLE_ENTITY, "voucher_exhausted", "promo_code");
                    }
                }
            }
            let different: HashSet<_> = winners.iter().collect();
            assert_eq!((winners.len(), different.len()), (5, 5), "{winners:?}");
            let redeemed = format!("select times_redeemed::bigint from promo_code where code = '{voucher}'");
            assert_eq!(world.number(&redeemed).await, 5);
        }
        assert_eq!(world.number("select count(*) from customer_order").await, 5 * rounds as i64);
        world.check_books().await;
    }
}

/// A cart for an Organization of this name, with a voucher of the same, and what its page sends by itself.
async fn filled(world: &World, browser: &mut Browser, name: &str) -> (String, String) {
    world.voucher(name, "20", 0).await;
    for (action, fields) in [
        ("/do/cart/plan", vec![("plan", "s")]),
        ("/do/cart/apps/add", vec![("app", "wordpress")]),
        ("/do/cart/organization", vec![("organization_name", name), ("organization_slug", name)]),
        ("/do/cart/voucher", vec![("promo_code", name)]),
    ] {
        submit(browser, "/plans", action, &fields).await.expect(StatusCode::SEE_OTHER);
    }
    let page = browser.get("/checkout").await.expect(StatusCode::OK);
    (hidden(page.text(), "key"), hidden(page.text(), "seen"))
}

async fn click(browser: &mut Browser, key: &str, seen: &str) -> Reply {
    let fields = [("key", key), ("seen", seen), ("destination", "")];
    submit(browser, "/checkout", "/do/orders/place", &fields).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_click_from_under_which_another_took_the_cart_leads_to_the_order_that_it_became() {
    let world = world("16").await;
    let mut browser = sign_in(&world, "sara@x.om").await;
    let (key, seen) = filled(&world, &mut browser, "acme").await;
    // The second click has found no order yet, and waits for the cart.
    let mut first = world.owner.begin().await.unwrap();
    sqlx::query("lock table cart in access exclusive mode").execute(&mut *first).await.unwrap();
    let second = tokio::spawn(async move { click(&mut browser, &key, &seen).await });
    let waiting = "select count(*) from pg_locks where relation = 'cart'::regclass and not granted";
    while world.number(waiting).await < 1 {
        sleep(Duration::from_millis(10)).await;
    }
    let key: String =
        sqlx::query_scalar("select checkout_key::text from cart").fetch_one(&mut *first).await.unwrap();
    let order = order_for("acme", Some("acme"));
    let placed = world.customer("sara@x.om").await.order(&key, &order).await.expect(StatusCode::OK).json();
    sqlx::query("delete from cart").execute(&mut *first).await.unwrap();
    first.commit().await.unwrap();
    let led = second.await.unwrap().expect(StatusCode::SEE_OTHER);
    assert_eq!(led.header("location"), format!("/orders/{}", placed["order_id"].as_str().unwrap()));
    assert_eq!(world.number("select count(*) from customer_order").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_clicks_on_one_button_lead_to_one_order() {
    for (connections, rounds) in POOLS {
        let world = world(connections).await;
        let mut browser = sign_in(&world, "sara@x.om").await;
        for round in 0..rounds {
            let (key, seen) = filled(&world, &mut browser, &format!("acme{round}")).await;
            let replies = at_once(CROWD, |_| {
                let (mut tab, key, seen) = (browser.again(), key.clone(), seen.clone());
                async move { click(&mut tab, &key, &seen).await }
            });
            let led: HashSet<String> = replies
                .await
                .into_iter()
                .map(|reply| reply.expect(StatusCode::SEE_OTHER).header("location").to_owned())
                .collect();
            assert_eq!(led.len(), 1, "{led:?}");
            assert!(led.iter().all(|page| page.starts_with("/orders/")), "{led:?}");
        }
        assert_eq!(world.number("select count(*) from customer_order").await, rounds as i64);
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_at_once_do_each_job_once() {
    const ORDERS: usize = 8;
    for (connections, _) in POOLS {
        let world = world(connections).await;
        for number in 0..ORDERS {
            customer_with(&world, &format!("org-{number}"), 15).await;
        }
        let workers = at_once(4, |_| {
            let app = world.app.clone();
            async move { run_until_idle(&app).await }
        });
        for worker in workers.await {
            worker.unwrap();
        }
        // One that was still under way when the others found nothing.
        world.run_jobs().await;
        let orders = ORDERS as i64;
        for (query, expected) in [
            ("select count(*) from job", 2 * orders),
            ("select count(*) from job where state <> 'done' or attempts <> 1", 0),
            ("select count(*) from organization where state = 'active'", orders),
            (
                "select count(*) from event where kind = 'application' and payload ->> 'state' = 'committed'",
                2 * orders,
            ),
        ] {
            assert_eq!(world.number(query).await, expected, "{query}, {connections} connections");
        }
        assert_eq!(world.mails().len(), ORDERS);
    }
}
