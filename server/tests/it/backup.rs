//! The whole product into a folder, and out of it into another installation.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use adapters::git::GitStore as _;
use catalyst::{
    Config,
    cli::{backup, restore::restore},
};
use domain::testing::{CLUSTER, TestDatabase, blocking};
use http::StatusCode;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;
use uuid::Uuid;

use crate::world::{World, order_for};

/// An installation that holds nothing yet.
struct Empty {
    database: TestDatabase,
    folder: PathBuf,
    config: Config,
    _owner: Option<Owner>,
}

/// Somebody who is no superuser and may make no roles; gone after the database.
struct Owner(String);

impl Empty {
    async fn new() -> Self {
        let database = TestDatabase::empty().await;
        let url = database.url();
        Self::at(database, &url, None)
    }

    /// As the chart has it: a superuser made the application's role, and the owner its member.
    async fn owned() -> Self {
        let database = TestDatabase::empty().await;
        let owner = Owner(format!("owner_{}", Uuid::now_v7().simple()));
        let name = &owner.0;
        let statements = format!(
            "do $$ begin create role catalyst_app nologin; exception when duplicate_object or unique_violation then null; end $$;
             create role {name} login nosuperuser nocreaterole in role catalyst_app;
             do $$ begin execute format('alter database %I owner to {name}', current_database()); end $$"
        );
        let mut superuser = PgConnection::connect(&database.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut superuser).await.unwrap();
        let mut url = Url::parse(&database.url()).unwrap();
        url.set_username(name).unwrap();
        Self::at(database, url.as_str(), Some(owner))
    }

    fn at(database: TestDatabase, url: &str, owner: Option<Owner>) -> Self {
        let folder = std::env::temp_dir().join(format!("catalyst-restored-{}", Uuid::now_v7()));
        fs::create_dir_all(&folder).unwrap();
        let data_dir = folder.display().to_string();
        let pairs = [("CATALYST_DATABASE_URL", url), ("CATALYST_DATA_DIR", data_dir.as_str())];
        let config = Config::from_pairs(&pairs).unwrap_or_else(|problems| panic!("{problems}"));
        Self { database, folder, config, _owner: owner }
    }

    async fn ledger(&self) -> Vec<(String, i64)> {
        ledger(&mut PgConnection::connect(&self.database.url()).await.unwrap()).await
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let statement = format!("drop role {}", self.0);
        let done = blocking(async move {
            let mut superuser = PgConnection::connect(&std::env::var(CLUSTER).unwrap()).await?;
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut superuser).await
        });
        if let Some(Err(error)) = done {
            eprintln!("{} was not dropped: {error}", self.0);
        }
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
    restore(&there.config, &folder).await.unwrap();

