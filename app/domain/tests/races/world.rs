//! A database of its own for each test, those who race on it, and what they order.

use std::{fmt::Debug, future::Future, sync::Arc};

use domain::{
    access::{Actor, Admin, PlatformRole},
    catalog::{self, App, CatalogMemory},
    checkout::{Destination, PlaceOrder, Placed, Selection, ops},
    error::{Error, Result},
    ids::OrganizationId,
    ledger,
    limits::Limit,
    money::{Currency, Money},
    testing::{TestDatabase, check_books, signed_in},
    text::{OrganizationName, Slug, VoucherCode},
    vouchers::{self, Issue, ops::VoucherLimits},
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{sync::Barrier, task::JoinHandle};
use uuid::Uuid;

/// How many race where nothing else is said.
pub const CROWD: usize = 16;
/// The most that race, and one who looks on.
const CONNECTIONS: u32 = 33;
/// Not counted at all.
pub const UNLIMITED: Limit = Limit::new(0, 1);
/// What plan s costs a month, in rials.
pub const PRICE: i64 = 5;

pub type Conn = PoolConnection<Postgres>;

pub struct World {
    pool: PgPool,
    catalog: Arc<CatalogMemory>,
    /// The owner's connections, whom no grant stops.
    owner: PgPool,
    _database: TestDatabase,
}

impl World {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        Self {
            pool: database.pool(CONNECTIONS).await,
            catalog: Arc::default(),
            owner: database.owner_pool().await,
            _database: database,
        }
    }

    pub async fn conn(&self) -> Conn {
        self.pool.acquire().await.unwrap()
    }

    /// Does a piece of work as many times at once: each on a connection of its own, which is open before they begin
    /// together. The answers are in the order of the numbers.
    pub async fn at_once<T, F>(&self, times: usize, work: impl Fn(usize, Conn) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let barrier = Arc::new(Barrier::new(times));
        let mut tasks: Vec<JoinHandle<T>> = Vec::new();
        for number in 0..times {
            let (work, barrier) = (work(number, self.conn().await), barrier.clone());
            tasks.push(tokio::spawn(async move {
                barrier.wait().await;
                work.await
            }));
        }
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        answers
    }

    pub async fn customer(&self, name: &str) -> Customer {
        let email = format!("{name}@example.om");
        let actor = signed_in(&mut *self.conn().await, &email, PlatformRole::Customer).await;
        Customer { actor, catalog: self.catalog.clone() }
    }

    pub async fn customers(&self, name: &str, count: usize) -> Vec<Customer> {
        let mut customers = Vec::new();
        for number in 0..count {
            customers.push(self.customer(&format!("{name}-{number}")).await);
        }
        customers
    }

    pub async fn admin(&self) -> Admin {
        let admin =
            signed_in(&mut *self.conn().await, "admin@sovereign.om", PlatformRole::SovereignAdmin).await;
        admin.admin().unwrap()
    }

    /// Issues a voucher of so many rials; a cap of 0 is none.
    pub async fn voucher(&self, code: &str, amount: i64, cap: i32) {
        let issue = issue_of(code, amount, cap);
        vouchers::ops::issue(&self.admin().await, &mut *self.conn().await, issue).await.unwrap();
    }

    /// One voucher for each who races, named after its number.
    pub async fn vouchers(&self, name: &str, amount: i64) {
        let (admin, mut conn) = (self.admin().await, self.conn().await);
        for number in 0..CROWD {
            let issue = issue_of(&format!("{name}-{number}"), amount, 0);
            vouchers::ops::issue(&admin, &mut conn, issue).await.unwrap();
        }
    }

    /// Somebody with an Organization, and so many rials left after having paid for it.
    pub async fn customer_with(&self, name: &str, left: i64) -> (Customer, OrganizationId) {
        self.voucher(name, left + PRICE, 0).await;
        let customer = self.customer(name).await;
        let placed = customer.place(&mut *self.conn().await, &order(name, Some(name))).await.unwrap();
        (customer, placed.organization_id)
    }

    pub async fn credit(&self, of: &Customer) -> Money {
        ledger::ops::credit(&of.actor, &mut *self.conn().await, Currency::OMR).await.unwrap()
    }

    /// Whoever writes a row takes a while over it, so that others come in between: `before update on cart`.
    pub async fn linger(&self, when: &str) {
        self.execute(&format!(
            "create function linger() returns trigger language plpgsql as $$
             begin perform pg_sleep(random() * 0.003); return new; end $$;
             create trigger linger {when} for each row execute function linger();"
        ))
        .await;
    }

    /// The slugs of all apps that can be ordered, and are more than those who race. The first one is what `order` orders.
    pub async fn apps(&self) -> Vec<String> {
        // The seed offers fewer than that yet.
        self.execute("update app set deployable = true where kind = 'application'").await;
        let apps = catalog::ops::apps(&mut *self.conn().await).await.unwrap();
        let mut slugs: Vec<String> = apps.into_iter().filter(App::orderable).map(|app| app.slug).collect();
        slugs.sort_by_key(|slug| slug != "wordpress");
        assert!(slugs.len() > CROWD);
        slugs
    }

    pub async fn check_books(&self) {
        check_books(&self.owner).await;
    }

    /// The one number that a query of the owner's gives.
    pub async fn number(&self, query: &str) -> i64 {
        let number = sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&self.owner).await;
        number.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Changes something that no verb changes.
    pub async fn execute(&self, statements: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&self.owner).await;
        done.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }
}

