//! One session, used by several requests at once.

use domain::{
    identity::sessions::{self, Changes, Durations, Stored},
    ids::CartId,
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::world::{CROWD, World, all, count, same};

const DURATIONS: Durations = Durations {
    lifetime_seconds: 3_600,
    idle_seconds: 3_600,
    staff_lifetime_seconds: 3_600,
    staff_idle_seconds: 3_600,
};

/// A session, by the hash of its id.
#[derive(Clone)]
struct Session(Vec<Vec<u8>>);

impl Session {
    async fn new(world: &World, number: u8) -> Self {
        let (hash, mut conn) = (vec![number; 32], world.conn().await);
        assert!(sessions::create(&mut conn, &hash, None, None, &json!({}), &DURATIONS).await.unwrap());
        Self(vec![hash])
    }

    async fn stored(&self, world: &World) -> Option<Stored> {
        sessions::load(&mut *world.conn().await, &self.0, &DURATIONS).await.unwrap()
    }
}

fn set(key: &str, value: Value) -> Changes {
    Changes { set: json!({ key: value }), removed: Vec::new(), cart_id: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_that_begin_a_cart_at_once_begin_the_same_one() {
    let world = World::new().await;
    for round in 0..10 {
        let session = Session::new(&world, round).await;
        let begun = world.at_once(CROWD, |number, mut conn| {
            let (session, own) = (session.clone(), CartId::new());
            async move {
                // Half of them keep it with what else they changed.
                if number % 2 == 0 {
                    return sessions::begin_cart(&mut conn, &session.0, own).await;
                }
                let changes = Changes { cart_id: Some(own), ..set("shown", json!(true)) };
                sessions::save(&mut conn, &session.0, &changes).await.map(|_| None)
            }
        });
        let begun = same(all(begun.await).into_iter().flatten().collect());
        assert_eq!(session.stored(&world).await.unwrap().cart_id, Some(begun));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_requests_that_each_set_another_key_at_once_keep_all_sixteen() {
    let world = World::new().await;
    for round in 0..10 {
        let session = Session::new(&world, round).await;
        let saved = world.at_once(CROWD, |number, mut conn| {
            let session = session.clone();
            async move {
                sessions::save(&mut conn, &session.0, &set(&format!("key-{number}"), json!(number))).await
            }
        });
        assert!(same(all(saved.await)));
        let all_keys: Value = (0..CROWD).map(|number| (format!("key-{number}"), json!(number))).collect();
        assert_eq!(session.stored(&world).await.unwrap().data, all_keys);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_was_ended_is_not_brought_back_by_those_who_still_save() {
    let world = World::new().await;
    for round in 0..10 {
        let session = Session::new(&world, round).await;
        let saved = world.at_once(CROWD, |number, mut conn| {
            let session = session.clone();
            async move {
                if number == 0 {
                    sleep(Duration::from_millis(2)).await;
                    sessions::delete(&mut conn, &session.0).await.unwrap();
                }
                let mut saved = Vec::new();
                for _ in 0..5 {
                    saved.push(
                        sessions::save(&mut conn, &session.0, &set("late", json!(number))).await.unwrap(),
                    );
                }
                saved
            }
        });
        let saved = saved.await;
        // Whoever ended it knows that all of its own came after that.
        assert_eq!(count(&saved[0], |saved| *saved), 0);
        for saved in saved {
            assert!(saved.is_sorted_by(|before, after| before >= after), "{saved:?}");
        }
        assert!(session.stored(&world).await.is_none());
    }
}
