//! The catalog out of memory, as long as nobody changed it.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgConnection;

use super::{Catalog, ops, store};
use crate::error::Result;

/// The catalog as it was read last.
#[derive(Default)]
pub struct CatalogMemory(Mutex<Option<Remembered>>);

#[derive(Clone)]
struct Remembered {
    /// Of the database.
    version: i64,
    /// How many changes this process had heard of; none where it hears of none.
    changes: Option<u64>,
    catalog: Arc<Catalog>,
}

impl CatalogMemory {
    /// For pages: as old as the notification of a change at most. `changes`: how many this process has heard of; none
    /// where it hears of none.
    pub async fn shown(&self, conn: &mut PgConnection, changes: Option<u64>) -> Result<Arc<Catalog>> {
        match self.remembered() {
            Some(last) if changes.is_some() && last.changes == changes => Ok(last.catalog),
            _ => self.read(conn, changes).await,
        }
    }

    /// For orders: as the database has it now.
    pub async fn current(&self, conn: &mut PgConnection) -> Result<Arc<Catalog>> {
        let version = store::version(conn).await?;
        match self.remembered() {
            Some(last) if last.version == version => Ok(last.catalog),
            _ => self.read(conn, None).await,
        }
    }

    async fn read(&self, conn: &mut PgConnection, changes: Option<u64>) -> Result<Arc<Catalog>> {
        // Before the rest: what changes in between is then read again.
        let version = store::version(conn).await?;
        let catalog = Arc::new(ops::read(conn).await?);
        let last = Remembered { version, changes, catalog: catalog.clone() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        Ok(catalog)
    }

    fn remembered(&self) -> Option<Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
