//! `catalyst restore`: reads a backup into an installation that holds nothing yet. One that failed or was killed is
//! repeated: it goes on with what it finds of itself, which a mark in the database tells from an installation in use.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use adapters::git::LOCAL;
use anyhow::{Context as _, Result, bail, ensure};
use domain::backup::{
    begin_restore, begun_restore, contents, delivered_repositories, end_restore, ensure_application_role,
    is_empty, lock_for_restore, set_default_privileges,
};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{Instant, sleep};

use super::backup::{
    DATABASE, FORMAT, KEY, MANIFEST, Manifest, REPOSITORIES, checksum, expect_delivered, postgres, private,
    repositories, said, succeed, succeed_with,
};
use crate::{Config, database::Database};

mod paths;

/// How long what a killed restore left running may take to end.
const OTHERS_TIME: Duration = Duration::from_secs(60);
/// A repository that is not whole yet.
const UNFINISHED: &str = "restoring";

/// Restores a backup into an installation that holds nothing yet, or what an earlier try left there, and compares the
/// books.
pub async fn restore(config: &Config, folder: &Path) -> Result<()> {
    let path = folder.join(MANIFEST);
    let file = File::open(&path)
        .with_context(|| format!("{} is not a backup: it has no {MANIFEST}", folder.display()))?;
    let manifest: Manifest = serde_json::from_reader(file).context("the manifest is not understood")?;
    ensure!(
        manifest.format == FORMAT,
        "the backup is of format {}, this program reads {FORMAT}",
        manifest.format
    );
    paths::check(folder, &manifest)?;
    for kept in &manifest.files {
        let found = checksum(&folder.join(&kept.path))?;
        ensure!(found == kept.sha256, "{} is not what was backed up", kept.path.display());
    }
    let restore = Restore { config, folder, name: checksum(&path)?, manifest };
    let database = Database::open(config).await?;
    let restored = restore.run(&database).await;
    database.close().await?;
    restored?;
    println!("restored the backup of {}: {}", restore.manifest.made_at, said(&restore.manifest));
    Ok(())
}

struct Restore<'a> {
    config: &'a Config,
    folder: &'a Path,
    /// The manifest's checksum: what the mark in the database says.
    name: String,
    manifest: Manifest,
}

