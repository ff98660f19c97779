//! Who is woken, how soon, and what becomes of a listener whose connection is dead.

use std::time::{Duration, Instant};

use catalyst::wakeups::FALLBACK;
use http::StatusCode;
use sqlx::postgres::PgListener;
use tokio::time::sleep;

use crate::{
    proxy::Proxy,
    sign_in::sign_in,
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

/// What was told on the channel, up to the mark that is told last.
async fn told(listener: &mut PgListener, world: &World) -> Vec<String> {
    world.execute("select pg_notify('catalyst', 'the end')").await;
    let mut told = Vec::new();
    loop {
        let notification = listener.recv().await.unwrap();
        match notification.payload() {
            "the end" => return told,
            topic => told.push(topic.to_owned()),
        }
    }
}

#[tokio::test]
async fn what_changes_no_row_wakes_nobody() {
    let world = World::new().await;
    let mut browser = sign_in(&world, "sara@example.om").await;
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    world.run_jobs().await;
    let mut listener = PgListener::connect_with(&world.owner).await.unwrap();
    listener.listen("catalyst").await.unwrap();

    let statements: Vec<String> = sqlx::query_scalar(
        "select distinct format(case when tgtype & 8 > 0 then 'delete from %1$s where false'
                 else 'update %1$s set %2$I = %2$I where false' end, tgrelid::regclass,
             (select attname from pg_attribute where attrelid = tgrelid and attnum > 0 and not attisdropped
              order by attnum limit 1))
         from pg_trigger where not tgisinternal and tgtype & 1 = 0 and tgtype & 24 > 0",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert!(statements.len() > 15, "{statements:?}");
    for statement in statements {
        world.execute(&statement).await;
        assert_eq!(told(&mut listener, &world).await, [""; 0], "{statement}");
    }
    // The sweep of an hour in which nothing ended.
    catalyst::jobs::sweep(&world.app).await.unwrap();
    assert_eq!(told(&mut listener, &world).await, [""; 0]);

    for statement in [
        "update organization_member set role = role",
        "update account set role = 'support'",
        "update session set seen_at = now() - interval '40 days'",
    ] {
        world.execute(statement).await;
        let expected: &[&str] = if statement.contains("session") { &[] } else { &["access"] };
        assert_eq!(told(&mut listener, &world).await, expected, "{statement}");
    }
    catalyst::jobs::sweep(&world.app).await.unwrap();
    assert_eq!(told(&mut listener, &world).await, ["access"], "a session ended");
    assert_eq!(world.number("select count(*) from session").await, 0);
    browser.get("/console").await.expect(StatusCode::SEE_OTHER);
}
