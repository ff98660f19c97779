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

#[tokio::test]
async fn a_try_that_the_first_limit_refuses_does_not_count_for_the_second() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    let both = |first, second| [("ip", Limit::new(first, SECONDS)), ("person", Limit::new(second, SECONDS))];
    limits::count_both(&mut conn, both(2, 3)).await.unwrap();
    limits::count_both(&mut conn, both(2, 3)).await.unwrap();
    for limits in [both(2, 3), both(9, 2)] {
        let refused = limits::count_both(&mut conn, limits).await;
        assert!(matches!(refused, Err(Error::Limited { retry_after_seconds: 1.. })), "{refused:?}");
    }
    // Two of the first two calls, and one of the last; without a limit nothing is counted.
    limits::count_both(&mut conn, both(0, 4)).await.unwrap();
    assert!(limits::count_both(&mut conn, both(0, 4)).await.is_err());
}
