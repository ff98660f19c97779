//! Programs of two versions on one database, and programs that do not own it.

use std::time::Duration;

use catalyst::{Config, cli, database::Database};
use domain::{db::migrate, testing::TestDatabase};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

#[tokio::test]
async fn a_program_starts_on_the_tables_of_a_newer_one() {
    let database = TestDatabase::empty().await;
    migrate(&database.url()).await.unwrap();
    let mut conn = PgConnection::connect(&database.url()).await.unwrap();
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (9999, 'of a newer program', true, '\\x00', 0)";
    sqlx::query(newer).execute(&mut conn).await.unwrap();
    migrate(&database.url()).await.unwrap();
}

#[tokio::test]
async fn a_login_that_is_only_the_applications_waits_for_the_owner() {
    let database = TestDatabase::empty().await;
    let login = format!("server_{}", Uuid::now_v7().simple());
    let mut owner = PgConnection::connect(&database.url()).await.unwrap();
    // Roles belong to the cluster: whichever test comes first makes catalyst_app.
    let roles = format!(
        "do $$ begin create role catalyst_app nologin; exception when duplicate_object or unique_violation then null; end $$;
         create role {login} login in role catalyst_app"
    );
    sqlx::raw_sql(AssertSqlSafe(roles)).execute(&mut owner).await.unwrap();
    let mut url = url::Url::parse(&database.url()).unwrap();
    url.set_username(&login).unwrap();
    let config = Config::from_pairs(&[("CATALYST_DATABASE_URL", url.as_str())]).unwrap();

    let refused = cli::migrate::run(&config).await.unwrap_err();
    assert!(refused.to_string().contains("CATALYST_DATABASE_OWNER_URL"), "{refused:#}");

    let server = Database::open(&config).await.unwrap();
    let waiting = server.prepare();
    tokio::pin!(waiting);
    tokio::select! {
        done = &mut waiting => panic!("it did not wait: {done:?}"),
        () = sleep(Duration::from_millis(500)) => {}
    }
    migrate(&database.url()).await.unwrap();
    waiting.await.unwrap();

    let pool = server.connect(1).await.unwrap();
    let plans: i64 = sqlx::query_scalar("select count(*) from plan").fetch_one(&pool).await.unwrap();
    assert!(plans > 0, "the catalog is there");
    sqlx::query("reset role").execute(&pool).await.unwrap();
    let more = sqlx::query("create table more (id int)").execute(&pool).await.unwrap_err();
    assert!(more.to_string().contains("permission denied"), "{more}");
    let history = sqlx::query("delete from audit_event").execute(&pool).await.unwrap_err();
    assert!(history.to_string().contains("permission denied"), "{history}");
    pool.close().await;

    let gone = format!("drop owned by {login}; drop role {login}");
    sqlx::raw_sql(AssertSqlSafe(gone)).execute(&mut owner).await.unwrap();
}
