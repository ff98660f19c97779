//! What commands that change the database have in common.

use anyhow::Result;
use domain::text::Email;
use sqlx::PgConnection;

use crate::{Config, database::Database};

/// Does `work` on a database of this program's version, beside a running server and without one: a private cluster
/// that nobody else uses is stopped again.
pub(super) async fn on_database(
    config: &Config,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<()>,
) -> Result<()> {
    let database = Database::open(config).await?;
    let done = prepared(&database, work).await;
    database.close().await?;
    done
}

async fn prepared(
    database: &Database,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<()>,
) -> Result<()> {
    database.prepare().await?;
    let pool = database.connect(1).await?;
    let done = work(&mut *pool.acquire().await?).await;
    pool.close().await;
    done
}

pub(super) fn parse_email(text: &str) -> Result<Email> {
    Email::parse(text).map_err(|problem| anyhow::anyhow!("{text:?} {problem}. Example: name@company.om"))
}
