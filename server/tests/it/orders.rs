//! What a paid order delivers, and what becomes of its payment where nothing is delivered.

use adapters::git::{GitStore as _, LocalGitStore};
use catalyst::jobs::deliver_order::{branches, commit_meta};
use domain::{
    access::{PlatformRole, Worker},
    ids::OrderId,
    orders,
    organizations::{
        Delivery,
        ops::{give_up, undelivered},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    sign_in::{sign_in, submit},
    world::{Browser, Client, World, order_for},
};

async fn place(customer: &Client, key: &str, order: &Value) -> OrderId {
    let placed = customer.order(key, order).await.expect(StatusCode::OK).json();
    placed["order_id"].as_str().unwrap().parse().unwrap()
}

/// An order of apps for `acme`, which is there.
fn more(plan: &str, apps: &[&str]) -> Value {
    json!({ "plan_id": plan, "apps": apps, "tenant_id": "acme" })
}

async fn credit(customer: &Client) -> String {
    let balance = customer.get("/billing/balance").await.expect(StatusCode::OK).json();
    balance["credit"]["amount"].as_str().unwrap().to_owned()
}

/// The states of an order, of its subscription, and of the Application that it was for.
async fn states(world: &World, order: OrderId, app: &str) -> [String; 3] {
    let row: (String, String, String) = sqlx::query_as(
        "select customer_order.state, subscription.state, application.state
         from customer_order join subscription using (order_id)
         join application on application.organization_id = customer_order.organization_id
         where customer_order.order_id = $1 and application.slug = $2",
    )
    .bind(order.0)
    .bind(app)
    .fetch_one(&world.owner)
    .await
    .unwrap();
    row.into()
}

async fn fail(world: &World, order: OrderId) {
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    give_up(&Worker::in_a_test(), &mut conn, order, "the disk is full").await.unwrap();
}

/// Each application's files, as Git would be told of them now.
async fn deliver_elsewhere(world: &World, order: OrderId, git: &LocalGitStore) -> (Delivery, String) {
    let worker = Worker::in_a_test();
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let application = undelivered(&worker, &mut conn, order).await.unwrap().remove(0);
    let order = orders::ops::for_job(&worker, &mut conn, order).await.unwrap();
    let files = branches(&order, &application, "").unwrap();
    let meta = commit_meta(&order, &application);
    let delivered = git.deliver("acme", &application.slug, &meta, &files).await.unwrap();
    (application, delivered.main_commit)
}

#[tokio::test]
async fn an_order_is_delivered_as_it_was_placed_whatever_was_changed_since() {
    for taken_by_git in [true, false] {
        let world = World::new().await;
        world.voucher("WELCOME", "50", 0).await;
        let customer = world.customer("sara@example.om").await;
        let order = place(&customer, "k", &order_for("acme", Some("WELCOME"))).await;
        // The settings named another domain then.
        world.execute("update application set apps_domain = 'apps.then.om'").await;
        let root = &world.app.config.git_root;
        let root = if taken_by_git { root.clone() } else { root.with_extension("elsewhere") };
        let (_, commit) = deliver_elsewhere(&world, order, &LocalGitStore::new(&root)).await;
        for edit in [
            "update app set name = 'Renamed', blueprint_version = '9.9.9', ram_mb = 999, cpu_milli = 999, disk_gb = 99
             where slug = 'wordpress'",
            "update organization set name = 'Renamed'",
            "update plan set slug = 'renamed' where slug = 's'",
            "update account set email = 'renamed@example.om' where email = 'sara@example.om'",
        ] {
            world.execute(edit).await;
        }
        world.run_jobs().await;
        assert_eq!(states(&world, order, "wordpress").await, ["completed", "active", "committed"]);
        let noted: String =
            sqlx::query_scalar("select commit_id from application").fetch_one(&world.owner).await.unwrap();
        assert_eq!(noted, commit, "{taken_by_git}");
        assert_eq!(world.app.adapters.git.head("acme", "wordpress", "main").await.unwrap(), Some(commit));
    }
}

#[tokio::test]
async fn what_the_program_before_this_one_orders_is_noted_as_it_is_at_that_moment() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let order = place(&customer, "k", &order_for("acme", Some("WELCOME"))).await;
    world
        .execute(
            "insert into application (application_id, organization_id, order_id, app_id, slug)
             select gen_random_uuid(), organization_id, order_id, app.app_id, app.slug
             from customer_order, app where app.slug = 'ghost' on conflict (organization_id, slug) do nothing",
        )
        .await;
    let worker = Worker::in_a_test();
    let mut conn = world.app.services.pool.acquire().await.unwrap();
    let [ghost, wordpress] =
        <[Delivery; 2]>::try_from(undelivered(&worker, &mut conn, order).await.unwrap()).unwrap();
    assert_eq!((ghost.name.as_str(), ghost.apps_domain), ("Ghost", None));
    assert_eq!(wordpress.apps_domain.as_deref(), Some(world.app.services.apps_domain.as_str()));
    assert_eq!(
        [ghost.organization_name, ghost.plan, ghost.ordered_by],
        [wordpress.organization_name, wordpress.plan, wordpress.ordered_by]
    );
    drop(conn);
    world.abandon_jobs();
}

