//! Programs of two versions on one database.

use domain::{db::migrate, testing::TestDatabase};
use sqlx::{Connection as _, PgConnection};

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
