//! Vouchers: issuing, looking, revoking, redeeming.

use std::collections::BTreeMap;

use domain::{
    access::PlatformRole,
    money::{Currency, Money},
    testing::signed_in,
    text::VoucherCode,
    vouchers::{self, Issue},
};
use http::StatusCode;
use serde_json::json;

use crate::world::{Client, Reply, World, at_once, order_for};

const ISSUE: &str = "/billing/vouchers/issue";
const PREVIEW: &str = "/billing/vouchers/redeem-preview";

async fn preview(client: &Client, code: &str) -> Reply {
    client.post(PREVIEW, &json!({ "code": code })).await
}

#[tokio::test]
async fn the_answer_to_issuing_is_the_stored_row() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    let issued = admin.post(ISSUE, &json!({ "code": "  welcome-50 ", "credit_omr": 50 })).await;
    let issued = issued.expect(StatusCode::OK).json();
    assert_eq!(issued["code"], "WELCOME-50");
    assert_eq!(issued["credit_baisa"], 50_000);
    assert_eq!(issued["credit"], json!({ "amount": "50.000", "currency": "OMR" }));
    assert_eq!((&issued["active"], &issued["max_redemptions"]), (&json!(true), &json!(0)));
    assert_eq!((&issued["times_redeemed"], &issued["description"]), (&json!(0), &json!("")));
    assert!(issued["created_at"].as_str().is_some_and(|at| at.starts_with("20")), "{issued}");
    let listed = admin.get("/billing/vouchers/list").await.expect(StatusCode::OK).json();
    assert_eq!(listed, json!([issued]));

    let again = json!({ "code": "WELCOME-50", "credit_baisa": 7, "description": " Ramadan ", "active": false,
        "max_redemptions": 3 });
    let changed = admin.post(ISSUE, &again).await.expect(StatusCode::OK).json();
    assert_eq!(changed["created_at"], issued["created_at"]);
    assert_eq!((&changed["credit_baisa"], &changed["description"]), (&json!(7), &json!("Ramadan")));
    assert_eq!((&changed["active"], &changed["max_redemptions"]), (&json!(false), &json!(3)));
}

