//! Workers that reach for the same jobs.

use std::{collections::HashSet, sync::Arc};

use domain::{
    ids::{JobId, OrderId, SignInLinkId},
    jobs::{self, Claim, DeliverOrder, Event, OrderMail, Payload, PublishEvent, SignInMail, Wanted},
};
use sqlx::PgConnection;

use crate::world::{CROWD, World, all, count};

const MAILS: [Wanted; 1] = [Wanted { kind: SignInMail::KIND, lease_seconds: 60 }];

async fn enqueue_mails(world: &World, count: usize) {
    let mut conn = world.conn().await;
    for number in 0..count {
        let job = SignInMail { sign_in_link_id: SignInLinkId::new() };
        jobs::enqueue(&mut conn, &job, &format!("mail {number}"), None).await.unwrap();
    }
}

/// Takes jobs until there are none.
async fn claim_all(conn: &mut PgConnection, wanted: &[Wanted]) -> Vec<Claim> {
    let mut claims = Vec::new();
    while let Some(claim) = jobs::claim(conn, wanted).await.unwrap() {
        claims.push(claim);
    }
    claims
}

async fn sixteen_claim_all(world: &World) -> Vec<Claim> {
    let claims = world.at_once(CROWD, |_, mut conn| async move { claim_all(&mut conn, &MAILS).await });
    claims.await.into_iter().flatten().collect()
}

fn ids(claims: &[Claim]) -> HashSet<JobId> {
    claims.iter().map(|claim| claim.job_id).collect()
}

