//! Placing orders: all of one, or nothing of it.

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Client, World, order_for};

async fn balance(client: &Client) -> Value {
    client.get("/billing/balance").await.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn an_order_becomes_an_organization_whose_applications_are_in_git() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("a@x.om").await;
    let order = json!({ "plan_id": "m", "apps": ["wordpress", "ghost"], "addons": ["daily-backup", "waf"],
        "promo_code": " welcome ", "organization": { "name": "Al Noor", "slug": "Al-Noor" } });
    let placed = customer.order("k", &order).await.expect(StatusCode::OK).json();
    // 9.000 for the plan, 3.000 for the backup; the firewall is included.
    assert_eq!(placed["credit_balance"], json!({ "amount": "38.000", "currency": "OMR" }));
    assert_eq!(placed["paid_by_credit"], true);
    assert_eq!(placed.as_object().unwrap().len(), 4);

    let path = format!("/tenant/orgs/{}", placed["tenant_id"].as_str().unwrap());
    let waiting = customer.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!((&waiting["status"], &waiting["slug"]), (&json!("provisioning"), &json!("al-noor")));
    assert_eq!(waiting["apps"][0]["repository"], Value::Null);

    world.run_jobs().await;
    let ready = customer.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!((&ready["status"], &ready["plan"]), (&json!("active"), &json!("m")));
    let apps = ready["apps"].as_array().unwrap();
    assert_eq!(apps.len(), 2);
    for (app, slug) in apps.iter().zip(["ghost", "wordpress"]) {
        assert_eq!((&app["slug"], &app["state"]), (&json!(slug), &json!("committed")));
        let repository = app["repository"].as_str().unwrap();
        let folder = world.app.config.git_root.join(repository);
        assert!(folder.join("HEAD").is_file(), "{}", folder.display());
    }
    assert_eq!(customer.get("/tenant/orgs").await.json(), json!([ready]));

    let orders = world.superadmin().await.get("/billing/admin/orders").await.expect(StatusCode::OK).json();
    assert_eq!(orders[0]["id"], placed["order_id"]);
    assert_eq!((&orders[0]["promo_code"], &orders[0]["promo_deleted"]), (&json!("WELCOME"), &json!(false)));
    assert_eq!((&orders[0]["amount_baisa"], &orders[0]["email"]), (&json!(12_000), &json!("a@x.om")));
    world.sovereign_admin().await.delete("/billing/vouchers/revoke/WELCOME").await.expect(StatusCode::OK);
    let orders = world.superadmin().await.get("/billing/admin/orders").await.json();
    assert_eq!((&orders[0]["promo_code"], &orders[0]["promo_deleted"]), (&json!("WELCOME"), &json!(true)));
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_checkouts_for_one_balance_one_wins_and_nothing_of_the_other_remains() {
    let mut world = World::new().await;
    world.voucher("FIFTY", "35", 0).await;
    let customer = world.customer("a@x.om").await;
    customer.order("first", &order_for("first", Some("FIFTY"))).await.expect(StatusCode::OK);
    // 30.000 are left: enough for one plan xl, not for two.
    let before = world.stored().await;
    let mut tasks = tokio::task::JoinSet::new();
    for slug in ["left", "right"] {
        let customer = customer.clone();
        let order = json!({ "plan_id": "xl", "apps": ["wordpress"],
            "organization": { "name": "Race", "slug": slug } });
        tasks.spawn(async move { customer.order(slug, &order).await });
    }
    let (mut won, mut lost) = (0, 0);
    for reply in tasks.join_all().await {
        if reply.status == StatusCode::OK {
            won += 1;
            assert_eq!(reply.json()["credit_balance"]["amount"], "0.000");
        } else {
            lost += 1;
            let refused = reply.refused(StatusCode::UNPROCESSABLE_ENTITY, "credit_too_small", "").json();
            assert_eq!(refused["missing"], json!({ "amount": "30.000", "currency": "OMR" }));
        }
    }
    assert_eq!((won, lost), (1, 1));
    for ((table, now), (_, before)) in world.stored().await.into_iter().zip(before) {
        let one_order = match table {
            "order_line" | "subscription_line" | "ledger_entry" => 2,
            "billing_account" | "grant_lot" | "job" | "ledger_account" | "promo_redemption"
            | "redemptions" | "vouchers" => 0,
            _ => 1,
        };
        assert_eq!(now - before, one_order, "{table}");
    }
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_sent_many_times_at_once_is_one_order_with_one_answer() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("a@x.om").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let customer = customer.clone();
        tasks.spawn(async move { customer.order("same", &order_for("acme", Some("WELCOME"))).await });
    }
    let replies = tasks.join_all().await;
    let first = replies[0].json();
    for reply in replies {
        assert_eq!(reply.expect(StatusCode::OK).json(), first);
    }
    assert_eq!(world.number("select count(*) from customer_order").await, 1);
    assert_eq!(world.number("select times_redeemed::bigint from promo_code").await, 1);

    // Long afterwards, and after other orders, it is still the first answer.
    customer.order("other", &order_for("other", None)).await.expect(StatusCode::OK);
    let repeated = customer.order("same", &order_for("acme", Some("WELCOME"))).await;
    assert_eq!(repeated.expect(StatusCode::OK).json(), first);
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn a_key_belongs_to_one_order_of_one_person() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let (one, two) = (world.customer("a@x.om").await, world.customer("b@x.om").await);
    let placed = one.order("k", &order_for("one", Some("WELCOME"))).await.expect(StatusCode::OK).json();
    let other = one.order("k", &order_for("another", Some("WELCOME"))).await;
    other.refused(StatusCode::CONFLICT, "key_reused", "Idempotency-Key");
    let theirs = two.order("k", &order_for("two", Some("WELCOME"))).await.expect(StatusCode::OK).json();
    assert_ne!(placed["order_id"], theirs["order_id"]);
    world.abandon_jobs();
}

