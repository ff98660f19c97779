//! The database behind the program: by URL, or a private cluster in the data folder that the last
//! program which uses it stops.

use std::{
    fs::{self, File},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result};
use domain::catalog;
use local_postgres::{Durability, LocalPostgres};
use sqlx::{PgConnection, PgPool};
use tokio::time::{sleep, timeout};

use crate::config::Config;

const DATABASE: &str = "catalyst";
/// How long a program waits for the tables that somebody else makes.
const OWNERS_TIME: Duration = Duration::from_secs(600);

/// Where the database is. Keep it as long as it is used, then `close` it.
pub struct Database {
    url: String,
    owner_url: String,
    cluster: Option<Cluster>,
}

struct Cluster {
    server: LocalPostgres,
    /// Locked, shared, by each program that uses the cluster.
    users: File,
}

impl Database {
    /// Finds the database; starts the private cluster if that is what the settings say.
    pub async fn open(config: &Config) -> Result<Self> {
        if let Some(url) = &config.database.url {
            let owner_url = config.database.owner_url.clone().unwrap_or_else(|| url.clone());
            return Ok(Self { url: url.clone(), owner_url, cluster: None });
        }
        let folder = config.data_dir.join("postgres");
        let cluster = tokio::task::spawn_blocking(move || start(&folder)).await??;
        let url = cluster.server.url(DATABASE);
        Ok(Self { owner_url: url.clone(), url, cluster: Some(cluster) })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }

    pub async fn connect(&self, connections: u32) -> Result<PgPool> {
        domain::db::connect(&self.url, connections).await.context("the database cannot be reached")
    }

    /// Brings the tables to this program's version, and the catalog. Several programs may do it at once.
    /// With a login that may not make tables, waits until somebody else has made them.
    pub async fn prepare(&self) -> Result<()> {
        let owns =
            domain::db::may_migrate(&self.owner_url).await.context("the database cannot be reached")?;
        if owns {
            domain::db::migrate(&self.owner_url).await.context("the database cannot be migrated")?;
        }
        let pool = self.connect(1).await?;
        let mut conn = pool.acquire().await?;
        if !owns {
            timeout(OWNERS_TIME, migrated(&mut conn))
                .await
                .context("the tables are not this program's yet; their owner runs: catalyst migrate")??;
        }
        catalog::seed(&mut conn).await.context("the catalog cannot be seeded")?;
        drop(conn);
        pool.close().await;
        Ok(())
    }

    /// Lets go of the private cluster; the last one stops it.
    pub async fn close(self) -> Result<()> {
        let Some(cluster) = self.cluster else { return Ok(()) };
        tokio::task::spawn_blocking(move || {
            cluster.users.unlock()?;
            if cluster.users.try_lock().is_ok() { cluster.server.stop() } else { Ok(()) }
        })
        .await?
    }
}

async fn migrated(conn: &mut PgConnection) -> Result<()> {
    let mut told = false;
    while !domain::db::is_migrated(conn).await? {
        if !told {
            tracing::info!("waits for the database's owner to migrate it");
            told = true;
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

fn start(folder: &Path) -> Result<Cluster> {
    fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
    let users = File::create(folder.join("users"))?;
    users.lock_shared()?;
    let server = LocalPostgres::start(folder, Durability::Safe)?;
    server.create_database_if_missing(DATABASE)?;
    Ok(Cluster { server, users })
}