#[tokio::test]
async fn a_total_that_is_none_any_more_is_told_with_the_one_that_is() {
    let mut world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let expecting = |total: Value| {
        let mut order = order_for("acme", Some("WELCOME"));
        order["total"] = total;
        order
    };
    let stored = world.stored().await;
    for (total, error, field, status) in [
        (json!({ "amount": "4.000", "currency": "OMR" }), "price_changed", "total", StatusCode::CONFLICT),
        (json!({ "amount": "5.00", "currency": "USD" }), "price_changed", "total", StatusCode::CONFLICT),
        (json!({ "amount": "0", "currency": "OMR" }), "price_changed", "total", StatusCode::CONFLICT),
        (
            json!({ "amount": "5.0000", "currency": "OMR" }),
            "invalid",
            "total.amount",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({ "amount": "5", "currency": "XYZ" }),
            "invalid",
            "total.currency",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({ "amount": "5" }), "required", "total.currency", StatusCode::BAD_REQUEST),
    ] {
        let refused =
            customer.order("k", &expecting(total.clone())).await.refused(status, error, field).json();
        if error == "price_changed" {
            assert_eq!(refused["total"], json!({ "amount": "5.000", "currency": "OMR" }));
            let message = refused["message"].as_str().unwrap();
            assert!(
                message.contains(total["amount"].as_str().unwrap()) && message.contains("5.000"),
                "{message}"
            );
        }
    }
    assert_eq!(world.stored().await, stored);
    let right = expecting(json!({ "amount": 5, "currency": "OMR" }));
    let placed = customer.order("k", &right).await.expect(StatusCode::OK).json();
    // Whatever it costs by now: it was placed under this key.
    world.execute("update plan set price_minor = 6000 where slug = 's'").await;
    for order in
        [right, expecting(json!({ "amount": "6", "currency": "OMR" })), order_for("acme", Some("WELCOME"))]
    {
        assert_eq!(customer.order("k", &order).await.expect(StatusCode::OK).json(), placed);
    }
    world.abandon_jobs();
}

#[tokio::test]
async fn nobody_is_charged_for_an_app_that_the_organization_has() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    place(&customer, "k", &order_for("acme", Some("WELCOME"))).await;
    for delivered in [false, true] {
        if delivered {
            world.run_jobs().await;
        }
        let stored = world.stored().await;
        let refused = customer.order("k2", &more("m", &["ghost", "wordpress"])).await;
        let refused = refused.refused(StatusCode::UNPROCESSABLE_ENTITY, "app_installed", "apps").json();
        assert_eq!(refused["message"], "The acme company has WordPress already");
        assert_eq!(world.stored().await, stored);
        assert_eq!(credit(&customer).await, "45.000");
        assert_eq!(customer.get("/tenant/orgs").await.json()[0]["plan"], "s");
    }
}

#[tokio::test]
async fn an_app_that_failed_is_ordered_again_as_it_is_sold_now() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let first = place(&customer, "k", &order_for("acme", Some("WELCOME"))).await;
    fail(&world, first).await;
    world.execute("update app set blueprint_version = '2.0.0' where slug = 'wordpress'").await;
    let second = place(&customer, "k2", &more("m", &["wordpress"])).await;
    assert_eq!(states(&world, second, "wordpress").await, ["completed", "active", "queued"]);
    let theirs = "select count(*) from application where blueprint_version = '2.0.0' and plan = 'm' and problem is null";
    assert_eq!(world.number(theirs).await, 1);
    // The first order has nothing to deliver any more, and is not paid a second time.
    world.run_jobs().await;
    assert_eq!(states(&world, second, "wordpress").await, ["completed", "active", "committed"]);
    assert_eq!(states(&world, first, "wordpress").await[..2], ["refunded", "ended"]);
    assert_eq!(credit(&customer).await, "41.000");
    world.check_books().await;
}