#[tokio::test]
async fn an_order_without_a_key_is_refused_by_the_headers_name() {
    let world = World::new().await;
    let customer = world.customer("a@x.om").await;
    let order = order_for("acme", None);
    let key = "Idempotency-Key";
    customer.post("/billing/checkout", &order).await.refused(StatusCode::BAD_REQUEST, "required", key);
    customer.order(" ", &order).await.refused(StatusCode::BAD_REQUEST, "required", key);
    let long = customer.order(&"k".repeat(256), &order).await;
    long.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", key);
}

#[tokio::test]
async fn credit_that_does_not_suffice_says_what_is_missing_and_leaves_the_voucher_unused() {
    let mut world = World::new().await;
    world.voucher("SMALL", "7", 1).await;
    let customer = world.customer("a@x.om").await;
    let stored = world.stored().await;
    let dear = json!({ "plan_id": "m", "apps": ["wordpress"], "promo_code": "SMALL",
        "organization": { "name": "Acme", "slug": "acme" } });
    let refused = customer.order("k", &dear).await;
    let refused = refused.refused(StatusCode::UNPROCESSABLE_ENTITY, "credit_too_small", "").json();
    assert_eq!(refused["missing"], json!({ "amount": "2.000", "currency": "OMR" }));
    assert!(refused["message"].as_str().unwrap().contains("no voucher was used"), "{refused}");
    assert_eq!(world.stored().await, stored);

    // The voucher, the name and even the key are as good as new.
    let retried = customer.order("k", &order_for("acme", Some("SMALL"))).await.expect(StatusCode::OK).json();
    assert_eq!(retried["credit_balance"]["amount"], "2.000");
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn a_name_that_is_reserved_or_taken_costs_no_voucher() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let (one, two) = (world.customer("a@x.om").await, world.customer("b@x.om").await);
    one.order("k", &order_for("acme", Some("WELCOME"))).await.expect(StatusCode::OK);
    let stored = world.stored().await;
    let taken = two.order("k1", &order_for("acme", Some("WELCOME"))).await;
    taken.refused(StatusCode::CONFLICT, "slug_taken", "organization.slug");
    for slug in ["admin", "keycloak", "../x", "a--b", "ab", "-abc", "1abc", "a.b"] {
        let refused = two.order("k2", &order_for(slug, Some("WELCOME"))).await;
        refused.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "organization.slug");
    }
    assert_eq!(world.stored().await, stored);
    world.abandon_jobs();
}

#[tokio::test]
async fn whether_a_name_is_free_is_told_to_everybody() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let anybody = world.anonymous();
    let free = anybody.get("/tenant/check-slug/acme").await.expect(StatusCode::OK).json();
    assert_eq!(free, json!({ "available": true }));
    let customer = world.customer("a@x.om").await;
    customer.order("k", &order_for("acme", Some("WELCOME"))).await.expect(StatusCode::OK);
    let taken = anybody.get("/tenant/check-slug/ACME").await.expect(StatusCode::OK).json();
    assert_eq!(taken, json!({ "available": false, "reason": "taken" }));
    let reserved = anybody.get("/tenant/check-slug/admin").await.expect(StatusCode::OK).json();
    assert_eq!(reserved, json!({ "available": false, "reason": "reserved" }));
    for malformed in ["ab", "a--b", "1abc", "a%20b", "a.b", "..%2Fx"] {
        let refused = anybody.get(&format!("/tenant/check-slug/{malformed}")).await;
        refused.refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "slug");
    }
    world.abandon_jobs();
}

