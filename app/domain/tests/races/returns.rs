//! Credit that is returned and taken again, by several at once.

use std::time::Duration;

use domain::{
    access::Worker,
    error::Refusal,
    ids::OrderId,
    organizations::{
        Repository,
        ops::{self, Step, advance, undelivered},
    },
    page::PageRequest,
};
use tokio::time::sleep;

use crate::world::{CROWD, Customer, PRICE, World, all, only, order, order_again, rials};

/// Somebody without credit, whose order waits to be delivered.
async fn ordered(world: &World, name: &str) -> (Customer, OrderId) {
    world.voucher(name, PRICE, 0).await;
    let customer = world.customer(name).await;
    let placed = customer.place(&mut *world.conn().await, &order(name, Some(name))).await.unwrap();
    (customer, placed.order_id)
}

async fn give_up(world: &World, order: OrderId) {
    let given_up = world.at_once(CROWD, |_, mut conn| async move {
        ops::give_up(&Worker::in_a_test(), &mut conn, order, "no space is left").await
    });
    all(given_up.await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_sixteen_give_up_at_once_is_returned_once_and_one_of_sixteen_pays_it_again() {
    let world = World::new().await;
    for round in 0..3 {
        let (customer, order) = ordered(&world, &format!("given-up{round}")).await;
        let mut conn = world.conn().await;
        let organization =
            ops::mine(&customer.actor, &mut conn, &PageRequest::newest(1)).await.unwrap().items[0]
                .organization_id;
        let manager = ops::member(&customer.actor, &mut conn, organization).await.unwrap().manager().unwrap();
        for time in 1..=2 {
            give_up(&world, order).await;
            assert_eq!(world.credit(&customer).await, rials(PRICE));
            world.check_books().await;
            let sent = world.at_once(CROWD, |_, mut conn| {
                let manager = manager.clone();
                async move { ops::retry(&manager, &mut conn).await }
            });
            assert_eq!(all(sent.await).iter().sum::<usize>(), 1);
            assert_eq!(world.credit(&customer).await, rials(0));
            let refunds = format!(
                "select count(*) from ledger_transaction where order_id = '{order}' and kind = 'refund'"
            );
            assert_eq!(world.number(&refunds).await, time);
            world.check_books().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn credit_that_came_back_is_spent_once_by_those_who_order_and_those_who_try_again() {
    let world = World::new().await;
    for round in 0..4 {
        let (customer, given_up) = ordered(&world, &format!("torn{round}")).await;
        give_up(&world, given_up).await;
        let mut conn = world.conn().await;
        let organization =
            ops::mine(&customer.actor, &mut conn, &PageRequest::newest(1)).await.unwrap().items[0]
                .organization_id;
        let manager = ops::member(&customer.actor, &mut conn, organization).await.unwrap().manager().unwrap();
        let answers = world.at_once(CROWD, |number, mut conn| {
            let (customer, manager) = (customer.clone(), manager.clone());
            let order = order(&format!("torn{round}-n{number}"), None);
            async move {
                match number % 2 {
                    0 => ops::retry(&manager, &mut conn).await,
                    _ => customer.place(&mut conn, &order).await.map(|_| 1),
                }
            }
        });
        // Who tries again after another did has nothing to send.
        let answers: Vec<_> = answers.await.into_iter().filter(|answer| !matches!(answer, Ok(0))).collect();
        only(1, answers, Refusal::CreditTooSmall { short: rials(PRICE) });
        assert_eq!(world.credit(&customer).await, rials(0));
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_is_either_delivered_or_returned() {
    let world = World::new().await;
    for round in 0..8 {
        let name = format!("either{round}");
        let (customer, order) = ordered(&world, &name).await;
        let mut conn = world.conn().await;
        let organization =
            ops::mine(&customer.actor, &mut conn, &PageRequest::newest(1)).await.unwrap().items[0]
                .organization_id;
        let application = undelivered(&Worker::in_a_test(), &mut conn, order).await.unwrap().remove(0);
        let moved = world.at_once(CROWD, |number, mut conn| {
            let application = application.clone();
            async move {
                let worker = Worker::in_a_test();
                if number % 2 == round % 2 {
                    return ops::give_up(&worker, &mut conn, order, "no space is left").await;
                }
                // To give up takes longer: whoever delivers comes first, unless they wait.
                sleep(Duration::from_millis((round % 4 * number) as u64)).await;
                let (provider, owner, name) =
                    ("local".to_owned(), "somebody".to_owned(), application.slug.clone());
                let repository = &Repository { provider, owner, name };
                let step = Step::Committed { repository, commit_id: "c0ffee" };
                advance(&worker, &mut conn, organization, order, &application, step).await
            }
        });
        all(moved.await);
        let delivered =
            format!("select count(*) from application where order_id = '{order}' and state = 'committed'");
        let left = if world.number(&delivered).await == 1 { 0 } else { PRICE };
        assert_eq!(world.credit(&customer).await, rials(left));
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_sixteen_who_order_an_app_for_their_organization_at_once_pays_for_it() {
    let world = World::new().await;
    for round in 0..4 {
        let name = format!("same{round}");
        let (customer, organization) = world.customer_with(&name, PRICE * CROWD as i64).await;
        let answers = world.at_once(CROWD, |_, mut conn| {
            let customer = customer.clone();
            async move { customer.place(&mut conn, &order_again(organization, "ghost", None)).await }
        });
        let (organization, app) = (format!("The {name} company"), "Ghost".to_owned());
        only(1, answers.await, Refusal::AppInstalled { organization, app });
        assert_eq!(world.credit(&customer).await, rials(PRICE * (CROWD as i64 - 1)));
    }
    world.check_books().await;
}
