//! Tries that come at once.

use domain::{
    error::Error,
    limits::{self, Limit},
};

use crate::world::{World, count};

/// The next window begins in 2033: none begins in the middle of a test.
pub const SECONDS: i32 = 1_000_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_of_sixty_four_tries_at_once_are_within_a_limit_of_ten() {
    let world = World::new().await;
    world.linger("before update on rate_limit").await;
    for round in 0..5 {
        let answers = world.at_once(32, |_, mut conn| async move {
            let (subject, limit) = (format!("a subject {round}"), Limit::new(10, SECONDS));
            [limits::count(&mut conn, &subject, limit).await, limits::count(&mut conn, &subject, limit).await]
        });
        let answers = answers.await.concat();
        assert_eq!(count(&answers, Result::is_ok), 10);
        assert_eq!(count(&answers, |answer| matches!(answer, Err(Error::Limited { .. }))), 54);
    }
}
