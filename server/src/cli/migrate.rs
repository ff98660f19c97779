//! `catalyst migrate`: brings the database and the catalog to this program's version.

use anyhow::{Result, ensure};

use crate::{Config, database::Database};

pub async fn run(config: &Config) -> Result<()> {
    let database = Database::open(config).await?;
    let done = migrate(&database).await;
    database.close().await?;
    done
}

async fn migrate(database: &Database) -> Result<()> {
    let owns = domain::db::may_migrate(database.owner_url()).await?;
    ensure!(owns, "this login may not make tables: CATALYST_DATABASE_OWNER_URL has to be their owner's");
    database.prepare().await
}
