//! Reading the catalog. Everybody may.

use sqlx::PgConnection;

use super::{Addon, App, Bundle, Catalog, Industry, Plan, store};
use crate::error::{Error, Result};

pub async fn read(conn: &mut PgConnection) -> Result<Catalog> {
    let mut apps = apps(conn).await?;
    apps.sort_by_key(|app| app.name.to_lowercase());
    Ok(Catalog {
        plans: plans(conn).await?,
        apps,
        addons: addons(conn).await?,
        bundles: bundles(conn).await?,
        industries: industries(conn).await?,
    })
}

pub async fn plans(conn: &mut PgConnection) -> Result<Vec<Plan>> {
    store::plans(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Applications and the services that they bring.
pub async fn apps(conn: &mut PgConnection) -> Result<Vec<App>> {
    store::apps(conn).await
}

pub async fn app(conn: &mut PgConnection, slug: &str) -> Result<App> {
    apps(conn).await?.into_iter().find(|app| app.slug == slug).ok_or(Error::NotFound)
}

pub async fn addons(conn: &mut PgConnection) -> Result<Vec<Addon>> {
    store::addons(conn).await?.into_iter().map(TryInto::try_into).collect()
}

pub async fn bundles(conn: &mut PgConnection) -> Result<Vec<Bundle>> {
    store::bundles(conn).await
}

pub async fn industries(conn: &mut PgConnection) -> Result<Vec<Industry>> {
    store::industries(conn).await
}