#[tokio::test]
async fn what_cannot_be_bought_is_refused_before_anything_is_touched() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("a@x.om").await;
    let stored = world.stored().await;
    for (plan, apps, addons, error, field) in [
        ("huge", json!(["wordpress"]), json!([]), "plan_unknown", "plan_id"),
        ("", json!(["wordpress"]), json!([]), "plan_missing", "plan_id"),
        ("flexi", json!(["wordpress"]), json!([]), "plan_not_orderable", "plan_id"),
        ("s", json!([]), json!([]), "apps_missing", "apps"),
        ("s", json!(["minecraft"]), json!([]), "app_unknown", "apps"),
        ("s", json!(["wordpress", "erpnext"]), json!([]), "app_not_deployable", "apps"),
        ("s", json!(["mysql"]), json!([]), "app_not_deployable", "apps"),
        ("s", json!(["wordpress"]), json!(["daily-backup", "gold"]), "addon_unknown", "addons"),
    ] {
        let order = json!({ "plan_id": plan, "apps": apps, "addons": addons, "promo_code": "WELCOME",
            "organization": { "name": "Acme", "slug": "acme" } });
        customer.order("k", &order).await.refused(StatusCode::UNPROCESSABLE_ENTITY, error, field);
    }
    assert_eq!(world.stored().await, stored);
}

#[tokio::test]
async fn a_plan_without_a_price_is_sold_only_where_somebody_decided_so() {
    let mut world = World::new().await;
    let free = "update plan set price_minor = 0, orderable = true where slug = 's'";
    let refused = sqlx::query(free).execute(&world.owner).await.unwrap_err();
    let constraint = refused.as_database_error().and_then(|error| error.constraint());
    assert_eq!(constraint, Some("plan_free_is_explicit"));

    world
        .execute("update plan set price_minor = 0, orderable = true, free_of_charge = true where slug = 's'")
        .await;
    let customer = world.customer("a@x.om").await;
    let placed = customer.order("k", &order_for("acme", None)).await.expect(StatusCode::OK).json();
    assert_eq!(placed["credit_balance"]["amount"], "0.000");
    assert_eq!(world.number("select count(*) from ledger_transaction").await, 0);
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn ids_and_slugs_serve_alike() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("a@x.om").await;
    let anybody = world.anonymous();
    let mut ids = Vec::new();
    for (path, slug) in
        [("/catalog/plans", "s"), ("/catalog/apps", "ghost"), ("/catalog/addons", "daily-backup")]
    {
        let all = anybody.get(path).await.expect(StatusCode::OK).json();
        let found = all.as_array().unwrap().iter().find(|item| item["slug"] == slug).unwrap();
        ids.push(found["id"].clone());
    }
    let order = json!({ "plan_id": ids[0], "apps": [ids[1], "ghost"], "addons": [ids[2], "daily-backup"],
        "promo_code": "WELCOME", "organization": { "name": "Acme", "slug": "acme" } });
    let placed = customer.order("k1", &order).await.expect(StatusCode::OK).json();
    assert_eq!(placed["credit_balance"]["amount"], "42.000", "each is bought once");

    for (key, app, tenant) in
        [("k2", "wordpress", placed["tenant_id"].clone()), ("k3", "umami", json!("acme"))]
    {
        let more = json!({ "plan_id": "s", "apps": [app], "tenant_id": tenant });
        let again = customer.order(key, &more).await.expect(StatusCode::OK).json();
        assert_eq!(again["tenant_id"], placed["tenant_id"]);
    }
    let apps = customer.get("/tenant/orgs").await.json()[0]["apps"].as_array().unwrap().len();
    assert_eq!(apps, 3);
    assert_eq!(world.number("select count(*) from subscription where state = 'active'").await, 1);
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn somebody_elses_organization_does_not_exist() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let (owner, stranger) = (world.customer("a@x.om").await, world.customer("b@x.om").await);
    let placed = owner.order("k", &order_for("acme", Some("WELCOME"))).await.expect(StatusCode::OK).json();
    let id = placed["tenant_id"].as_str().unwrap();
    stranger.order("k1", &order_for("mine", Some("WELCOME"))).await.expect(StatusCode::OK);
    let stored = world.stored().await;
    let foreign = stranger.get(&format!("/tenant/orgs/{id}")).await.expect(StatusCode::NOT_FOUND);
    for nothing in ["00000000-0000-7000-8000-000000000000", "acme", "1"] {
        let unknown = stranger.get(&format!("/tenant/orgs/{nothing}")).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(foreign.body, unknown.body);
    }
    for tenant in [id, "acme", "00000000-0000-7000-8000-000000000000"] {
        let order = json!({ "plan_id": "s", "apps": ["ghost"], "tenant_id": tenant });
        stranger.order("k2", &order).await.refused(StatusCode::NOT_FOUND, "not_found", "");
    }
    assert_eq!(world.stored().await, stored);
    let theirs = stranger.get("/tenant/orgs").await.json();
    assert_eq!(theirs.as_array().unwrap().len(), 1);

    // Who only looks at an Organization does not buy for it.
    world
        .execute(&format!(
            "insert into organization_member (organization_id, account_id, role)
             select '{id}', account_id, 'viewer' from account where email = 'b@x.om'"
        ))
        .await;
    stranger.get(&format!("/tenant/orgs/{id}")).await.expect(StatusCode::OK);
    let order = json!({ "plan_id": "s", "apps": ["ghost"], "tenant_id": id });
    stranger.order("k3", &order).await.refused(StatusCode::FORBIDDEN, "forbidden", "");
    world.abandon_jobs();
}

