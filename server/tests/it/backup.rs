//! The whole product into a folder, and out of it into another installation.

use std::{fs, path::PathBuf};

use catalyst::{Config, backup};
use domain::testing::TestDatabase;
use http::StatusCode;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::world::{World, order_for};

/// An installation that holds nothing yet.
struct Empty {
    database: TestDatabase,
    folder: PathBuf,
    config: Config,
}

impl Empty {
    async fn new() -> Self {
        let database = TestDatabase::empty().await;
        let folder = std::env::temp_dir().join(format!("catalyst-restored-{}", Uuid::now_v7()));
        fs::create_dir_all(&folder).unwrap();
        let pairs =
            [("CATALYST_DATABASE_URL", database.url()), ("CATALYST_DATA_DIR", folder.display().to_string())];
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let config = Config::from_pairs(&pairs).unwrap_or_else(|problems| panic!("{problems}"));
        Self { database, folder, config }
    }

    async fn ledger(&self) -> Vec<(String, i64)> {
        ledger(&mut PgConnection::connect(&self.database.url()).await.unwrap()).await
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Each entry, not only the sums.
async fn ledger(conn: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::query_as("select ledger_entry_id::text, amount_minor from ledger_entry order by 1")
        .fetch_all(conn)
        .await
        .unwrap()
}

async fn delivered() -> World {
    let world = World::new().await;
    world.voucher("WELCOME", "50", 0).await;
    let client = world.customer("sara@example.om").await;
    client.order("key-1", &order_for("al-noor", Some("WELCOME"))).await.expect(StatusCode::OK);
    world.run_jobs().await;
    world
}

#[tokio::test]
async fn what_is_restored_is_what_was_backed_up() {
    let world = delivered().await;
    let there = Empty::new().await;
    let folder = there.folder.join("backup");
    backup::make(&world.app.config, &folder).await.unwrap();
    backup::restore(&there.config, &folder).await.unwrap();

    let mut owner = PgConnection::connect(&world.database_url()).await.unwrap();
    let entries = ledger(&mut owner).await;
    assert!(entries.len() >= 4);
    assert_eq!(there.ledger().await, entries);
    for branch in ["develop", "staging", "main"] {
        let head = world.app.adapters.git.head("al-noor", "wordpress", branch).await.unwrap();
        let restored = adapters::git::GitStore::new(&there.config.git_root);
        assert_eq!(restored.head("al-noor", "wordpress", branch).await.unwrap(), head);
        assert!(head.is_some());
    }
    let key = |config: &Config| fs::read_to_string(&config.server_key_file).unwrap();
    assert_eq!(key(&there.config), key(&world.app.config));

    // The application's role is bound there as it was here.
    let pool = there.database.pool(1).await;
    let refused = sqlx::query("update ledger_entry set amount_minor = 1").execute(&pool).await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
    pool.close().await;
}

#[tokio::test]
async fn a_backup_is_for_its_owners_eyes_and_an_installation_is_not_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = delivered().await;
    let there = Empty::new().await;
    let folder = there.folder.join("backup");
    backup::make(&world.app.config, &folder).await.unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(folder.join("server.key")).unwrap().permissions().mode() & 0o777, 0o600);

    let again = backup::make(&world.app.config, &folder).await.unwrap_err();
    assert!(again.to_string().contains("holds something already"), "{again}");
    let over = backup::restore(&world.app.config, &folder).await.unwrap_err();
    assert!(over.to_string().contains("already"), "{over}");
    assert_eq!(world.number("select count(*) from customer_order").await, 1);
}

#[tokio::test]
async fn a_backup_that_was_changed_is_not_restored() {
    let world = delivered().await;
    let there = Empty::new().await;
    let folder = there.folder.join("backup");
    backup::make(&world.app.config, &folder).await.unwrap();
    let dump = folder.join("database.dump");
    let mut bytes = fs::read(&dump).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&dump, bytes).unwrap();
    let refused = backup::restore(&there.config, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("not what was backed up"), "{refused}");
    fs::remove_file(folder.join("manifest.json")).unwrap();
    let refused = backup::restore(&there.config, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("is not a backup"), "{refused}");
}
