//! Connecting, migrating, and the small things that every store uses.

use std::{
    mem,
    pin::pin,
    str::FromStr,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::{
    error::{Error, Result},
    money::{Currency, Money},
};

/// Every migration, embedded in the binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Above the number of the program's statements, so that each is prepared once a connection.
const KEPT_STATEMENTS: usize = 500;
/// How long a connection may lie in the pool and be taken for good without asking.
const TRUSTED: Duration = Duration::from_secs(5);
/// How long a connection may take to show that its other end is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How long no connection is trusted after somebody stopped waiting for the database.
const DOUBT_SECONDS: i64 = 60;
/// How many old rows one statement of a sweep deletes: it holds its locks for milliseconds. A sweep tells how many went,
/// and is called until none do.
pub(crate) const SWEPT_AT_ONCE: i64 = 1000;
/// One stuck request does not hold up the rest; the locks of a program that is gone are let go within a minute.
const SESSION_SETTINGS: [(&str, &str); 6] = [
    ("lock_timeout", "10s"),
    ("statement_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("tcp_keepalives_idle", "20"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

/// Opens a pool whose connections act as the application's role, whoever they log in as.
pub async fn connect(url: &str, max_connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("catalyst")
        .statement_cache_capacity(KEPT_STATEMENTS)
        .options(SESSION_SETTINGS);
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .before_acquire(|conn, about| {
            Box::pin(async move {
                if about.idle_for > TRUSTED || doubted() {
                    show_life(conn).await?;
                }
                Ok(true)
            })
        })
        .after_release(|conn, _| {
            Box::pin(async move {
                if doubted() {
                    show_life(conn).await?;
                }
                Ok(true)
            })
        })
        .after_connect(|conn, _| {
            Box::pin(async move {
                sqlx::query("set role catalyst_app").execute(conn).await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await
}

/// One that does not is closed, and its place is free.
async fn show_life(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    timeout(SIGN_OF_LIFE, conn.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)?
}

/// When somebody last stopped waiting, in seconds since 1970.
static LEFT: AtomicI64 = AtomicI64::new(0);

fn doubted() -> bool {
    OffsetDateTime::now_utc().unix_timestamp() - LEFT.load(Ordering::Relaxed) < DOUBT_SECONDS
}

/// Work that somebody may stop waiting for, as for a request. The pool waits for a connection that was left in the
/// middle of a statement until TCP gives it up, a quarter of an hour after its other end is gone, and keeps its place.
/// So for a while after that connections have to show life, in limited time; always, it would be a round trip each use.
pub async fn may_be_left<T>(work: impl Future<Output = T>) -> T {
    struct Leaving;
    impl Drop for Leaving {
        fn drop(&mut self) {
            LEFT.store(OffsetDateTime::now_utc().unix_timestamp(), Ordering::Relaxed);
        }
    }
    let work = pin!(work);
    // Dropped before the work, which lets go of its connections.
    let leaving = Leaving;
    let done = work.await;
    mem::forget(leaving);
    done
}

/// Work with the database that may take so long, or is left.
pub async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    let left = |_| Err(Error::Unavailable { what: "database".to_owned() });
    timeout(limit, may_be_left(work)).await.unwrap_or_else(left)
}

/// Applies what is missing, as the owner. Several processes may call it at once: one works, the others wait.
/// A newer program's migrations are left alone, so that this one can start beside it, or after it was taken back.
pub async fn migrate(url: &str) -> Result<(), sqlx::Error> {
    let mut conn = PgConnection::connect(url).await?;
    Migrator::with_migrations(MIGRATIONS.iter().cloned().collect())
        .set_ignore_missing(true)
        .run(&mut conn)
        .await?;
    conn.close().await
}

/// Whether this login makes the tables, or only uses them.
pub async fn may_migrate(url: &str) -> Result<bool, sqlx::Error> {
    let mut conn = PgConnection::connect(url).await?;
    let may = sqlx::query_scalar!(r#"select has_schema_privilege('public', 'create') as "may!""#)
        .fetch_one(&mut conn)
        .await?;
    conn.close().await?;
    Ok(may)
}

/// Whether every migration of this program is applied.
pub async fn is_migrated(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let told = sqlx::query_scalar!(
        r#"select to_regprocedure('public.applied_migrations()') is not null as "told!""#
    );
    if !told.fetch_one(&mut *conn).await? {
        return Ok(false);
    }
    let applied = sqlx::query_scalar!(r#"select applied_migrations() as "version!""#).fetch_all(conn).await?;
    Ok(MIGRATIONS.iter().all(|migration| applied.contains(&migration.version)))
}

/// Whether the database takes what is written. One that was the primary until a moment ago does not.
pub async fn takes_writes(conn: &mut PgConnection) -> Result<bool> {
    let writes =
        sqlx::query_scalar!(r#"select current_setting('transaction_read_only') = 'off' as "writes!""#);
    Ok(writes.fetch_one(conn).await?)
}

/// The channel on which the programs of an installation tell one another, and triggers tell them.
pub const CHANNEL: &str = "catalyst";

/// Tells all programs that listen, this one included.
pub async fn notify(conn: &mut PgConnection, topic: &str) -> Result<()> {
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, topic).execute(conn).await?;
    Ok(())
}

/// An amount out of its two columns.
pub(crate) fn money(minor: i64, currency: &str) -> Result<Money> {
    let currency = Currency::parse(currency).map_err(|error| {
        tracing::error!(%error, currency, "a currency in the database is not known");
        Error::Internal
    })?;
    Ok(Money::from_minor(minor, currency))
}