    let mut owner = PgConnection::connect(&world.database_url()).await.unwrap();
    let entries = ledger(&mut owner).await;
    assert!(entries.len() >= 4);
    assert_eq!(there.ledger().await, entries);
    for branch in ["develop", "staging", "main"] {
        let head = world.app.adapters.git.head("al-noor", "wordpress", branch).await.unwrap();
        let restored = adapters::git::LocalGitStore::new(&there.config.git_root);
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

/// What is granted on tables to come.
async fn default_privileges(url: &str) -> Vec<(String, String)> {
    let query = "select defaclobjtype::text, privilege_type::text from pg_default_acl, aclexplode(defaclacl)
        where grantee = 'catalyst_app'::regrole order by 1, 2";
    let mut conn = PgConnection::connect(url).await.unwrap();
    sqlx::query_as(query).fetch_all(&mut conn).await.unwrap()
}

#[tokio::test]
async fn owners_of_other_names_who_are_no_superusers_restore_and_back_up() {
    let world = delivered().await;
    let (there, elsewhere) = (Empty::owned().await, Empty::owned().await);
    let (first, second) = (there.folder.join("backup"), elsewhere.folder.join("backup"));
    backup::make(&world.app.config, &first).await.unwrap();
    restore(&there.config, &first).await.unwrap();
    backup::make(&there.config, &second).await.unwrap();
    restore(&elsewhere.config, &second).await.unwrap();

    let mut owner = PgConnection::connect(&world.database_url()).await.unwrap();
    let entries = ledger(&mut owner).await;
    assert!(entries.len() >= 4);
    assert_eq!(elsewhere.ledger().await, entries);
    let url = elsewhere.config.database.url.clone().unwrap();
    let granted = default_privileges(&url).await;
    assert!(!granted.is_empty());
    assert_eq!(granted, default_privileges(&world.database_url()).await);
    let pool = domain::db::connect(&url, 1).await.unwrap();
    let refused = sqlx::query("update ledger_entry set amount_minor = 1").execute(&pool).await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
    pool.close().await;
}

#[tokio::test]
async fn a_backup_without_repositories_or_key_is_not_made() {
    let world = delivered().await;
    let there = Empty::new().await;
    let folder = there.folder.join("backup");
    let mut elsewhere = (*world.app.config).clone();
    elsewhere.git_root = there.folder.join("git");
    let refused = backup::make(&elsewhere, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("al-noor/wordpress.git"), "{refused}");
    fs::write(&elsewhere.git_root, "no folder").unwrap();
    let refused = backup::make(&elsewhere, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("cannot be read"), "{refused}");
    fs::remove_file(&elsewhere.git_root).unwrap();

    let mut keyless = (*world.app.config).clone();
    keyless.server_key_file = there.folder.join("no.key");
    let refused = backup::make(&keyless, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("no.key"), "{refused}");

    // The same folder serves when that is put right. What is no Organization's is passed over.
    fs::create_dir_all(world.app.config.git_root.join("lost+found/x.git")).unwrap();
    backup::make(&world.app.config, &folder).await.unwrap();
    let manifest = folder.join("manifest.json");
    let fewer = fs::read_to_string(&manifest).unwrap().replace("\"repositories\": 1", "\"repositories\": 2");
    fs::write(&manifest, fewer).unwrap();
    let refused = restore(&there.config, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("repositories were restored"), "{refused}");
}

/// Everything below a folder, and itself.
fn everything(folder: &Path) -> Vec<PathBuf> {
    let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = inside.flat_map(|path| if path.is_dir() { everything(&path) } else { vec![path] });
    below.chain([folder.to_owned()]).collect()
}

#[tokio::test]
async fn a_backup_is_for_its_owners_eyes_and_an_installation_is_not_overwritten() {
    let world = delivered().await;
    let there = Empty::new().await;
    let folder = there.folder.join("backup");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    backup::make(&world.app.config, &folder).await.unwrap();
    let made = everything(&folder);
    assert!(made.iter().any(|path| path.ends_with("git/al-noor/wordpress.bundle")), "{made:?}");
    for path in made {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }

    let again = backup::make(&world.app.config, &folder).await.unwrap_err();
    assert!(again.to_string().contains("holds something already"), "{again}");
    let over = restore(&world.app.config, &folder).await.unwrap_err();
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
    let refused = restore(&there.config, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("not what was backed up"), "{refused}");
    fs::remove_file(folder.join("manifest.json")).unwrap();
    let refused = restore(&there.config, &folder).await.unwrap_err();
    assert!(refused.to_string().contains("is not a backup"), "{refused}");
}

/// What stands in the manifest in place of the bundle.
fn name_instead(folder: &Path, path: &str) {
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let changed = text.replace("\"git/al-noor/wordpress.bundle\"", &format!("\"{path}\""));
    assert_ne!(text, changed);
    fs::write(&manifest, changed).unwrap();
}

async fn nothing_was_written(there: &Empty) {
    let mut conn = PgConnection::connect(&there.database.url()).await.unwrap();
    let tables: i64 = sqlx::query_scalar(
        "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(tables, 0);
    assert!(!there.config.git_root.exists() && !there.config.server_key_file.exists());
}

#[tokio::test]
async fn a_backup_that_names_what_is_outside_of_it_is_refused_by_that_name_before_anything_is_written() {
    let world = delivered().await;
    for path in [
        "/etc/hostname",
        "../outside.bundle",
        "git/../../outside.bundle",
        "git/al-noor/../../outside.bundle",
        "git/al-noor/../wordpress.bundle",
        "./server.key",
        "server.key",
        "manifest.json",
        "git/al-noor/hooks/post-receive",
    ] {
        let there = Empty::new().await;
        let folder = there.folder.join("backup");
        backup::make(&world.app.config, &folder).await.unwrap();
        fs::write(there.folder.join("outside.bundle"), "not the backup's").unwrap();
        name_instead(&folder, path);
        let refused = restore(&there.config, &folder).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("the manifest names {path}")), "{path}: {refused}");
        nothing_was_written(&there).await;
    }
}

#[tokio::test]
async fn links_and_what_is_no_file_are_refused_by_name_before_anything_is_written() {
    let world = delivered().await;
    for (place, kind) in [
        ("server.key", "link"),
        ("database.dump", "pipe"),
        ("git/al-noor/wordpress.bundle", "link"),
        ("git/al-noor/wordpress.bundle", "device"),
        ("git/al-noor/wordpress.bundle", "folder"),
        ("git/al-noor", "link"),
        ("git", "link"),
    ] {
        let there = Empty::new().await;
        let folder = there.folder.join("backup");
        backup::make(&world.app.config, &folder).await.unwrap();
        let (path, outside) = (folder.join(place), there.folder.join("outside"));
        fs::rename(&path, &outside).unwrap();
        match kind {
            "link" => std::os::unix::fs::symlink(&outside, &path).unwrap(),
            "device" => std::os::unix::fs::symlink("/dev/zero", &path).unwrap(),
            "folder" => fs::create_dir(&path).unwrap(),
            _ => assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success()),
        }
        let refused = restore(&there.config, &folder).await.unwrap_err().to_string();
        assert!(refused.contains(place) && refused.contains("no file of its own"), "{kind}: {refused}");
        nothing_was_written(&there).await;
    }
}

