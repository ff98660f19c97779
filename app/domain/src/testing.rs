//! A database of its own for each test: migrated, seeded, and gone when the test is.
//!
//! The first test of a state of migrations and seed builds a template, under a lock that the parallel
//! processes of nextest share; every other test copies it, which takes a few hundredths of a second.

use std::{future::Future, str::FromStr};

use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    access::{Actor, Operator, Origin, PlatformRole},
    catalog, db, identity,
    text::Email,
};

mod books;

pub use books::check_books;

/// The URL, for a superuser, of the database `postgres` of a cluster that may be filled and emptied.
pub const CLUSTER: &str = "CATALYST_TEST_DATABASE_URL";
/// Any number, but the same in every process that builds or copies a template.
const TEMPLATE_LOCK: i64 = 0x0CA7_A175_7E57;

/// Dropped with the value, whoever is still connected.
pub struct TestDatabase {
    cluster: String,
    name: String,
}

impl TestDatabase {
    /// Copies the template. Panics, as tests do, where there is no cluster.
    pub async fn new() -> Self {
        Self::create(true).await
    }

    /// Without a table.
    pub async fn empty() -> Self {
        Self::create(false).await
    }

    async fn create(migrated: bool) -> Self {
        let cluster = std::env::var(CLUSTER).unwrap_or_else(|_| {
            panic!("{CLUSTER} is not set. `make test` sets it; by hand: export {CLUSTER}=$(cargo xtask postgres start)")
        });
        let name = format!("catalyst_test_{}", Uuid::now_v7().simple());
        let mut conn = connect(&cluster, "postgres").await;
        let template = if migrated { template(&cluster, &mut conn).await } else { "template0".to_owned() };
        run(&mut conn, format!("create database {name} template {template}")).await;
        conn.close().await.expect("the connection to the cluster closes");
        Self { cluster, name }
    }

    /// As the owner of everything, which is not what the application connects as.
    pub fn url(&self) -> String {
        with_database(&self.cluster, &self.name)
    }

    /// Connections that act as the application does.
    pub async fn pool(&self, connections: u32) -> PgPool {
        db::connect(&self.url(), connections).await.expect("the test's database answers")
    }

    /// Connections of the owner, whom no grant stops.
    pub async fn owner_pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .connect(&self.url())
            .await
            .expect("the test's database answers to its owner")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (cluster, name) = (self.cluster.clone(), self.name.clone());
        blocking(async move {
            let Ok(mut conn) = PgConnection::connect(&cluster).await else { return };
            let drop = format!("drop database if exists {name} with (force)");
            if let Err(error) = conn.execute(AssertSqlSafe(drop)).await {
                eprintln!("{name} was not dropped: {error}");
            }
        });
    }
}

/// Somebody who is signed in.
pub async fn signed_in(conn: &mut PgConnection, email: &str, role: PlatformRole) -> Actor {
    let operator = Operator::at_the_command_line();
    let email = Email::parse(email).expect("an address");
    let account = identity::ops::grant_role(&operator, conn, &email, role).await;
    let origin = Origin { ip: "192.0.2.1".to_owned(), request_id: None };
    let id = account.expect("an account").account_id;
    identity::ops::by_session(origin, conn, id, OffsetDateTime::now_utc()).await.expect("somebody")
}

/// Runs to its end from anywhere, also from a destructor inside a runtime.
pub fn blocking<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .ok()
            .map(|runtime| runtime.block_on(work))
    })
    .join()
    .ok()
    .flatten()
}

/// The name of the template for this program's migrations and seed; builds it if there is none.
async fn template(cluster: &str, conn: &mut PgConnection) -> String {
    let name = format!("catalyst_template_{}", fingerprint());
    if !exists(conn, &name).await {
        sqlx::query("select pg_advisory_lock($1)")
            .bind(TEMPLATE_LOCK)
            .execute(&mut *conn)
            .await
            .expect("a lock");
        if !exists(conn, &name).await {
            build(cluster, conn, &name).await;
        }
        sqlx::query("select pg_advisory_unlock($1)")
            .bind(TEMPLATE_LOCK)
            .execute(conn)
            .await
            .expect("the lock");
    }
    name
}

/// It becomes a template as the very last thing, so that a half-built one is never taken for one.
async fn exists(conn: &mut PgConnection, name: &str) -> bool {
    sqlx::query("select from pg_database where datname = $1 and datistemplate")
        .bind(name)
        .fetch_optional(conn)
        .await
        .expect("the cluster lists its databases")
        .is_some()
}

async fn build(cluster: &str, conn: &mut PgConnection, name: &str) {
    run(conn, format!("drop database if exists {name} with (force)")).await;
    run(conn, format!("create database {name} template template0")).await;
    db::migrate(&with_database(cluster, name)).await.expect("the migrations apply to an empty database");
    let mut inside = connect(cluster, name).await;
    catalog::seed(&mut inside).await.expect("the seed applies to an empty catalog");
    inside.close().await.expect("the connection to the template closes");
    run(conn, format!("alter database {name} with is_template true allow_connections false")).await;
}

/// Changes with the migrations, with what is seeded and with how.
fn fingerprint() -> String {
    let mut hash = Sha256::new();
    for migration in db::MIGRATIONS.iter() {
        hash.update(&*migration.checksum);
    }
    hash.update(include_bytes!("../seed/catalog.json"));
    hash.update(include_bytes!("catalog/seed.rs"));
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

async fn run(conn: &mut PgConnection, statement: String) {
    let shown = statement.clone();
    conn.execute(AssertSqlSafe(statement)).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
}

async fn connect(cluster: &str, database: &str) -> PgConnection {
    let options = PgConnectOptions::from_str(cluster)
        .unwrap_or_else(|error| panic!("{CLUSTER}={cluster} is not a URL: {error}"))
        .database(database);
    PgConnection::connect_with(&options)
        .await
        .unwrap_or_else(|error| panic!("no cluster answers at {cluster}: {error}"))
}

/// The same URL with another database in its path.
fn with_database(url: &str, database: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let host_from = base.find("://").map_or(0, |at| at + 3);
    let host_to = base[host_from..].find('/').map_or(base.len(), |at| host_from + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{database}{query}", &base[..host_to])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn a_url_keeps_everything_but_its_database() {
        for (url, other) in [
            ("postgres://u@localhost/postgres?host=%2Ftmp%2Fs", "postgres://u@localhost/x?host=%2Ftmp%2Fs"),
            ("postgres://u:p@db:5433/postgres", "postgres://u:p@db:5433/x"),
            ("postgres://u@db", "postgres://u@db/x"),
        ] {
            assert_eq!(with_database(url, "x"), other);
        }
    }
}
