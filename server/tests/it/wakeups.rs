//! Who is woken, how soon, and what becomes of a listener whose connection is dead.

use std::time::{Duration, Instant};

use catalyst::wakeups::FALLBACK;
use http::StatusCode;
use tokio::time::sleep;

use crate::{
    proxy::Proxy,
    world::{World, order_for},
};

#[tokio::test]
async fn a_worker_begins_an_order_long_before_it_would_look_by_itself() {
    let world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "4")]).await;
    let listening = world.listen().await;
    let worker = tokio::spawn(catalyst::jobs::run(world.app.clone()));
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    // The worker has looked just now, and found nothing.
    sleep(Duration::from_millis(500)).await;
    let since = Instant::now();
    client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    while world.number("select count(*) from job where attempts > 0").await == 0 {
        assert!(since.elapsed() < FALLBACK / 2, "the worker was not woken");
        sleep(Duration::from_millis(20)).await;
    }
    while world.number("select count(*) from job where state <> 'done'").await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    worker.abort();
    listening.abort();
}

#[tokio::test]
async fn a_listener_whose_connection_is_dead_connects_again() {
    let world = World::with(&[("CATALYST_DATABASE_CONNECTIONS", "2")]).await;
    let (proxy, dead) = Proxy::start(&world.database_url()).await;
    let (wakeups, pool) = (&world.app.wakeups, world.app.services.pool.clone());
    let listening = wakeups.run(proxy.url(), pool, Duration::from_millis(900));
    while !wakeups.access().listening {
        sleep(Duration::from_millis(20)).await;
    }
    // Pings keep a good connection; what was heard is remembered.
    sleep(Duration::from_millis(2000)).await;
    let before = wakeups.access();
    assert!(before.listening);
    world.execute("select pg_notify('catalyst', 'catalog')").await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(wakeups.access(), before, "it connected anew without a reason");

    dead.send_replace(true);
    while wakeups.access().listening {
        sleep(Duration::from_millis(20)).await;
    }
    dead.send_replace(false);
    while !wakeups.access().listening {
        sleep(Duration::from_millis(20)).await;
    }
    let changes = wakeups.catalog_changes();
    world.execute("select pg_notify('catalyst', 'catalog')").await;
    while wakeups.catalog_changes() == changes {
        sleep(Duration::from_millis(20)).await;
    }
    listening.abort();
}
