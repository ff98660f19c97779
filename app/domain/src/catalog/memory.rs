//! The catalog out of memory, as long as nobody changed it.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgConnection;

use super::{Catalog, ops};
use crate::error::Result;

/// The catalog as it was read last, and after how many changes of it.
#[derive(Default)]
pub struct CatalogMemory(Mutex<Option<(u64, Arc<Catalog>)>>);

impl CatalogMemory {
    /// `changes`: how often the catalog was changed so far; none while nobody hears of changes.
    pub async fn read(&self, conn: &mut PgConnection, changes: Option<u64>) -> Result<Arc<Catalog>> {
        let Some(changes) = changes else { return Ok(Arc::new(ops::read(conn).await?)) };
        if let Some(catalog) = self.get(changes) {
            return Ok(catalog);
        }
        let catalog = Arc::new(ops::read(conn).await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((changes, catalog.clone()));
        Ok(catalog)
    }

    fn get(&self, changes: u64) -> Option<Arc<Catalog>> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.as_ref().filter(|(of, _)| *of == changes).map(|(_, catalog)| catalog.clone())
    }
}