#[tokio::test]
async fn nothing_is_bought_for_an_organization_that_is_on_its_way_out() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("a@x.om").await;
    let placed = customer.order("k", &order_for("acme", Some("WELCOME"))).await.expect(StatusCode::OK).json();
    world.execute("update organization set state = 'deleting'").await;
    let stored = world.stored().await;
    let more = json!({ "plan_id": "s", "apps": ["ghost"], "tenant_id": placed["tenant_id"] });
    customer.order("k2", &more).await.refused(StatusCode::GONE, "gone", "");
    assert_eq!(world.stored().await, stored);
    world.abandon_jobs();
}

#[tokio::test]
async fn a_balance_tells_of_grants_and_spends() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "12.345", 0).await;
    let customer = world.customer("a@x.om").await;
    let empty = balance(&customer).await;
    assert_eq!(
        empty,
        json!({ "credit_omr": 0.0, "credit_baisa": 0, "credit": { "amount": "0.000", "currency": "OMR" },
            "entries": [], "lots": [] })
    );
    let placed = customer.order("k", &order_for("acme", Some("WELCOME"))).await.expect(StatusCode::OK).json();
    let reply = customer.get("/billing/balance").await.expect(StatusCode::OK);
    assert!(reply.text().starts_with(r#"{"credit_omr":7.345,"credit_baisa":7345,"#), "{}", reply.text());
    assert!(reply.text().contains(r#""amount_omr":-5.000,"amount_baisa":-5000"#), "{}", reply.text());
    let told = reply.json();
    let reasons: Vec<&str> =
        told["entries"].as_array().unwrap().iter().map(|entry| entry["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["order-payment", "promo:WELCOME"]);
    assert_eq!(told["entries"][0]["order_id"], placed["order_id"]);
    assert_eq!(told["lots"][0]["granted"]["amount"], "12.345");
    assert_eq!(told["lots"][0]["remaining"]["amount"], "7.345");
    assert_eq!(balance(&world.customer("b@x.om").await).await, empty, "everybody sees their own");
    world.abandon_jobs();
}

#[tokio::test]
async fn an_organization_is_paid_from_its_own_billing_account_whoever_orders() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    world.voucher("MORE", "20", 0).await;
    let (owner, manager) = (world.customer("a@x.om").await, world.customer("b@x.om").await);
    owner.order("k", &order_for("acme", Some("WELCOME"))).await.expect(StatusCode::OK);
    world
        .execute(
            "insert into organization_member (organization_id, account_id, role)
             select organization_id, account_id, 'admin' from organization, account where email = 'b@x.om'",
        )
        .await;
    // 45.000 of the owner's are left; what the manager redeems for the Organization is the Organization's as well.
    let order = json!({ "plan_id": "m", "apps": ["ghost"], "promo_code": "MORE", "tenant_id": "acme" });
    let placed = manager.order("k", &order).await.expect(StatusCode::OK).json();
    assert_eq!(placed["credit_balance"]["amount"], "56.000");
    assert_eq!(balance(&owner).await["credit"]["amount"], "56.000");
    assert_eq!(balance(&manager).await["credit"]["amount"], "0.000");
    assert_eq!(world.number("select count(*) from billing_account").await, 1);
    world.check_books().await;
    world.abandon_jobs();
}

#[tokio::test]
async fn a_subscription_runs_for_a_month_and_is_made_of_the_orders_lines() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("a@x.om").await;
    let order = json!({ "plan_id": "m", "apps": ["wordpress"], "addons": ["daily-backup"], "promo_code": "WELCOME",
        "organization": { "name": "Acme", "slug": "acme" } });
    customer.order("k", &order).await.expect(StatusCode::OK);
    let same = "select count(*) from subscription join subscription_line line using (subscription_id)
        join order_line using (order_id, position)
        where row(line.kind, line.slug, line.name, line.amount_minor, line.currency)
            = row(order_line.kind, order_line.slug, order_line.name, order_line.amount_minor, order_line.currency)
            and period_start <= now() and period_end = period_start + interval '1 month'";
    assert_eq!(world.number(same).await, 3);
    assert_eq!(world.number("select count(*) from subscription_line").await, 3);
    world.abandon_jobs();
}
