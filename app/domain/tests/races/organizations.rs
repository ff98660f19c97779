//! One Organization, moved on by several workers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{
    access::Worker,
    checkout::{PlaceOrder, Selection},
    events::{self, Event, Subject},
    ids::{OrderId, OrganizationId},
    organizations::{
        Delivery, Repository,
        ops::{self, Step},
    },
};
use sqlx::PgConnection;
use tokio::time::sleep;

use crate::world::{CROWD, Conn, Customer, PRICE, World, all, order};

/// An order for a new Organization.
#[derive(Clone)]
struct Ordered {
    buyer: Customer,
    organization: OrganizationId,
    order: OrderId,
    applications: Vec<Delivery>,
}

impl Ordered {
    /// With an Application for each worker.
    async fn new(world: &World, name: &str) -> Self {
        let apps = world.apps().await.into_iter().take(CROWD).collect();
        let (buyer, _) = world.customer_with(&format!("{name}-buyer"), PRICE).await;
        let mut conn = world.conn().await;
        let order = order(name, None);
        let order = PlaceOrder { selection: Selection { apps, ..order.selection.clone() }, ..order };
        let placed = buyer.place(&mut conn, &order).await.unwrap();
        let applications = ops::undelivered(&Worker::in_a_test(), &mut conn, placed.order_id).await.unwrap();
        assert_eq!(applications.len(), CROWD);
        Self { buyer, organization: placed.organization_id, order: placed.order_id, applications }
    }

    async fn advance(&self, conn: &mut PgConnection, application: usize, step: Step<'_>) {
        let application = &self.applications[application];
        let worker = Worker::in_a_test();
        ops::advance(&worker, conn, self.organization, self.order, application, step).await.unwrap();
    }

    async fn commit(&self, conn: &mut PgConnection, application: usize) {
        let (owner, name) = ("somebody".to_owned(), self.applications[application].slug.clone());
        let repository = Repository { provider: "local".to_owned(), owner, name };
        self.advance(conn, application, Step::Committed { repository: &repository, commit_id: "c0ffee" })
            .await;
    }

    async fn deliver(&self, conn: &mut PgConnection, application: usize) {
        self.advance(conn, application, Step::Delivering).await;
    }

    async fn fail(&self, conn: &mut PgConnection, application: usize) {
        self.advance(conn, application, Step::Failed { problem: "no space is left" }).await;
    }

    async fn events(&self, conn: &mut PgConnection) -> Vec<Event> {
        events::after(conn, Subject::Organization(self.organization), 0).await.unwrap()
    }

    /// The states that one Application went through.
    async fn states(&self, world: &World, application: usize) -> Vec<String> {
        let events = self.events(&mut *world.conn().await).await;
        let slug = self.applications[application].slug.as_str();
        let own = events.iter().filter(|event| event.payload["app"] == slug);
        own.map(|event| event.payload["state"].as_str().unwrap().to_owned()).collect()
    }

    /// What became of the Organization itself, each with its event's id.
    async fn outcomes(&self, conn: &mut PgConnection) -> Vec<(i64, String)> {
        let events = self.events(conn).await;
        let own = events.iter().filter(|event| event.kind == "organization");
        own.map(|event| (event.id, event.payload["state"].as_str().unwrap().to_owned())).collect()
    }
}