#[tokio::test]
async fn an_order_that_is_given_up_costs_nothing_and_is_paid_again_when_it_is_tried_again() {
    let world = World::new().await;
    world.voucher("WELCOME", "5", 0).await;
    let customer = world.customer("sara@example.om").await;
    let mut sara = sign_in(&world, "sara@example.om").await;
    world.staff("root@sovereign.om", PlatformRole::Superadmin).await;
    let mut root_user = sign_in(&world, "root@sovereign.om").await;
    let order = place(&customer, "k", &order_for("acme", Some("WELCOME"))).await;
    let root = world.app.config.git_root.clone();
    std::fs::create_dir_all(root.join("acme")).unwrap();
    std::fs::write(root.join("acme/wordpress.git"), "in the way").unwrap();
    let id: String = sqlx::query_scalar("select organization_id::text from organization")
        .fetch_one(&world.owner)
        .await
        .unwrap();
    let retry = [("organization", id.as_str())];
    for _ in 0..2 {
        assert_eq!(credit(&customer).await, "0.000");
        world.run_jobs().await;
        // However often it is given up.
        fail(&world, order).await;
        assert_eq!(states(&world, order, "wordpress").await, ["refunded", "ended", "failed"]);
        assert_eq!(credit(&customer).await, "5.000");
        world.check_books().await;
        let console = sara.get("/console").await.expect(StatusCode::OK);
        for part in ["Setting it up failed, and the credit of its order was returned.", "Returned"] {
            assert!(console.text().contains(part), "{part}: {}", console.text());
        }
        let page = sara.get(&format!("/orders/{order}")).await.expect(StatusCode::OK);
        assert!(page.text().replace('\u{a0}', " ").contains("OMR 5.000 of credit were returned to you."));
        submit(&mut sara, "/console", "/do/organizations/retry", &retry).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(states(&world, order, "wordpress").await, ["completed", "active", "queued"]);
        world.check_books().await;
    }
    // Staff see the order as what it is.
    world.run_jobs().await;
    let page = root_user.get("/admin/orders?state=refunded").await.expect(StatusCode::OK);
    assert!(page.text().contains("sara@example.om"));
    let told = world.superadmin().await.get("/billing/admin/orders").await.json();
    assert_eq!(told[0]["status"], "refunded");

    // The credit goes into another Organization: there is none for this one, and that is said in its place.
    place(&customer, "k2", &order_for("other", None)).await;
    world.run_jobs().await;
    let stored = world.stored().await;
    for (browser, page, action) in [
        (&mut sara, format!("/console?organization={id}"), "/do/organizations/retry"),
        (&mut root_user, "/admin/tenants".to_owned(), "/do/admin/organizations/retry"),
    ] {
        let refused = submit(browser, &page, action, &retry).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let text = refused.text().replace('\u{a0}', " ");
        assert!(text.contains("OMR 5.000 is missing") && text.contains(action), "{text}");
        assert_eq!(states(&world, order, "wordpress").await, ["refunded", "ended", "failed"]);
        assert_eq!(world.stored().await, stored);
    }
    assert_eq!(world.number("select count(*) from audit_event where action = 'delivery.retry'").await, 0);

    world.voucher("MORE", "20", 0).await;
    place(&customer, "k3", &order_for("third", Some("MORE"))).await;
    std::fs::remove_file(root.join("acme/wordpress.git")).unwrap();
    submit(&mut sara, "/console", "/do/organizations/retry", &retry).await.expect(StatusCode::SEE_OTHER);
    world.run_jobs().await;
    assert_eq!(states(&world, order, "wordpress").await, ["completed", "active", "committed"]);
    assert_eq!(credit(&customer).await, "10.000");
    world.check_books().await;
}

