//! A database that takes connections and says nothing, as one whose machine is gone: what people are told, how soon,
//! and that all is well when it answers again.

use std::time::{Duration, Instant};

use domain::testing::TestDatabase;
use http::StatusCode;
use serde_json::json;
use sqlx::Acquire as _;
use tokio::time::{sleep, timeout};

use crate::{
    proxy::Proxy,
    sign_in::{sign_in, submit},
    world::{Client, Reply, World, order_for},
};

/// What the chart's probe of readiness gives.
const PROBES_PATIENCE: Duration = Duration::from_secs(5);
/// What a request may take, and the time of this machine.
const LONGEST: Duration = Duration::from_secs(32);
/// How soon all is well again.
const RECOVERY: Duration = Duration::from_secs(20);
const CONNECTIONS: &str = "3";

async fn answered(within: Duration, reply: impl Future<Output = Reply>) -> Reply {
    timeout(within, reply).await.expect("an answer in time")
}

/// Waits until nobody has a connection.
async fn all_idle(world: &World) {
    let (pool, since) = (&world.app.services.pool, Instant::now());
    while pool.num_idle() < pool.size() as usize {
        assert!(since.elapsed() < RECOVERY, "connections that nobody uses are lost");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn readiness(client: &Client) -> (StatusCode, String) {
    let reply = answered(PROBES_PATIENCE, client.get("/readyz")).await;
    (reply.status, reply.text().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hanging_database_keeps_is_refused_in_time_and_served_when_it_answers() {
    let database = TestDatabase::new().await;
    let (proxy, hangs) = Proxy::start(&database.url()).await;
    let url = proxy.url();
    let settings = [("CATALYST_DATABASE_URL", url.as_str()), ("CATALYST_DATABASE_CONNECTIONS", CONNECTIONS)];
    let mut world = World::on(database, &settings).await;
    world.abandon_jobs();
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;
    let mut browser = sign_in(&world, "ali@example.om").await;
    submit(&mut browser, "/plans", "/do/cart/plan", &[("plan", "s")]).await.expect(StatusCode::SEE_OTHER);
    let probe = world.anonymous();
    assert_eq!(readiness(&probe).await.0, StatusCode::OK);

    // The pool itself asks each connection that comes back for life, and would ask those for as long as TCP does.
    all_idle(&world).await;
    hangs.send_replace(true);
    let order = order_for("al-noor", Some("WELCOME"));
    let (mut visitor, mut tab) = (world.browser(), browser.again());
    // More than there are connections.
    let (page, own, form, bought, catalog) = tokio::join!(
        answered(LONGEST, visitor.get("/plans")),
        answered(LONGEST, browser.get("/console")),
        answered(LONGEST, submit(&mut tab, "/plans", "/do/cart/plan", &[("plan", "m")])),
        answered(LONGEST, customer.order("key-1", &order)),
        answered(LONGEST, probe.get("/catalog/plans")),
    );
    for reply in [page, own, form, bought, catalog] {
        reply.expect(StatusCode::SERVICE_UNAVAILABLE);
    }
    let told = readiness(&probe).await;
    assert_eq!(told, (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".to_owned()));
    probe.get("/healthz").await.expect(StatusCode::OK);

    hangs.send_replace(false);
    let since = Instant::now();
    while readiness(&probe).await.0 != StatusCode::OK {
        assert!(since.elapsed() < RECOVERY, "it answers, and is not asked");
    }
    // With all its connections, and without anything lost or done twice.
    let again = async {
        let (one, two, three) =
            (world.customer("b@x.om"), world.customer("c@x.om"), world.customer("d@x.om"));
        let (one, two, three) = tokio::join!(one, two, three);
        let orders = [("one", &one), ("two", &two), ("three", &three), ("al-noor", &customer)];
        let placed = orders.map(|(slug, client)| async move {
            client.order("key-1", &order_for(slug, Some("WELCOME"))).await.expect(StatusCode::OK)
        });
        futures::future::join_all(placed).await
    };
    let placed = timeout(RECOVERY, again).await.expect("all are served");
    assert!(
        placed
            .iter()
            .all(|reply| reply.json()["credit_balance"] == json!({"amount": "45.000", "currency": "OMR"}))
    );
    browser.get("/console").await.expect(StatusCode::OK);
    assert_eq!(world.number("select count(*) from customer_order").await, 4);
    all_idle(&world).await;
    world.check_books().await;
}

#[tokio::test]
async fn connections_of_the_product_hold_locks_of_a_vanished_client_for_half_a_minute_at_most() {
    let database = TestDatabase::new().await;
    let mut conn = database.pool(1).await.acquire().await.unwrap();
    for (setting, expected) in [
        ("idle_in_transaction_session_timeout", "30s"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
    ] {
        let kept: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert_eq!(kept, expected, "{setting}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_vanishes_with_a_vouchers_lock_frees_it_when_its_time_is_over() {
    let database = TestDatabase::new().await;
    let (proxy, vanishes) = Proxy::start(&database.url()).await;
    let mut world = World::on(database, &[]).await;
    world.abandon_jobs();
    world.voucher("WELCOME", "50", 0).await;
    let customer = world.customer("sara@example.om").await;

    // As long as it takes here is what its session says: half a minute is too long for a test.
    let pool = domain::db::connect(&proxy.url(), 1).await.unwrap();
    let mut gone = pool.acquire().await.unwrap();
    sqlx::query("set idle_in_transaction_session_timeout = '2s'").execute(&mut *gone).await.unwrap();
    let mut tx = gone.begin().await.unwrap();
    sqlx::query("update promo_code set times_redeemed = times_redeemed").execute(&mut *tx).await.unwrap();
    vanishes.send_replace(true);

    let since = Instant::now();
    let placed = customer.order("key-1", &order_for("al-noor", Some("WELCOME"))).await;
    placed.expect(StatusCode::OK);
    let waited = since.elapsed();
    assert!(waited > Duration::from_secs(1), "{waited:?}: it held no lock");
    let held = "select count(*) from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(world.number(held).await, 0);
    world.check_books().await;
    // Closing it would wait for an answer.
    std::mem::forget(tx);
    std::mem::forget(gone);
}