#[tokio::test]
async fn the_former_names_are_the_same_verbs() {
    let world = World::new().await;
    let admin = world.sovereign_admin().await;
    let promos = "/billing/admin/promos";
    admin.post(promos, &json!({ "code": " eid-10 ", "credit_omr": "10" })).await.expect(StatusCode::OK);
    let old = admin.get(promos).await.expect(StatusCode::OK);
    let new = admin.get("/billing/vouchers/list").await.expect(StatusCode::OK);
    assert_eq!(old.body, new.body);
    assert_eq!(old.json()[0]["code"], "EID-10");
    preview(&world.anonymous(), "eid-10").await.expect(StatusCode::OK);
    let revoked = admin.delete("/billing/admin/promos/eid-10").await.expect(StatusCode::OK);
    assert_eq!(revoked.json(), json!({ "ok": true }));
    preview(&world.anonymous(), "eid-10").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_holds_a_code_may_look_without_a_token_and_learns_no_counts() {
    let world = World::new().await;
    world.voucher("LOOK-1", "12.345", 5).await;
    let seen = preview(&world.anonymous(), " look-1 ").await.expect(StatusCode::OK);
    assert!(seen.text().contains(r#""credit_omr":12.345"#), "{}", seen.text());
    assert_eq!(
        seen.json(),
        json!({ "code": "LOOK-1", "credit_omr": 12.345, "credit_baisa": 12_345,
            "credit": { "amount": "12.345", "currency": "OMR" }, "description": "", "active": true,
            "accepting_redemptions": true })
    );
}

#[tokio::test]
async fn a_revoked_code_answers_exactly_as_one_that_never_was() {
    let world = World::new().await;
    let (admin, anybody) = (world.sovereign_admin().await, world.anonymous());
    world.voucher("GONE-1", "5", 0).await;
    admin.delete("/billing/vouchers/revoke/gone-1").await.expect(StatusCode::OK);
    let same = |revoked: &Reply, unknown: &Reply| {
        assert_eq!((revoked.status, &revoked.body), (unknown.status, &unknown.body));
        let headers = |reply: &Reply| -> BTreeMap<String, String> {
            let shown = reply
                .headers
                .iter()
                .filter(|(name, _)| *name != "x-request-id" && *name != "content-security-policy");
            shown.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect()
        };
        assert_eq!(headers(revoked), headers(unknown));
    };
    let revoked = preview(&anybody, "GONE-1").await.refused(StatusCode::NOT_FOUND, "voucher_unknown", "");
    same(&revoked, &preview(&anybody, "NEVER-1").await);

    let customer = world.customer("a@x.om").await;
    let revoked = customer.order("k1", &order_for("acme", Some("GONE-1"))).await;
    let unknown = customer.order("k2", &order_for("acme", Some("NEVER-1"))).await;
    same(&revoked, &unknown);
    unknown.refused(StatusCode::UNPROCESSABLE_ENTITY, "voucher_unknown", "promo_code");

    let twice = admin.delete("/billing/vouchers/revoke/GONE-1").await;
    same(&twice, &admin.delete("/billing/vouchers/revoke/NEVER-1").await);
    twice.refused(StatusCode::NOT_FOUND, "not_found", "");
}

#[tokio::test]
async fn a_code_that_takes_nobody_more_is_gone_but_says_what_it_was() {
    let mut world = World::new().await;
    let (admin, anybody) = (world.sovereign_admin().await, world.anonymous());
    admin
        .post(ISSUE, &json!({ "code": "ASLEEP", "credit_omr": 5, "active": false }))
        .await
        .expect(StatusCode::OK);
    let seen = preview(&anybody, "ASLEEP").await.expect(StatusCode::GONE).json();
    assert_eq!((&seen["active"], &seen["accepting_redemptions"]), (&json!(false), &json!(false)));

    world.voucher("ONCE", "5", 1).await;
    let customer = world.customer("a@x.om").await;
    customer.order("k", &order_for("acme", Some("once"))).await.expect(StatusCode::OK);
    let seen = preview(&anybody, "ONCE").await.expect(StatusCode::GONE).json();
    assert_eq!((&seen["active"], &seen["accepting_redemptions"]), (&json!(true), &json!(false)));
    assert_eq!(seen["credit"]["amount"], "5.000");
    world.abandon_jobs();
}

#[tokio::test]
async fn each_reason_not_to_redeem_has_a_name_of_its_own_and_stores_nothing() {
    let mut world = World::new().await;
    let admin = world.sovereign_admin().await;
    admin
        .post(ISSUE, &json!({ "code": "ASLEEP", "credit_omr": 5, "active": false }))
        .await
        .expect(StatusCode::OK);
    world.voucher("ONCE", "5", 1).await;
    world.voucher("MANY", "5", 0).await;
    let first = world.customer("first@x.om").await;
    first.order("k1", &order_for("first", Some("ONCE"))).await.expect(StatusCode::OK);
    first.order("k2", &order_for("second", Some("MANY"))).await.expect(StatusCode::OK);
    let stored = world.stored().await;

    let other = world.customer("other@x.om").await;
    for (client, code, status, error) in [
        (&other, "NOBODY", StatusCode::UNPROCESSABLE_ENTITY, "voucher_unknown"),
        (&other, "ASLEEP", StatusCode::UNPROCESSABLE_ENTITY, "voucher_inactive"),
        (&other, "ONCE", StatusCode::UNPROCESSABLE_ENTITY, "voucher_exhausted"),
        (&first, "ONCE", StatusCode::CONFLICT, "voucher_already_redeemed"),
        (&first, "MANY", StatusCode::CONFLICT, "voucher_already_redeemed"),
    ] {
        let refused = client.order("k3", &order_for("third", Some(code))).await;
        refused.refused(status, error, "promo_code");
        assert_eq!(world.stored().await, stored, "{code}");
    }
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn a_code_that_is_issued_again_keeps_its_count_and_is_never_dead_on_arrival() {
    let mut world = World::new().await;
    let admin = world.sovereign_admin().await;
    world.voucher("AGAIN", "5", 2).await;
    for name in ["one", "two"] {
        let customer = world.customer(&format!("{name}@x.om")).await;
        customer.order("k", &order_for(name, Some("AGAIN"))).await.expect(StatusCode::OK);
    }
    for cap in [1, 2] {
        let issue = json!({ "code": "AGAIN", "credit_omr": 9, "max_redemptions": cap });
        let refused = admin.post(ISSUE, &issue).await;
        refused.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "max_redemptions");
    }
    let kept = admin.get("/billing/vouchers/list").await.json();
    assert_eq!(kept[0]["credit_baisa"], 5_000, "a refused change changes nothing");
    // Putting a used-up code to sleep needs no larger cap.
    let asleep = json!({ "code": "AGAIN", "credit_omr": 5, "max_redemptions": 2, "active": false });
    admin.post(ISSUE, &asleep).await.expect(StatusCode::OK);

    admin.delete("/billing/vouchers/revoke/AGAIN").await.expect(StatusCode::OK);
    let back = json!({ "code": "again", "credit_omr": 9, "max_redemptions": 3 });
    let back = admin.post(ISSUE, &back).await.expect(StatusCode::OK).json();
    assert_eq!((&back["times_redeemed"], &back["credit_baisa"]), (&json!(2), &json!(9_000)));
    let one = world.customer("one@x.om").await;
    let refused = one.order("k2", &order_for("uno", Some("AGAIN"))).await;
    refused.refused(StatusCode::CONFLICT, "voucher_already_redeemed", "promo_code");
    let three = world.customer("three@x.om").await;
    three.order("k", &order_for("three", Some("AGAIN"))).await.expect(StatusCode::OK);
    let balance = three.get("/billing/balance").await.json();
    assert_eq!(balance["credit_baisa"], 4_000, "the new credit counts for who redeems later");
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn looking_is_limited_by_address() {
    let world = World::with(&[("CATALYST_LIMIT_PREVIEWS_PER_IP", "3/1h")]).await;
    let (one, other) = (world.anonymous(), world.anonymous());
    for _ in 0..3 {
        preview(&one, "NEVER-1").await.expect(StatusCode::NOT_FOUND);
    }
    let limited =
        preview(&one, "NEVER-1").await.refused(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "");
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    preview(&other, "NEVER-1").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn redeeming_is_limited_by_account_and_by_address() {
    let limits =
        [("CATALYST_LIMIT_REDEMPTIONS_PER_ACCOUNT", "2/1h"), ("CATALYST_LIMIT_REDEMPTIONS_PER_IP", "3/1h")];
    let world = World::with(&limits).await;
    let customer = world.customer("a@x.om").await;
    let elsewhere = world.customer("a@x.om").await;
    let order = order_for("acme", Some("NEVER-1"));
    customer.order("k1", &order).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    elsewhere.order("k2", &order).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let limited = elsewhere.order("k3", &order).await;
    limited.refused(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "");
    let b = world.customer("b@x.om").await;
    for key in ["k1", "k2"] {
        b.order(key, &order).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }
    b.order("k3", &order).await.expect(StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_voucher_in_another_currency_is_refused_and_not_used() {
    let world = World::new().await;
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let admin =
        signed_in(&mut conn, "admin@sovereign.om", PlatformRole::SovereignAdmin).await.admin().unwrap();
    let issue = Issue {
        code: VoucherCode::parse("DOLLARS").unwrap(),
        credit: Money::parse("100.00", Currency::parse("USD").unwrap()).unwrap(),
        description: String::new(),
        active: true,
        max_redemptions: 0,
    };
    vouchers::ops::issue(&admin, &mut conn, issue).await.unwrap();
    drop(conn);
    let seen = preview(&world.anonymous(), "DOLLARS").await.expect(StatusCode::OK).json();
    assert_eq!((&seen["credit_omr"], &seen["credit"]["currency"]), (&json!(null), &json!("USD")));
    let stored = world.stored().await;
    let refused = world.customer("a@x.om").await.order("k", &order_for("acme", Some("DOLLARS"))).await;
    refused.refused(StatusCode::UNPROCESSABLE_ENTITY, "voucher_currency", "promo_code");
    assert_eq!(world.stored().await, stored);
}

/// So many customers at once against so large a cap.
async fn rush(connections: &str, customers: usize, cap: i32) {
    let limits =
        [("CATALYST_LIMIT_REDEMPTIONS_PER_IP", "off"), ("CATALYST_DATABASE_CONNECTIONS", connections)];
    let mut world = World::with(&limits).await;
    world.voucher("RUSH", "20", cap).await;
    let mut clients = Vec::new();
    for number in 0..customers {
        clients.push(world.customer(&format!("c{number}@x.om")).await);
    }
    let replies = at_once(customers, |number| {
        let (client, order) = (clients[number].clone(), order_for(&format!("org-{number}"), Some("rush")));
        async move { client.order("k", &order).await }
    });
    let mut won = 0;
    for reply in replies.await {
        if reply.status == StatusCode::OK {
            won += 1;
        } else {
            reply.refused(StatusCode::UNPROCESSABLE_ENTITY, "voucher_exhausted", "promo_code");
        }
    }
    assert_eq!(won, cap);
    let cap = i64::from(cap);
    for (query, expected) in [
        ("select times_redeemed::bigint from promo_code", cap),
        ("select count(*) from promo_redemption", cap),
        ("select count(*) from ledger_transaction where kind = 'grant'", cap),
        ("select count(*) from ledger_transaction where kind = 'spend'", cap),
        ("select count(*) from customer_order", cap),
        ("select count(*) from organization", cap),
        ("select sum(remaining_minor)::bigint from grant_lot", cap * 15_000),
    ] {
        assert_eq!(world.number(query).await, expected, "{query}");
    }
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twelve_customers_at_once_a_cap_of_five_lets_exactly_five_in() {
    for connections in ["1", "16"] {
        rush(connections, 12, 5).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_customers_at_once_a_cap_of_fifty_lets_exactly_fifty_in() {
    rush("16", 64, 50).await;
}