#[tokio::test]
async fn a_restore_that_failed_says_what_it_left_and_is_repeated() {
    let world = delivered().await;
    let there = Empty::new().await;
    let folder = there.folder.join("backup");
    backup::make(&world.app.config, &folder).await.unwrap();
    // A file stands where the Organization's folder would be.
    fs::create_dir_all(&there.config.git_root).unwrap();
    let in_the_way = there.config.git_root.join("al-noor");
    fs::write(&in_the_way, "").unwrap();
    for _ in 0..2 {
        let failed = restore(&there.config, &folder).await.unwrap_err().to_string();
        let key = there.config.server_key_file.display().to_string();
        for part in ["al-noor", &key, "the tables of the backup", "0 of 1 repositories", "Repeat the command"]
        {
            assert!(failed.contains(part), "{part}: {failed}");
        }
    }
    // Half of a clone, as a kill leaves it.
    fs::remove_file(&in_the_way).unwrap();
    fs::create_dir_all(in_the_way.join("wordpress.restoring/objects")).unwrap();
    restore(&there.config, &folder).await.unwrap();
    let mut owner = PgConnection::connect(&world.database_url()).await.unwrap();
    assert_eq!(there.ledger().await, ledger(&mut owner).await);
    let left: Vec<_> = everything(&there.config.git_root)
        .into_iter()
        .filter(|path| path.display().to_string().contains("restoring"))
        .collect();
    assert!(left.is_empty(), "{left:?}");

    // It is an installation like any other by now.
    let over = restore(&there.config, &folder).await.unwrap_err().to_string();
    assert!(over.contains("already"), "{over}");
}

#[tokio::test]
async fn what_a_restore_left_is_not_overwritten_once_it_is_used() {
    let world = delivered().await;
    let there = Empty::new().await;
    let (folder, other) = (there.folder.join("backup"), there.folder.join("other"));
    backup::make(&world.app.config, &folder).await.unwrap();
    world.voucher("LATER", "5", 0).await;
    backup::make(&world.app.config, &other).await.unwrap();
    fs::create_dir_all(&there.config.git_root).unwrap();
    let in_the_way = there.config.git_root.join("al-noor");
    fs::write(&in_the_way, "").unwrap();
    restore(&there.config, &folder).await.unwrap_err();
    fs::remove_file(&in_the_way).unwrap();

    let refused = restore(&there.config, &other).await.unwrap_err().to_string();
    assert!(refused.contains("another backup"), "{refused}");
    let mut conn = PgConnection::connect(&there.database.url()).await.unwrap();
    let issued = "insert into promo_code (promo_code_id, code, credit_minor, currency, created_by)
        select gen_random_uuid(), 'USED', 1000, 'OMR', account_id from account limit 1";
    sqlx::query(issued).execute(&mut conn).await.unwrap();
    let refused = restore(&there.config, &folder).await.unwrap_err().to_string();
    assert!(refused.contains("in use"), "{refused}");
    sqlx::query("delete from promo_code where code = 'USED'").execute(&mut conn).await.unwrap();
    fs::create_dir_all(there.config.git_root.join("al-fajr/ghost.git")).unwrap();
    let refused = restore(&there.config, &folder).await.unwrap_err().to_string();
    assert!(refused.contains("al-fajr/ghost.git") && refused.contains("in use"), "{refused}");
    fs::remove_dir_all(there.config.git_root.join("al-fajr")).unwrap();
    restore(&there.config, &folder).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_killed_at_any_moment_is_finished_by_the_next() {
    let world = delivered().await;
    let there = Empty::new().await;
    let folder = there.folder.join("backup");
    backup::make(&world.app.config, &folder).await.unwrap();
    let (mut killed, mut begun) = (0, 0);
    let mut conn = PgConnection::connect(&there.database.url()).await.unwrap();
    for moment in 1..100_u32 {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_catalyst"))
            .arg("restore")
            .arg(&folder)
            .env("CATALYST_DATABASE_URL", there.database.url())
            .env("CATALYST_DATA_DIR", &there.config.data_dir)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(40) * moment).await;
        let ended = program.try_wait().unwrap();
        if ended.is_some_and(|status| status.success()) {
            break;
        }
        assert!(ended.is_none(), "it failed where one before it was killed");
        program.kill().unwrap();
        program.wait().unwrap();
        killed += 1;
        let mark = "select count(to_regclass('restoring.backup')) from pg_database where datname = current_database()";
        begun += sqlx::query_scalar::<_, i64>(mark).fetch_one(&mut conn).await.unwrap();
    }
    assert!(killed > 0 && begun > 0, "{killed} were killed, {begun} of them in the middle");
    let mut owner = PgConnection::connect(&world.database_url()).await.unwrap();
    assert_eq!(there.ledger().await, ledger(&mut owner).await);
    let head = world.app.adapters.git.head("al-noor", "wordpress", "main").await.unwrap();
    let restored = adapters::git::LocalGitStore::new(&there.config.git_root);
    assert_eq!(restored.head("al-noor", "wordpress", "main").await.unwrap(), head);
    let over = restore(&there.config, &folder).await.unwrap_err().to_string();
    assert!(over.contains("already"), "{over}");
}
