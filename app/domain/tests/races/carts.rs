//! One cart, changed from several tabs.

use domain::{
    carts,
    catalog::{self, App},
    error::{Error, Problem, Result},
    ids::CartId,
};
use sqlx::PgConnection;

use crate::world::{CROWD, World, all, only};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_apps_added_to_one_cart_at_once_are_all_in_it_once() {
    let world = World::new().await;
    world.linger("before update on cart").await;
    let mut slugs = orderable(&world, CROWD).await;
    for _ in 0..5 {
        // Nobody has stored it yet.
        let cart = CartId::new();
        let answers = world.at_once(CROWD, |number, mut conn| {
            let two = [number, (number + 1) % CROWD].map(|app| slugs[app].clone());
            async move {
                for slug in two {
                    carts::ops::add_app(&mut conn, cart, &slug).await?;
                }
                Ok(())
            }
        });
        all(answers.await);
        slugs.sort();
        assert_eq!(chosen(&world, cart).await, slugs);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn apps_of_an_industry_and_single_ones_added_at_once_are_all_in_the_cart_once() {
    let world = World::new().await;
    world.linger("before update on cart").await;
    let slugs = orderable(&world, CROWD).await;
    let industries = catalog::ops::industries(&mut *world.conn().await).await.unwrap();
    let suggested = industries.iter().take(4).flat_map(|industry| industry.suggested_apps.clone());
    let mut expected: Vec<_> = suggested.chain(slugs.clone()).collect();
    expected.sort();
    expected.dedup();
    let names: Vec<_> = industries.into_iter().take(4).map(|industry| industry.slug).collect();
    for _ in 0..5 {
        let cart = CartId::new();
        let answers = world.at_once(CROWD, |number, mut conn| {
            let (app, industry) = (slugs[number].clone(), names[number % 4].clone());
            async move {
                carts::ops::add_app(&mut conn, cart, &app).await?;
                carts::ops::add_industry(&mut conn, cart, &industry).await
            }
        });
        all(answers.await);
        assert_eq!(chosen(&world, cart).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cart_takes_fifty_apps_however_many_are_added_at_once() {
    let world = World::new().await;
    world.linger("before update on cart").await;
    let slugs = orderable(&world, CROWD).await;
    let cart = CartId::new();
    let mut conn = world.conn().await;
    carts::ops::add_app(&mut conn, cart, &slugs[0]).await.unwrap();
    world.execute("update cart set apps = array(select 'old-' || n from generate_series(1, 44) n)").await;
    let answers = world.at_once(CROWD, |number, mut conn| {
        let app = slugs[number].clone();
        async move { carts::ops::add_app(&mut conn, cart, &app).await }
    });
    only(6, answers.await, full());
    // An industry adds what there is room for, a full cart takes what is in it already.
    assert_eq!(add_industry_beside(&mut conn, cart, &world, 48).await, 50);
    assert_eq!(add_industry_beside(&mut conn, cart, &world, 50).await, 50);
    let chosen = chosen(&world, cart).await;
    assert_eq!(carts::ops::add_app(&mut conn, cart, &slugs[0]).await, Err(full()));
    world.execute(&format!("update cart set apps = apps[1:49] || array['{}']", slugs[0])).await;
    assert_eq!(carts::ops::add_app(&mut conn, cart, &slugs[0]).await, Ok(()));
    assert_eq!(chosen.len(), 50);
}

fn full() -> Error {
    Error::invalid("apps", Problem::OutOfRange { min: 1, max: 50 })
}

/// How many are in a cart of so many old ones when an industry was added to it.
async fn add_industry_beside(conn: &mut PgConnection, cart: CartId, world: &World, old: usize) -> usize {
    world
        .execute(&format!(
            "update cart set apps = array(select 'old-' || n from generate_series(1, {old}) n)"
        ))
        .await;
    let added: Result<()> = carts::ops::add_industry(conn, cart, "restaurant").await;
    added.unwrap();
    chosen(world, cart).await.len()
}

/// Slugs of apps. The seed offers fewer than that yet.
async fn orderable(world: &World, count: usize) -> Vec<String> {
    world.execute("update app set deployable = true where kind = 'application'").await;
    let apps = catalog::ops::apps(&mut *world.conn().await).await.unwrap();
    let slugs: Vec<_> = apps.into_iter().filter(App::orderable).map(|app| app.slug).take(count).collect();
    assert_eq!(slugs.len(), count);
    slugs
}

/// What is in a cart, by name.
async fn chosen(world: &World, cart: CartId) -> Vec<String> {
    let stored = carts::ops::get(&mut *world.conn().await, cart).await.unwrap().unwrap();
    let mut chosen = stored.selection.apps;
    chosen.sort();
    chosen
}
