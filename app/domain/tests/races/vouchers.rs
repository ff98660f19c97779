//! A voucher that many redeem at once.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{
    checkout::Placed,
    error::{Refusal, Result},
    vouchers,
};
use tokio::time::sleep;

use crate::world::{CROWD, Conn, PRICE, World, code, issue_of, only, order, rials};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cap_of_ten_lets_ten_of_thirty_two_customers_redeem() {
    let world = World::new().await;
    for round in 0..3 {
        let name = format!("capped{round}");
        world.voucher(&name, 20, 10).await;
        let customers = world.customers(&name, 32).await;
        let answers = world.at_once(32, |number, mut conn| {
            let (customer, order) =
                (customers[number].clone(), order(&format!("{name}-n{number}"), Some(&name)));
            async move { customer.place(&mut conn, &order).await }
        });
        only(10, answers.await, Refusal::VoucherExhausted);
        let redeemed = format!("select times_redeemed::bigint from promo_code where code = upper('{name}')");
        assert_eq!(world.number(&redeemed).await, 10);
    }
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_customer_redeems_a_voucher_once_however_many_orders_are_sent() {
    let world = World::new().await;
    world.voucher("once", 20, 0).await;
    for round in 0..4 {
        let customer = world.customer(&format!("greedy{round}")).await;
        let answers = world.at_once(CROWD, |number, mut conn| {
            let (customer, order) =
                (customer.clone(), order(&format!("greedy{round}-n{number}"), Some("once")));
            async move { customer.place(&mut conn, &order).await }
        });
        only(1, answers.await, Refusal::VoucherAlreadyRedeemed);
    }
    assert_eq!(world.number("select count(*) from promo_redemption").await, 4);
    world.check_books().await;
}

/// How many customers each of those who race is, one after another.
const TURNS: usize = 4;

/// What was answered to whoever redeemed a voucher that was changed in the middle.
struct Rush {
    /// Began after the change was committed; and the answer.
    answers: Vec<(bool, Result<Placed>)>,
    /// Redemptions before the change, as the database counted them when it was made.
    before: i64,
}

impl Rush {
    async fn new<F: Future<Output = ()>>(world: &World, name: &str, change: impl FnOnce(Conn) -> F) -> Self {
        // The row itself notes when it was changed: no commit comes between the two.
        world
            .execute(
                "create or replace function note() returns trigger language plpgsql as $$
                 begin new.description = old.times_redeemed; return new; end $$;
                 create or replace trigger note before update on promo_code for each row
                 when (old.active <> new.active or old.credit_minor <> new.credit_minor) execute function note();",
            )
            .await;
        world.voucher(name, 20, 0).await;
        let customers = world.customers(name, CROWD * TURNS).await;
        let (tried, changed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let rush = world.at_once(CROWD, |number, mut conn| {
            let (tried, changed, name) = (tried.clone(), changed.clone(), name.to_owned());
            let customers = customers[number * TURNS..][..TURNS].to_vec();
            async move {
                let mut answers = Vec::new();
                for (turn, customer) in customers.iter().enumerate() {
                    let late = changed.load(Ordering::SeqCst);
                    let order = order(&format!("{name}-n{number}-{turn}"), Some(&name));
                    answers.push((late, customer.place(&mut conn, &order).await));
                    tried.fetch_add(1, Ordering::SeqCst);
                }
                answers
            }
        });
        let change = async {
            while tried.load(Ordering::SeqCst) < CROWD {
                sleep(Duration::from_millis(1)).await;
            }
            change(world.conn().await).await;
            changed.store(true, Ordering::SeqCst);
        };
        let (answers, ()) = tokio::join!(rush, change);
        let before = format!("select description::bigint from promo_code where code = upper('{name}')");
        Self { answers: answers.concat(), before: world.number(&before).await }
    }

    fn placed(&self) -> impl Iterator<Item = &Placed> {
        self.answers.iter().filter_map(|(_, answer)| answer.as_ref().ok())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_redeems_a_voucher_after_it_was_revoked_or_switched_off() {
    let world = World::new().await;
    let admin = world.admin().await;
    for round in 0..6 {
        let (name, revoked) = (format!("ending{round}"), round % 2 == 0);
        let rush = Rush::new(&world, &name, |mut conn| {
            let (code, off) = (code(&name), vouchers::Issue { active: false, ..issue_of(&name, 20, 0) });
            let admin = &admin;
            async move {
                match revoked {
                    true => vouchers::ops::revoke(admin, &mut conn, &code).await.unwrap(),
                    false => vouchers::ops::issue(admin, &mut conn, off).await.map(drop).unwrap(),
                }
            }
        });
        let rush = rush.await;
        assert_eq!(rush.placed().count() as i64, rush.before);
        let refusal = if revoked { Refusal::VoucherUnknown } else { Refusal::VoucherInactive };
        for (late, answer) in rush.answers {
            assert!(!(late && answer.is_ok()), "redeemed after its end");
            assert!(answer.is_ok() || answer == Err(refusal.clone().into()), "{answer:?}");
        }
    }
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_what_a_voucher_was_worth_before_it_was_changed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut overtaken = 0;
    for round in 0..4 {
        let name = format!("raised{round}");
        let rush = Rush::new(&world, &name, |mut conn| {
            let (admin, raised) = (&admin, issue_of(&name, 30, 0));
            async move { vouchers::ops::issue(admin, &mut conn, raised).await.map(drop).unwrap() }
        });
        let rush = rush.await;
        let got =
            |credit| rush.placed().filter(|placed| placed.credit_balance == rials(credit - PRICE)).count();
        assert_eq!(got(20) as i64, rush.before);
        assert_eq!(got(20) + got(30), rush.placed().count());
        for (late, answer) in &rush.answers {
            // Who was overtaken by the change is told so, and tries again.
            assert!(
                answer.is_ok() || (!late && *answer == Err(Refusal::VoucherChanged.into())),
                "{late} {answer:?}"
            );
            overtaken += usize::from(answer.is_err());
        }
    }
    assert!(overtaken > 0, "nobody was overtaken");
    world.check_books().await;
}