/// Reads on from the last event that it saw until it has seen them all.
async fn watch(mut conn: Conn, subject: Subject, over: Arc<AtomicBool>) -> Vec<i64> {
    let mut seen: Vec<i64> = Vec::new();
    loop {
        let last_time = over.load(Ordering::SeqCst);
        let next = events::after(&mut conn, subject, seen.last().copied().unwrap_or(0)).await.unwrap();
        seen.extend(next.iter().map(|event| event.id));
        if last_time && next.is_empty() {
            return seen;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_reads_on_while_sixteen_workers_write_sees_each_event_once() {
    let world = World::new().await;
    // An event is seen a while after it got its id.
    world.linger("after insert on event").await;
    let ordered = Ordered::new(&world, "watched").await;
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for subject in [Subject::Organization(ordered.organization), Subject::Order(ordered.order)] {
        readers.push(tokio::spawn(watch(world.conn().await, subject, over.clone())));
    }
    let written = world.at_once(CROWD, |number, mut conn| {
        let ordered = ordered.clone();
        async move {
            for _ in 0..4 {
                ordered.deliver(&mut conn, number).await;
                ordered.fail(&mut conn, number).await;
            }
            ordered.commit(&mut conn, number).await;
        }
    });
    written.await;
    over.store(true, Ordering::SeqCst);
    for reader in readers {
        let mut seen = reader.await.unwrap();
        assert_eq!(seen.len(), 9 * CROWD);
        seen.dedup();
        assert_eq!(seen.len(), 9 * CROWD);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_organization_becomes_active_once_and_only_when_nothing_is_left() {
    let world = World::new().await;
    for round in 0..4 {
        let ordered = Ordered::new(&world, &format!("done{round}")).await;
        let delivered = world.at_once(CROWD, |number, mut conn| {
            let ordered = ordered.clone();
            async move {
                ordered.commit(&mut conn, number).await;
                ops::activate(&Worker::in_a_test(), &mut conn, ordered.organization).await.unwrap();
            }
        });
        delivered.await;
        let mut conn = world.conn().await;
        let newest = events::newest(&mut conn, Subject::Organization(ordered.organization)).await.unwrap();
        assert_eq!(ordered.outcomes(&mut conn).await, [(newest, "active".to_owned())]);
        assert_eq!(ordered.events(&mut conn).await.len(), CROWD + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_organization_that_sixteen_activate_at_once_is_active_once_and_fails_no_more() {
    let world = World::new().await;
    for round in 0..4 {
        let ordered = Ordered::new(&world, &format!("there{round}")).await;
        let mut conn = world.conn().await;
        for application in 0..CROWD {
            ordered.commit(&mut conn, application).await;
        }
        // Some of them think that it was given up.
        let ended = world.at_once(2 * CROWD, |number, mut conn| {
            let organization = ordered.organization;
            async move {
                let worker = Worker::in_a_test();
                if number % 2 == 0 {
                    return ops::activate(&worker, &mut conn, organization).await.unwrap();
                }
                ops::fail(&worker, &mut conn, organization).await.unwrap();
            }
        });
        ended.await;
        let mut outcomes: Vec<_> =
            ordered.outcomes(&mut conn).await.into_iter().map(|(_, state)| state).collect();
        assert_eq!(outcomes.pop().as_deref(), Some("active"));
        assert!(outcomes.is_empty() || outcomes == ["failed"], "{outcomes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_application_goes_through_each_state_once_and_never_back_from_git() {
    let world = World::new().await;
    for round in 0..2 {
        let ordered = Ordered::new(&world, &format!("moved{round}")).await;
        for application in 0..CROWD {
            for step in 0..3 {
                let moved = world.at_once(CROWD, |_, mut conn| {
                    let ordered = ordered.clone();
                    async move {
                        match step {
                            0 => ordered.deliver(&mut conn, application).await,
                            1 => ordered.fail(&mut conn, application).await,
                            _ => ordered.commit(&mut conn, application).await,
                        }
                    }
                });
                moved.await;
            }
            // Whoever comes later has come too late.
            let late = world.at_once(CROWD, |number, mut conn| {
                let ordered = ordered.clone();
                async move {
                    match number % 3 {
                        0 => ordered.deliver(&mut conn, application).await,
                        1 => ordered.fail(&mut conn, application).await,
                        _ => ordered.commit(&mut conn, application).await,
                    }
                }
            });
            late.await;
            assert_eq!(ordered.states(&world, application).await, ["delivering", "failed", "committed"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_failed_is_sent_once_more_however_many_ask_at_once() {
    let world = World::new().await;
    for round in 1..=4 {
        let ordered = Ordered::new(&world, &format!("again{round}")).await;
        let mut conn = world.conn().await;
        for application in 0..CROWD {
            match application % 2 {
                0 => ordered.commit(&mut conn, application).await,
                _ => ordered.fail(&mut conn, application).await,
            }
        }
        ops::fail(&Worker::in_a_test(), &mut conn, ordered.organization).await.unwrap();
        let member = ops::member(&ordered.buyer.actor, &mut conn, ordered.organization).await.unwrap();
        let manager = member.manager().unwrap();
        let sent = world.at_once(CROWD, |_, mut conn| {
            let manager = manager.clone();
            async move { ops::retry(&manager, &mut conn).await }
        });
        assert_eq!(all(sent.await).iter().sum::<usize>(), CROWD / 2);
        for application in 0..CROWD {
            let states: &[&str] = if application % 2 == 0 { &["committed"] } else { &["failed", "queued"] };
            assert_eq!(ordered.states(&world, application).await, states);
        }
        let outcomes: Vec<_> =
            ordered.outcomes(&mut conn).await.into_iter().map(|(_, state)| state).collect();
        assert_eq!(outcomes, ["failed", "provisioning"]);
        assert_eq!(world.number("select count(*) from job where kind = 'deliver_order'").await, round);
    }
}
