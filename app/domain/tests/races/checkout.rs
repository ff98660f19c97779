//! Orders that are placed at once.

use domain::{
    error::{Conflict, Refusal},
    money::Money,
};

use crate::world::{CROWD, PRICE, World, all, only, order, order_again, rials, same};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn credit_for_one_order_pays_one_of_sixteen_at_once() {
    let world = World::new().await;
    for round in 0..4 {
        let (person, _) = world.customer_with(&format!("spender{round}"), PRICE).await;
        let answers = world.at_once(CROWD, |number, mut conn| {
            let (person, order) = (person.clone(), order(&format!("spend{round}-n{number}"), None));
            async move { person.place(&mut conn, &order).await }
        });
        let placed = only(1, answers.await, Refusal::CreditTooSmall { short: rials(PRICE) });
        assert_eq!(placed[0].credit_balance, rials(0));
        assert_eq!(world.credit(&person).await, rials(0));
    }
    world.check_books().await;
}

/// Each order brings 20 and costs 5.
fn serial(before: i64) -> Vec<Money> {
    (1..=CROWD as i64).map(|orders| rials(before + orders * (20 - PRICE))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_orders_of_one_person_at_once_are_answered_one_after_another() {
    let world = World::new().await;
    for round in 0..3 {
        let person = world.customer(&format!("person{round}")).await;
        // The second time, the person's billing account is there.
        for (time, before) in [("first", 0), ("second", 15 * CROWD as i64)] {
            let name = format!("{time}{round}");
            world.vouchers(&name, 20).await;
            let answers = world.at_once(CROWD, |number, mut conn| {
                let slug = format!("{name}-n{number}");
                let (person, order) = (person.clone(), order(&slug, Some(&format!("{name}-{number}"))));
                async move { person.place(&mut conn, &order).await }
            });
            let mut told: Vec<_> =
                all(answers.await).into_iter().map(|placed| placed.credit_balance).collect();
            told.sort_by_key(Money::minor);
            assert_eq!(told, serial(before), "{name}");
        }
    }
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orders_for_sixteen_organizations_of_one_payer_are_answered_one_after_another() {
    let world = World::new().await;
    let (person, _) = world.customer_with("payer", PRICE * CROWD as i64).await;
    let mut organizations = Vec::new();
    for number in 0..CROWD {
        let order = order(&format!("of-payer{number}"), None);
        organizations.push(person.place(&mut *world.conn().await, &order).await.unwrap().organization_id);
    }
    let apps = world.apps().await;
    for round in 0..3 {
        let name = format!("again{round}");
        world.vouchers(&name, 20).await;
        let answers = world.at_once(CROWD, |number, mut conn| {
            let app = &apps[1 + round as usize];
            let order = order_again(organizations[number], app, Some(&format!("{name}-{number}")));
            let person = person.clone();
            async move { person.place(&mut conn, &order).await }
        });
        let mut told: Vec<_> = all(answers.await).into_iter().map(|placed| placed.credit_balance).collect();
        told.sort_by_key(Money::minor);
        assert_eq!(told, serial(round * 15 * CROWD as i64), "{name}");
    }
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_sent_sixteen_times_at_once_is_one_order_and_one_answer() {
    let world = World::new().await;
    for round in 0..6 {
        let (person, organization) = world.customer_with(&format!("clicker{round}"), 10 * PRICE).await;
        let answers = world.at_once(CROWD, |_, mut conn| {
            let person = person.clone();
            let order = match round % 2 {
                0 => order(&format!("click{round}"), None),
                _ => order_again(organization, "ghost", None),
            };
            async move { person.place_under("the form's own key", &mut conn, &order).await }
        });
        let placed = same(all(answers.await));
        assert_eq!(placed.credit_balance, rials(9 * PRICE));
        assert_eq!(world.credit(&person).await, rials(9 * PRICE));
        assert_eq!(world.number("select count(*) from customer_order").await, 2 * (round + 1));
    }
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_for_sixteen_orders_at_once_is_good_for_one() {
    let world = World::new().await;
    for round in 0..4 {
        let (person, _) = world.customer_with(&format!("forger{round}"), PRICE * CROWD as i64).await;
        let answers = world.at_once(CROWD, |number, mut conn| {
            let (person, order) = (person.clone(), order(&format!("forged{round}-n{number}"), None));
            async move { person.place_under("the same", &mut conn, &order).await }
        });
        only(1, answers.await, Conflict::KeyReused);
    }
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_sixteen_customers_at_once_gets_a_slug() {
    let world = World::new().await;
    for round in 0..3 {
        let name = format!("rival{round}");
        world.vouchers(&name, 20).await;
        let customers = world.customers(&name, CROWD).await;
        let answers = world.at_once(CROWD, |number, mut conn| {
            let order = order(&format!("wanted{round}"), Some(&format!("{name}-{number}")));
            let customer = customers[number].clone();
            async move { customer.place(&mut conn, &order).await }
        });
        only(1, answers.await, Conflict::SlugTaken);
    }
    world.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_sixteen_customers_of_an_installation_are_served_at_once() {
    for _ in 0..2 {
        let world = World::new().await;
        world.vouchers("first", 20).await;
        let customers = world.customers("first", CROWD).await;
        let answers = world.at_once(CROWD, |number, mut conn| {
            let name = format!("first-{number}");
            let (customer, order) = (customers[number].clone(), order(&format!("of-{name}"), Some(&name)));
            async move { customer.place(&mut conn, &order).await }
        });
        for placed in all(answers.await) {
            assert_eq!(placed.credit_balance, rials(20 - PRICE));
        }
        world.check_books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_managers_at_once_do_not_overspend_their_organization() {
    let world = World::new().await;
    let apps = world.apps().await;
    for round in 0..4 {
        let (owner, organization) = world.customer_with(&format!("owner{round}"), 3 * PRICE).await;
        let second = world.customer(&format!("second{round}")).await;
        world
            .execute(&format!(
                "insert into organization_member (organization_id, account_id, role)
                 values ('{organization}', '{}', 'admin')",
                second.actor.id()
            ))
            .await;
        let answers = world.at_once(CROWD, |number, mut conn| {
            let manager = if number % 2 == 0 { owner.clone() } else { second.clone() };
            let order = order_again(organization, &apps[1 + number], None);
            async move { manager.place(&mut conn, &order).await }
        });
        let placed = only(3, answers.await, Refusal::CreditTooSmall { short: rials(PRICE) });
        let mut told: Vec<_> = placed.iter().map(|placed| placed.credit_balance.minor()).collect();
        told.sort_unstable();
        assert_eq!(told, [0, 1, 2].map(|orders| rials(orders * PRICE).minor()));
        assert_eq!(world.credit(&owner).await, rials(0));
    }
    world.check_books().await;
}
