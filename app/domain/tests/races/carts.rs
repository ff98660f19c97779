//! One cart, changed from several tabs.

use domain::{
    carts,
    catalog::{self, App},
    ids::CartId,
};

use crate::world::{CROWD, World, all};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_apps_added_to_one_cart_at_once_are_all_in_it_once() {
    let world = World::new().await;
    // The seed offers fewer than that yet.
    world.execute("update app set deployable = true where kind = 'application'").await;
    world.linger("before update on cart").await;
    let apps = catalog::ops::apps(&mut *world.conn().await).await.unwrap();
    let mut slugs: Vec<_> = apps.into_iter().filter(App::orderable).map(|app| app.slug).take(CROWD).collect();
    assert_eq!(slugs.len(), CROWD);
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
        let stored = carts::ops::get(&mut *world.conn().await, cart).await.unwrap().unwrap();
        let mut chosen = stored.selection.apps;
        chosen.sort();
        slugs.sort();
        assert_eq!(chosen, slugs);
    }
}
