//! `catalyst restore`: reads a backup into an installation that holds nothing yet.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use adapters::git::LOCAL;
use anyhow::{Context as _, Result, ensure};
use domain::backup::{
    contents, delivered_repositories, ensure_application_role, is_empty, set_default_privileges,
};
use sqlx::{Connection as _, PgConnection};

use super::backup::{
    DATABASE, FORMAT, KEY, MANIFEST, Manifest, REPOSITORIES, checksum, expect_delivered, postgres, private,
    repositories, said, succeed, succeed_with,
};
use crate::{Config, database::Database};

/// Restores a backup into an installation that holds nothing yet, and compares the books.
pub async fn restore(config: &Config, folder: &Path) -> Result<()> {
    let manifest = File::open(folder.join(MANIFEST))
        .with_context(|| format!("{} is not a backup: it has no {MANIFEST}", folder.display()))?;
    let manifest: Manifest = serde_json::from_reader(manifest).context("the manifest is not understood")?;
    ensure!(
        manifest.format == FORMAT,
        "the backup is of format {}, this program reads {FORMAT}",
        manifest.format
    );
    for kept in &manifest.files {
        let found = checksum(&folder.join(&kept.path))?;
        ensure!(found == kept.sha256, "{} is not what was backed up", kept.path.display());
    }
    ensure!(
        repositories(&config.git_root)?.is_empty(),
        "{} holds repositories already; restore into an installation that is empty",
        config.git_root.display()
    );
    let database = Database::open(config).await?;
    let restored = read(config, &database, folder, &manifest).await;
    database.close().await?;
    restored?;
    println!("restored the backup of {}: {}", manifest.made_at, said(&manifest));
    Ok(())
}

async fn read(config: &Config, database: &Database, folder: &Path, manifest: &Manifest) -> Result<()> {
    let mut conn =
        PgConnection::connect(database.owner_url()).await.context("the database cannot be reached")?;
    ensure!(is_empty(&mut conn).await?, "the database holds tables already; restore into an empty one");
    ensure_application_role(&mut conn).await?;
    restore_key(&folder.join(KEY), &config.server_key_file)?;
    load(database, &folder.join(DATABASE)).await?;
    set_default_privileges(&mut conn).await?;
    for kept in &manifest.files {
        let Ok(repository) = kept.path.strip_prefix(REPOSITORIES) else { continue };
        let target = config.git_root.join(repository).with_extension("git");
        fs::create_dir_all(target.parent().unwrap_or(&config.git_root))?;
        let mut clone = Command::new("git");
        clone.args(["clone", "--quiet", "--mirror"]).arg(folder.join(&kept.path)).arg(&target);
        succeed(clone).await?;
        // It is no copy that follows its backup.
        let mut alone = Command::new("git");
        alone.arg("-C").arg(&target).args(["remote", "remove", "origin"]);
        succeed(alone).await?;
    }
    let found = contents(&mut conn).await?;
    ensure!(found == manifest.contents, "what was restored is not what was backed up: {found:?}");
    let found = repositories(&config.git_root)?;
    ensure!(
        found.len() == manifest.repositories,
        "{} repositories were restored of {}",
        found.len(),
        manifest.repositories
    );
    expect_delivered(&delivered_repositories(&mut conn, LOCAL).await?, &found, &config.git_root)?;
    conn.close().await?;
    // An older backup is brought to this program's version.
    database.prepare().await
}

/// Loads a dump, whoever owned what it was made of.
async fn load(database: &Database, dump: &Path) -> Result<()> {
    let mut list = Command::new(local_postgres::program("pg_restore"));
    list.arg("--list").arg(dump).stdout(Stdio::piped());
    let listed = String::from_utf8(succeed(list).await?.stdout)?;
    let wanted: String =
        listed.lines().filter(|line| !line.contains(" DEFAULT ACL ")).flat_map(|line| [line, "\n"]).collect();
    let mut load = postgres("pg_restore", database.owner_url())?;
    load.args(["--no-owner", "--exit-on-error", "--single-transaction", "--use-list=/dev/stdin"]).arg(dump);
    succeed_with(load, wanted).await?;
    Ok(())
}

fn restore_key(backup: &Path, place: &Path) -> Result<()> {
    let key = fs::read(backup)?;
    if place.exists() {
        ensure!(
            fs::read(place)? == key,
            "{} is another key than the backup's; move it away",
            place.display()
        );
        return Ok(());
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    private(place)?.write_all(&key)?;
    Ok(())
}
