//! The program killed in the middle of its work, and started again.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{access::Operator, identity::ops::create_api_token, text::Email};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    program::Program,
    world::{World, order_for},
};

const CUSTOMERS: usize = 20;
/// Fewer than there are customers.
const CAP: usize = 12;
/// How many orders are answered before the program is killed.
const ANSWERS_BEFORE: usize = 12;
const PATIENCE: Duration = Duration::from_secs(60);

/// One of a customer's orders; `None` where nobody answered.
struct Answer {
    customer: usize,
    voucher: &'static str,
    reply: Option<(StatusCode, Value)>,
}

impl Answer {
    fn is(&self, wanted: StatusCode) -> bool {
        self.reply.as_ref().is_some_and(|(status, _)| *status == wanted)
    }
}

async fn order(url: String, token: String, customer: usize, voucher: &'static str) -> Answer {
    let send = async {
        let reply = reqwest::Client::new()
            .post(format!("{url}/billing/checkout"))
            .bearer_auth(token)
            .header("idempotency-key", voucher)
            .json(&order_for(&format!("{}-{customer}", voucher.to_lowercase()), Some(voucher)))
            .send()
            .await
            .ok()?;
        Some((reply.status(), reply.json().await.ok()?))
    };
    Answer { customer, voucher, reply: send.await }
}

/// Each customer orders with the voucher that not all can have, and clicks twice on an order with one that all can,
/// everything at once.
fn rush(url: &str, tokens: &[String]) -> JoinSet<Answer> {
    let mut orders = JoinSet::new();
    for (customer, token) in tokens.iter().enumerate() {
        for voucher in ["CAPPED", "OPEN", "OPEN"] {
            orders.spawn(order(url.to_owned(), token.clone(), customer, voucher));
        }
    }
    orders
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_during_sixty_checkouts_leaves_whole_orders_or_none() {
    let world = World::new().await;
    world.voucher("CAPPED", "20", i32::try_from(CAP).unwrap()).await;
    world.voucher("OPEN", "20", 0).await;
    let mut tokens = Vec::new();
    for number in 0..CUSTOMERS {
        let email = Email::parse(&format!("c{number}@x.om")).unwrap();
        let mut conn = world.app.services.pool.acquire().await.unwrap();
        tokens
            .push(create_api_token(&Operator::at_the_command_line(), &mut conn, &email, &[]).await.unwrap());
    }
    let mut program = Program::start(&world, &[]).await;
    let mut orders = rush(&program.url, &tokens);
    let (mut answers, mut answered) = (Vec::new(), 0);
    while answered < ANSWERS_BEFORE {
        let answer = orders.join_next().await.expect("more orders").expect("no panic");
        answered += usize::from(answer.is(StatusCode::OK));
        answers.push(answer);
    }
    program.kill();
    answers.extend(orders.join_all().await);
    let lost = answers.iter().filter(|answer| answer.reply.is_none()).count();
    assert!(lost > 0, "the program was killed too late to lose anything");

    // What was answered is there; what was not is there whole or not at all.
    let served = answers.iter().filter(|answer| answer.is(StatusCode::OK));
    let served: HashSet<_> = served.map(|answer| (answer.customer, answer.voucher)).collect();
    let stored = world.number("select count(*) from customer_order").await;
    assert!(stored >= count(served.len()), "{stored} of {}", served.len());
    assert_eq!(world.number("select count(*) from promo_redemption").await, stored);
    assert_eq!(world.number("select count(*) from organization").await, stored);
    world.check_books().await;

    // Everybody tries again with the key that they had: nobody pays twice, and as many are served as can be.
    let again = Program::start(&world, &[]).await;
    let mut told = HashMap::new();
    let mut refused = 0;
    for answer in rush(&again.url, &tokens).join_all().await {
        let (status, body) = answer.reply.expect("an answer");
        if status != StatusCode::OK {
            assert_eq!((answer.voucher, &body["error"]), ("CAPPED", &json!("voucher_exhausted")), "{body}");
            refused += 1;
            continue;
        }
        let first = told.entry((answer.customer, answer.voucher)).or_insert_with(|| body.clone());
        assert_eq!(*first, body, "two clicks are one order");
    }
    assert_eq!((told.len(), refused), (CUSTOMERS + CAP, CUSTOMERS - CAP));
    assert!(served.iter().all(|order| told.contains_key(order)), "{served:?}");
    for (query, expected) in [
        ("select count(*) from customer_order", CUSTOMERS + CAP),
        ("select times_redeemed::bigint from promo_code where code = 'CAPPED'", CAP),
        ("select times_redeemed::bigint from promo_code where code = 'OPEN'", CUSTOMERS),
        ("select sum(remaining_minor)::bigint from grant_lot", 15_000 * (CUSTOMERS + CAP)),
    ] {
        assert_eq!(world.number(query).await, count(expected), "{query}");
    }
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
