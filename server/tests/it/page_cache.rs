//! Pages that are kept for those who only look.

use std::time::Duration;

use http::StatusCode;
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    sign_in::submit,
    world::{Reply, World},
};

/// A world that hears of changes.
async fn listening() -> (World, JoinHandle<()>) {
    let world = World::new().await;
    let listening = world.listen().await;
    (world, listening)
}

fn nonce(reply: &Reply) -> String {
    let policy = reply.header("content-security-policy");
    policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned()
}

#[tokio::test]
async fn a_kept_page_needs_no_database_and_has_a_nonce_of_its_own() {
    let (world, listening) = listening().await;
    let first = world.browser().get("/plans").await.expect(StatusCode::OK);
    listening.abort();
    world.app.services.pool.close().await;
    let second = world.browser().get("/plans").await.expect(StatusCode::OK);
    assert_ne!(nonce(&first), nonce(&second));
    let same = |reply: &Reply| reply.text().replace(&nonce(reply), "…");
    assert_eq!(same(&first), same(&second));
    assert!(second.text().contains(&nonce(&second)) && !second.text().contains(&nonce(&first)));
    // Nobody asked for this one yet.
    assert_ne!(world.browser().get("/plans?x=1").await.status, StatusCode::OK);
}

async fn change(world: &World, sql: &str) {
    let before = world.app.wakeups.catalog_changes();
    world.execute(sql).await;
    while world.app.wakeups.catalog_changes() == before {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_change_of_the_catalog_is_seen() {
    let (world, listening) = listening().await;
    let mut shopper = world.browser();
    submit(&mut shopper, "/plans", "/do/cart/plan", &[("plan", "s")]).await.expect(StatusCode::SEE_OTHER);
    world.browser().get("/plans").await.expect(StatusCode::OK);
    shopper.get("/plans").await.expect(StatusCode::OK);
    change(&world, "update plan set price_minor = 77777 where slug = 's'").await;
    assert!(world.browser().get("/plans").await.text().contains("77.777"));
    assert!(shopper.get("/plans").await.text().contains("77.777"));
    listening.abort();
}

#[tokio::test]
async fn who_has_a_session_gets_the_catalog_out_of_memory_while_changes_are_heard_of() {
    let (world, listening) = listening().await;
    let deaf = World::new().await;
    for (world, remembers) in [(&world, true), (&deaf, false)] {
        let mut shopper = world.browser();
        submit(&mut shopper, "/plans", "/do/cart/plan", &[("plan", "s")]).await.expect(StatusCode::SEE_OTHER);
        shopper.get("/plans").await.expect(StatusCode::OK);
        world.execute("alter table plan disable trigger all").await;
        world.execute("update plan set price_minor = 77777 where slug = 's'").await;
        assert_ne!(shopper.get("/plans").await.text().contains("77.777"), remembers);
    }
    listening.abort();
}

#[tokio::test]
async fn languages_and_sessions_have_pages_of_their_own() {
    let (world, listening) = listening().await;
    let mut browser = world.browser();
    let empty = browser.get("/apps").await.expect(StatusCode::OK);
    submit(&mut browser, "/plans", "/do/cart/plan", &[("plan", "s")]).await.expect(StatusCode::SEE_OTHER);
    submit(&mut browser, "/apps", "/do/cart/apps/add", &[("app", "wordpress")])
        .await
        .expect(StatusCode::SEE_OTHER);
    let filled = browser.get("/apps").await.expect(StatusCode::OK);
    let without = |reply: &Reply| reply.text().replace(&nonce(reply), "…");
    assert_ne!(without(&filled), without(&empty), "the cart");
    let other = world.browser().get("/apps").await.expect(StatusCode::OK);
    assert_eq!(without(&other), without(&empty), "somebody else's cart");
    let mut arabic = world.browser();
    submit(&mut arabic, "/apps", "/preferences", &[("lang", "ar")]).await.expect(StatusCode::SEE_OTHER);
    assert!(arabic.get("/apps").await.text().contains("dir=\"rtl\""));
    listening.abort();
}