/// Somebody who buys.
#[derive(Clone)]
pub struct Customer {
    pub actor: Actor,
    catalog: Arc<CatalogMemory>,
}

impl Customer {
    /// Places an order under a key of its own.
    pub async fn place(&self, conn: &mut PgConnection, order: &PlaceOrder) -> Result<Placed> {
        self.place_under(&Uuid::now_v7().to_string(), conn, order).await
    }

    pub async fn place_under(
        &self,
        key: &str,
        conn: &mut PgConnection,
        order: &PlaceOrder,
    ) -> Result<Placed> {
        let limits = VoucherLimits {
            previews_per_ip: UNLIMITED,
            redemptions_per_ip: UNLIMITED,
            redemptions_per_account: UNLIMITED,
        };
        let shop = ops::Shop { catalog: &self.catalog, limits: &limits, apps_domain: "apps.example.om" };
        ops::place(&self.actor, conn, &shop, key, order).await
    }
}

/// So many succeeded, and all others were refused like this. Gives what those who succeeded were answered.
#[track_caller]
pub fn only<T: Debug>(times: usize, answers: Vec<Result<T>>, refusal: impl Into<Error>) -> Vec<T> {
    let refusal = refusal.into();
    let mut succeeded = Vec::new();
    for answer in answers {
        match answer {
            Ok(answer) => succeeded.push(answer),
            Err(error) => assert_eq!(error, refusal),
        }
    }
    assert_eq!(succeeded.len(), times, "{succeeded:?}");
    succeeded
}

/// All of them succeeded.
#[track_caller]
pub fn all<T: Debug>(answers: Vec<Result<T>>) -> Vec<T> {
    answers.into_iter().map(Result::unwrap).collect()
}

/// All of them were told the same.
#[track_caller]
pub fn same<T: Debug + PartialEq>(mut answers: Vec<T>) -> T {
    let first = answers.pop().unwrap();
    answers.iter().for_each(|answer| assert_eq!(*answer, first));
    first
}

/// How many answers are like this.
pub fn count<T>(answers: &[T], like: impl Fn(&T) -> bool) -> usize {
    answers.iter().filter(|answer| like(answer)).count()
}

pub fn rials(amount: i64) -> Money {
    Money::from_minor(amount * 1_000, Currency::OMR)
}

pub fn code(code: &str) -> VoucherCode {
    VoucherCode::parse(code).unwrap()
}

pub fn issue_of(voucher: &str, amount: i64, cap: i32) -> Issue {
    let credit = rials(amount);
    Issue { code: code(voucher), credit, description: String::new(), active: true, max_redemptions: cap }
}

/// An order of plan s with WordPress for a new Organization.
pub fn order(slug: &str, voucher: Option<&str>) -> PlaceOrder {
    let name = OrganizationName::parse(&format!("The {slug} company")).unwrap();
    order_for(Destination::New { name, slug: Slug::parse(slug).unwrap() }, "wordpress", voucher)
}

/// One of plan s with an app for an Organization that is there.
pub fn order_again(organization: OrganizationId, app: &str, voucher: Option<&str>) -> PlaceOrder {
    order_for(Destination::Existing(organization), app, voucher)
}

fn order_for(destination: Destination, app: &str, voucher: Option<&str>) -> PlaceOrder {
    PlaceOrder {
        selection: Selection { plan: Some("s".to_owned()), apps: vec![app.to_owned()], addons: Vec::new() },
        voucher: voucher.map(code),
        destination,
        seen_total: None,
    }
}