impl Restore<'_> {
    async fn run(&self, database: &Database) -> Result<()> {
        let mut conn =
            PgConnection::connect(database.owner_url()).await.context("the database cannot be reached")?;
        wait_for_others(&mut conn).await?;
        self.begin(&mut conn).await?;
        if let Err(error) = self.go_on(&mut conn, database).await {
            bail!("{error:#}. {}", self.left_behind(&mut conn).await);
        }
        Ok(())
    }

    /// Nothing is written before this, and nothing but what a restore of the same backup left is gone on with.
    async fn begin(&self, conn: &mut PgConnection) -> Result<()> {
        let (begun, empty) = (begun_restore(conn).await?, is_empty(conn).await?);
        let found = repositories(&self.config.git_root)?;
        let root = self.config.git_root.display();
        if begun.as_ref() == Some(&self.name) {
            let foreign = found.iter().find(|path| !self.bundles().any(|(_, target)| target == **path));
            if let Some(path) = foreign {
                bail!(
                    "{root} holds {}, which is not the backup's; this installation is in use",
                    path.display()
                );
            }
            ensure!(
                empty || contents(conn).await? == self.manifest.contents,
                "the database was changed since the restore that did not end; this installation is in use"
            );
            println!("an earlier restore of this backup did not end; it goes on");
            return Ok(());
        }
        ensure!(
            begun.is_none() || empty,
            "the database holds what a restore of another backup left; repeat that one, or restore into an empty one"
        );
        ensure!(empty, "the database holds tables already; restore into an empty one");
        ensure!(
            found.is_empty(),
            "{root} holds repositories already; restore into an installation that is empty"
        );
        begin_restore(conn, &self.name).await?;
        Ok(())
    }

    /// Each step finds out whether it was done before.
    async fn go_on(&self, conn: &mut PgConnection, database: &Database) -> Result<()> {
        ensure_application_role(conn).await?;
        restore_key(&self.folder.join(KEY), &self.config.server_key_file)?;
        if is_empty(conn).await? {
            load(database, &self.folder.join(DATABASE)).await?;
        }
        set_default_privileges(conn).await?;
        for (bundle, target) in self.bundles() {
            clone(&self.folder.join(bundle), &self.config.git_root.join(target)).await?;
        }
        let found = contents(conn).await?;
        ensure!(found == self.manifest.contents, "what was restored is not what was backed up: {found:?}");
        let found = repositories(&self.config.git_root)?;
        let expected = self.manifest.repositories;
        ensure!(found.len() == expected, "{} repositories were restored of {expected}", found.len());
        expect_delivered(&delivered_repositories(conn, LOCAL).await?, &found, &self.config.git_root)?;
        // An older backup is brought to this program's version.
        database.prepare().await?;
        end_restore(conn).await?;
        Ok(())
    }

    /// Each repository's place in the backup, and below the root.
    fn bundles(&self) -> impl Iterator<Item = (&Path, PathBuf)> {
        self.manifest.files.iter().filter_map(|kept| {
            let repository = kept.path.strip_prefix(REPOSITORIES).ok()?;
            Some((kept.path.as_path(), repository.with_extension("git")))
        })
    }

    /// What is there after a failure, for whoever reads why.
    async fn left_behind(&self, conn: &mut PgConnection) -> String {
        let database = match is_empty(conn).await {
            Ok(true) => "no tables",
            Ok(false) => "the tables of the backup",
            Err(_) => "a database that cannot be looked at",
        };
        let (key, root) = (self.config.server_key_file.display(), self.config.git_root.display());
        let key =
            if self.config.server_key_file.exists() { format!("the key {key}, ") } else { String::new() };
        let found = repositories(&self.config.git_root).map_or(0, |found| found.len());
        format!(
            "The restore left behind: {key}{database}, {found} of {} repositories in {root}. Repeat the command when \
             that is put right: it goes on from there",
            self.manifest.repositories
        )
    }
}

/// Until nobody else restores into the same database.
async fn wait_for_others(conn: &mut PgConnection) -> Result<()> {
    let since = Instant::now();
    while !lock_for_restore(conn).await? {
        ensure!(since.elapsed() < OTHERS_TIME, "somebody else restores into this database");
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// A repository is in its place when it is whole.
async fn clone(bundle: &Path, target: &Path) -> Result<()> {
    if target.exists() {
        let (there, backed_up) = (heads(target).await?, heads(bundle).await?);
        ensure!(there == backed_up, "{} is there, and is not the backup's", target.display());
        return Ok(());
    }
    let draft = target.with_extension(UNFINISHED);
    match fs::remove_dir_all(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} could not be removed", draft.display()));
        }
        _ => {}
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
    }
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet", "--mirror", "--"]).arg(bundle).arg(&draft);
    succeed(clone).await?;
    // It is no copy that follows its backup.
    let mut alone = Command::new("git");
    alone.arg("-C").arg(&draft).args(["remote", "remove", "origin"]);
    succeed(alone).await?;
    fs::rename(&draft, target).with_context(|| format!("{} could not be made", target.display()))
}

/// The branches and what they are at, of a repository or a bundle.
async fn heads(repository: &Path) -> Result<Vec<String>> {
    let mut list = Command::new("git");
    list.args(["ls-remote", "--heads", "--"]).arg(repository).stdout(Stdio::piped());
    let listed = String::from_utf8(succeed(list).await?.stdout)?;
    let mut heads: Vec<String> = listed.lines().map(str::to_owned).collect();
    heads.sort();
    Ok(heads)
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
    // Whole or not at all.
    let draft = place.with_extension(UNFINISHED);
    fs::remove_file(&draft).ok();
    let mut file = private(&draft)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&draft, place).with_context(|| format!("{} could not be written", place.display()))
}