#[tokio::test]
async fn an_order_of_which_a_part_was_delivered_keeps_its_plan_and_its_payment() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let mut order = order_for("acme", Some("WELCOME"));
    order["apps"] = json!(["wordpress", "ghost"]);
    let order = place(&customer, "k", &order).await;
    let root = world.app.config.git_root.clone();
    std::fs::create_dir_all(root.join("acme")).unwrap();
    std::fs::write(root.join("acme/wordpress.git"), "in the way").unwrap();
    world.run_jobs().await;
    assert_eq!(states(&world, order, "ghost").await, ["completed", "active", "committed"]);
    assert_eq!(states(&world, order, "wordpress").await, ["completed", "active", "failed"]);
    assert_eq!(credit(&customer).await, "45.000");
    let mut sara = sign_in(&world, "sara@example.om").await;
    let console = sara.get("/console").await.expect(StatusCode::OK);
    assert!(!console.text().contains("was returned"), "{}", console.text());
    std::fs::remove_file(root.join("acme/wordpress.git")).unwrap();
    let id: String = sqlx::query_scalar("select organization_id::text from organization")
        .fetch_one(&world.owner)
        .await
        .unwrap();
    let retry = [("organization", id.as_str())];
    submit(&mut sara, "/console", "/do/organizations/retry", &retry).await.expect(StatusCode::SEE_OTHER);
    world.run_jobs().await;
    assert_eq!(states(&world, order, "wordpress").await, ["completed", "active", "committed"]);
    assert_eq!(credit(&customer).await, "45.000");
    world.check_books().await;
}

#[tokio::test]
async fn an_order_that_is_given_up_leaves_the_plan_before_it_and_one_plan_is_paid_again() {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let first = place(&customer, "k", &order_for("acme", Some("WELCOME"))).await;
    world.run_jobs().await;
    let mut sara = sign_in(&world, "sara@example.om").await;
    let plan = async || customer.get("/tenant/orgs").await.json()[0]["plan"].as_str().unwrap().to_owned();
    let second = place(&customer, "k2", &more("m", &["ghost"])).await;
    assert_eq!((plan().await, credit(&customer).await), ("m".to_owned(), "36.000".to_owned()));
    fail(&world, second).await;
    assert_eq!((plan().await, credit(&customer).await), ("s".to_owned(), "45.000".to_owned()));
    assert_eq!(states(&world, first, "wordpress").await, ["completed", "active", "committed"]);
    assert_eq!(states(&world, second, "ghost").await, ["refunded", "ended", "failed"]);

    // The next one fails as well; of the two, the newer is what the Organization wants.
    let third = place(&customer, "k3", &more("l", &["gitea"])).await;
    fail(&world, third).await;
    let price = world.number("select price_minor from plan where slug = 'l'").await;
    let retry = async |sara: &mut Browser| {
        let id: String = sqlx::query_scalar("select organization_id::text from organization")
            .fetch_one(&world.owner)
            .await
            .unwrap();
        let retry = [("organization", id.as_str())];
        submit(sara, "/console", "/do/organizations/retry", &retry).await.expect(StatusCode::SEE_OTHER);
    };
    retry(&mut sara).await;
    assert_eq!(plan().await, "l");
    let left = format!("{:.3}", (45_000 - price) as f64 / 1000.0);
    assert_eq!(credit(&customer).await, left);
    assert_eq!(states(&world, first, "wordpress").await[1], "ended");
    assert_eq!(states(&world, second, "ghost").await, ["refunded", "ended", "queued"]);
    assert_eq!(states(&world, third, "gitea").await, ["completed", "active", "queued"]);
    world.check_books().await;

    // What failed goes on in the plan that was bought since.
    fail(&world, third).await;
    assert_eq!((plan().await, credit(&customer).await), ("s".to_owned(), "45.000".to_owned()));
    let fourth = place(&customer, "k4", &more("m", &["umami"])).await;
    retry(&mut sara).await;
    assert_eq!((plan().await, credit(&customer).await), ("m".to_owned(), "36.000".to_owned()));
    for app in ["ghost", "gitea", "umami"] {
        assert_eq!(states(&world, fourth, app).await, ["completed", "active", "queued"], "{app}");
    }
    world.check_books().await;
    world.run_jobs().await;
    assert_eq!(world.number("select count(*) from application where state = 'committed'").await, 4);
}