/// Claims jobs and falls silent until every lease is over.
async fn silent(world: &World, jobs: usize) -> Vec<Claim> {
    enqueue_mails(world, jobs).await;
    let claims = claim_all(&mut *world.conn().await, &MAILS).await;
    assert_eq!(claims.len(), jobs);
    world.execute("update job set lease_until = now() - interval '1 second'").await;
    claims
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_workers_claim_each_of_a_hundred_jobs_once() {
    let world = World::new().await;
    world.linger("before update on job").await;
    enqueue_mails(&world, 100).await;
    let claims = sixteen_claim_all(&world).await;
    assert_eq!((claims.len(), ids(&claims).len()), (100, 100));
    assert_eq!(count(&claims, |claim| claim.attempt != 1), 0);
    assert_eq!(world.number("select count(*) from job where state <> 'running' or attempts <> 1").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_whose_leases_ran_out_are_claimed_once_more_by_sixteen_workers() {
    let world = World::new().await;
    world.linger("before update on job").await;
    let silent = silent(&world, 40).await;
    let claims = sixteen_claim_all(&world).await;
    assert_eq!((claims.len(), ids(&claims)), (40, ids(&silent)));
    assert_eq!(count(&claims, |claim| claim.attempt != 2), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_lost_a_lease_to_another_writes_nothing() {
    let world = World::new().await;
    let lost = Arc::new(silent(&world, 4).await);
    let mut conn = world.conn().await;
    let held = claim_all(&mut conn, &MAILS).await;
    assert_eq!(ids(&held), ids(&lost));
    // To each of four jobs, all that its holder may do.
    let done = world.at_once(20, |number, mut conn| {
        let lost = lost.clone();
        async move {
            let claim = &lost[number % 4];
            match number / 4 {
                0 => jobs::extend(&mut conn, claim, 3_600).await,
                1 => jobs::complete(&mut conn, claim).await,
                2 => jobs::retry(&mut conn, claim, "too late").await,
                3 => jobs::put_back(&mut conn, claim).await,
                _ => jobs::give_up(&mut conn, claim, "too late").await,
            }
        }
    });
    assert_eq!(all(done.await), [false; 20]);
    assert_eq!(world.number("select count(*) from job where last_error is not null").await, 0);
    for claim in held {
        assert_eq!(jobs::extend(&mut conn, &claim, 60).await, Ok(true));
        assert_eq!(jobs::complete(&mut conn, &claim).await, Ok(true));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_claim_all_of_the_kinds_that_they_want_and_none_of_the_others() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    // The unwanted ones are due first.
    for number in 0..20 {
        let job = OrderMail { order_id: OrderId::new() };
        jobs::enqueue(&mut conn, &job, &format!("receipt {number}"), None).await.unwrap();
    }
    enqueue_mails(&world, 20).await;
    let claims = sixteen_claim_all(&world).await;
    assert_eq!(count(&claims, |claim| claim.kind != SignInMail::KIND), 0);
    assert_eq!((claims.len(), ids(&claims).len()), (20, 20));
    let untouched =
        "select count(*) from job where kind = 'order_mail' and state = 'queued' and attempts = 0";
    assert_eq!(world.number(untouched).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_sixteen_enqueue_at_once_is_one() {
    let world = World::new().await;
    for round in 1..=5 {
        let enqueued = world.at_once(CROWD, |_, mut conn| async move {
            let job = OrderMail { order_id: OrderId::new() };
            jobs::enqueue(&mut conn, &job, &format!("the same {round}"), None).await
        });
        all(enqueued.await);
        assert_eq!(world.number("select count(*) from job").await, round);
    }
}

/// Until nothing is left.
async fn sixteen_dispatch(world: &World, publishes: bool) -> Vec<usize> {
    let dispatched = world.at_once(CROWD, |_, mut conn| async move {
        let mut dispatched = 0;
        loop {
            match jobs::dispatch(&mut conn, publishes).await.unwrap() {
                0 => break dispatched,
                events => dispatched += events,
            }
        }
    });
    dispatched.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_who_dispatch_at_once_turn_each_event_into_its_jobs_once() {
    let world = World::new().await;
    for round in 1..=3 {
        let mut conn = world.conn().await;
        for _ in 0..120 {
            jobs::publish(&mut conn, &Event::OrderPlaced { order_id: OrderId::new() }, None).await.unwrap();
        }
        // First those who tell the outside nothing, then those who do.
        for publishes in [false, true] {
            let dispatched = sixteen_dispatch(&world, publishes).await;
            assert_eq!(dispatched.iter().sum::<usize>(), 120, "{publishes}");
        }
        for kind in [DeliverOrder::KIND, OrderMail::KIND, PublishEvent::KIND] {
            let jobs = format!("select count(distinct payload::text) from job where kind = '{kind}'");
            assert_eq!(world.number(&jobs).await, 120 * round, "{kind}");
        }
        assert_eq!(world.number("select count(*) from job").await, 3 * 120 * round);
    }
}

/// Until nothing is left; but never for ever.
const ROUNDS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_that_cannot_be_read_are_set_aside_once_and_hold_up_none_behind_them() {
    let world = World::new().await;
    // More than one transaction takes, older than all others.
    world
        .execute(
            "insert into outbox_event (outbox_event_id, topic, payload, created_at)
             select gen_random_uuid(), topic, jsonb_build_object('topic', 'order_placed'), now() - interval '1 hour'
             from unnest(array['order.placed', 'from.the.future']) topic, generate_series(1, 120)",
        )
        .await;
    let mut conn = world.conn().await;
    for _ in 0..20 {
        jobs::publish(&mut conn, &Event::OrderPlaced { order_id: OrderId::new() }, None).await.unwrap();
    }
    let dispatched = world.at_once(CROWD, |_, mut conn| async move {
        let mut dispatched = 0;
        for _ in 0..ROUNDS {
            dispatched += jobs::dispatch(&mut conn, false).await.unwrap();
        }
        dispatched
    });
    assert_eq!(dispatched.await.iter().sum::<usize>(), 140);
    assert_eq!(world.number("select count(*) from job where kind = 'deliver_order'").await, 20);
    let kept = "select count(*) from outbox_event where topic = 'order.placed' and dispatched_at is null
        and problem like '%order_id%' and set_aside_until > now()";
    assert_eq!(world.number(kept).await, 120);
    let alone = "select count(*) from outbox_event where topic = 'from.the.future' and dispatched_at is null
        and num_nonnulls(problem, set_aside_until) = 0";
    assert_eq!(world.number(alone).await, 120);

    // A program that can read them finds them after a while.
    world
        .execute(
            "update outbox_event set set_aside_until = now() - interval '1 second',
                 payload = payload || jsonb_build_object('order_id', gen_random_uuid())
             where topic = 'order.placed' and dispatched_at is null",
        )
        .await;
    assert_eq!(sixteen_dispatch(&world, false).await.iter().sum::<usize>(), 120);
    assert_eq!(world.number("select count(*) from job where kind = 'deliver_order'").await, 140);
    assert_eq!(world.number("select count(*) from outbox_event where problem is not null").await, 0);
}
