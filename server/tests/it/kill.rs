//! The program killed in the middle of its work, and started again.

use std::time::Duration;

use domain::{access::Operator, identity::ops::create_api_token, text::Email};
use http::StatusCode;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    program::Program,
    world::{World, order_for},
};

const CUSTOMERS: usize = 50;
/// How many orders are answered before the program is killed.
const ANSWERS_BEFORE: usize = 12;
const PATIENCE: Duration = Duration::from_secs(60);

/// One customer's order; `None` where nobody answered.
async fn order(
    client: reqwest::Client,
    url: String,
    token: String,
    number: usize,
) -> Option<(StatusCode, String)> {
    let reply = client
        .post(format!("{url}/billing/checkout"))
        .bearer_auth(token)
        .header("idempotency-key", "k")
        .json(&order_for(&format!("org-{number}"), Some("RUSH")))
        .send()
        .await
        .ok()?;
    Some((reply.status(), reply.text().await.ok()?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_during_fifty_checkouts_leaves_whole_orders_or_none() {
    let world = World::new().await;
    world.voucher("RUSH", "20", 0).await;
    let mut tokens = Vec::new();
    for number in 0..CUSTOMERS {
        let email = Email::parse(&format!("c{number}@x.om")).unwrap();
        let mut conn = world.app.services.pool.acquire().await.unwrap();
        tokens
            .push(create_api_token(&Operator::at_the_command_line(), &mut conn, &email, &[]).await.unwrap());
    }
    let client = reqwest::Client::new();
    let mut program = Program::start(&world, &[]).await;
    let mut orders = JoinSet::new();
    for (number, token) in tokens.iter().enumerate() {
        orders.spawn(order(client.clone(), program.url.clone(), token.clone(), number));
    }
    let mut answered = 0;
    while answered < ANSWERS_BEFORE {
        match orders.join_next().await.expect("more orders").expect("no panic") {
            Some((StatusCode::OK, _)) => answered += 1,
            other => panic!("{other:?}"),
        }
    }
    program.kill();
    let late = orders.join_all().await;
    let after: usize = late.iter().flatten().filter(|(status, _)| *status == StatusCode::OK).count();
    let lost = late.iter().filter(|reply| reply.is_none()).count();
    assert!(lost > 0, "the program was killed too late to lose anything");

    // What was answered is there; what was not is there whole or not at all.
    let stored = world.number("select count(*) from customer_order").await;
    assert!(stored >= i64::try_from(answered + after).unwrap(), "{stored} of {answered} + {after}");
    assert_eq!(world.number("select count(*) from promo_redemption").await, stored);
    assert_eq!(world.number("select count(*) from organization").await, stored);
    world.check_books().await;

    // Everybody tries again with the key that they had: nobody pays twice, everybody is served.
    let again = Program::start(&world, &[]).await;
    let mut orders = JoinSet::new();
    for (number, token) in tokens.iter().enumerate() {
        orders.spawn(order(client.clone(), again.url.clone(), token.clone(), number));
    }
    for reply in orders.join_all().await {
        let (status, body) = reply.expect("an answer");
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(body.contains(r#""credit_balance":{"amount":"15.000""#), "{body}");
    }
    assert_eq!(world.number("select count(*) from customer_order").await, i64::try_from(CUSTOMERS).unwrap());
    world.check_books().await;

    // Jobs that the killed program held are taken over when their leases are over.
    world.execute("update job set lease_until = now() where state = 'running'").await;
    let waiting = "select (select count(*) from job where state in ('queued', 'running'))
        + (select count(*) from outbox_event where dispatched_at is null)";
    let done = async {
        while world.number(waiting).await > 0 {
            sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("every job is done");
    let undelivered = "select (select count(*) from organization where state <> 'active')
        + (select count(*) from application where state <> 'committed')
        + (select count(*) from job where state <> 'done')";
    assert_eq!(world.number(undelivered).await, 0);
    drop(again);
}
