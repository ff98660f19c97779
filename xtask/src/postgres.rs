//! The test cluster under target/, and clusters elsewhere for work by hand.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use local_postgres::{Durability, LocalPostgres};

use crate::commands::{root, target};

#[derive(Args)]
pub(crate) struct Arguments {
    action: Action,
    /// The cluster's folder
    #[arg(long, default_value = "target/test-postgres")]
    dir: PathBuf,
    /// Make this database and apply the migrations to it
    #[arg(long)]
    migrated: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    Start,
    Stop,
    Url,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if let Action::Stop = arguments.action {
        return match LocalPostgres::attach(&arguments.dir)? {
            Some(cluster) => cluster.stop(),
            None => Ok(()),
        };
    }
    let cluster = LocalPostgres::start(&arguments.dir, Durability::Test)?;
    let database = arguments.migrated.as_deref().unwrap_or("postgres");
    if arguments.migrated.is_some() {
        recreate(&cluster, database)?;
        migrate(&cluster, database)?;
    }
    println!("{}", cluster.url(database));
    Ok(())
}

/// The cluster that tests share. It is stopped when its last user lets go of it.
pub(crate) struct TestCluster {
    cluster: LocalPostgres,
    users: File,
}

impl TestCluster {
    pub(crate) fn start() -> Result<TestCluster> {
        let dir = target().join("test-postgres");
        fs::create_dir_all(&dir)?;
        let users = File::create(dir.join("users"))?;
        users.lock_shared()?;
        let cluster = LocalPostgres::start(&dir, Durability::Test)?;
        Ok(TestCluster { cluster, users })
    }
}

impl std::ops::Deref for TestCluster {
    type Target = LocalPostgres;

    fn deref(&self) -> &LocalPostgres {
        &self.cluster
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        let last = self.users.unlock().is_ok() && self.users.try_lock().is_ok();
        if last && let Err(error) = self.cluster.stop() {
            eprintln!("the test cluster was not stopped: {error:#}");
        }
    }
}

pub(crate) fn recreate(cluster: &LocalPostgres, database: &str) -> Result<()> {
    drop_database(cluster, database)?;
    cluster.create_database_if_missing(database)
}

pub(crate) fn drop_database(cluster: &LocalPostgres, database: &str) -> Result<()> {
    cluster
        .psql("postgres", &["-q", "-c", &format!("drop database if exists \"{database}\" with (force)")])
        .map(drop)
}

/// Applies the migrations through psql, so that it works before anything that contains a query
/// compiles.
pub(crate) fn migrate(cluster: &LocalPostgres, database: &str) -> Result<()> {
    migrate_from(&root().join("migrations"), cluster, database)
}

pub(crate) fn migrate_from(folder: &Path, cluster: &LocalPostgres, database: &str) -> Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("{} could not be read", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| {
        let name = file.to_string_lossy();
        name.ends_with(".sql") && !name.ends_with(".down.sql")
    });
    files.sort();
    for file in files {
        let path = file.to_string_lossy();
        let whole = !fs::read_to_string(&file)?.starts_with("-- no-transaction");
        let mut arguments = vec!["-q", "-f", &path];
        if whole {
            arguments.push("-1");
        }
        cluster.psql(database, &arguments)?;
    }
    Ok(())
}
