//! One reader an Organization and process, for all who watch that Organization here.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    error::Result,
    ids::OrganizationId,
    jobs::{EVENTS_AT_ONCE, OrganizationEvent, newest_event, organization_events},
};
use sqlx::PgConnection;
use tokio::sync::{broadcast, watch};

use crate::{App, wakeups::woken};

/// A viewer that is so many events behind reads on by itself.
const BEHIND: usize = 256;

type Events = broadcast::Sender<Arc<OrganizationEvent>>;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<HashMap<OrganizationId, Events>>>);

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("open", &self.lock().len()).finish()
    }
}

impl Rooms {
    /// What happens from now on. Whoever reads the past after joining misses nothing.
    pub async fn join(
        &self,
        app: &App,
        conn: &mut PgConnection,
        id: OrganizationId,
    ) -> Result<broadcast::Receiver<Arc<OrganizationEvent>>> {
        if let Some(events) = self.lock().get(&id) {
            return Ok(events.subscribe());
        }
        // Before the position, so that what is written in between wakes.
        let wakeups = app.wakeups.organization(id);
        let after = newest_event(conn, id).await?;
        let mut rooms = self.lock();
        if let Some(events) = rooms.get(&id) {
            return Ok(events.subscribe());
        }
        let (events, first) = broadcast::channel(BEHIND);
        rooms.insert(id, events.clone());
        tokio::spawn(self.clone().tell(app.clone(), id, events, after, wakeups));
        Ok(first)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrganizationId, Events>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the last viewer is gone, or the program ends.
    async fn tell(
        self,
        app: App,
        id: OrganizationId,
        events: Events,
        mut after: i64,
        mut wakeups: watch::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                () = woken(&mut wakeups) => {}
                () = app.ended() => break,
            }
            wakeups.mark_unchanged();
            if self.leave_if_empty(id, &events) {
                return;
            }
            let found =
                async { organization_events(&mut *app.services.pool.acquire().await?, id, after).await };
            match found.await {
                Ok(found) => {
                    if found.len() == EVENTS_AT_ONCE {
                        wakeups.mark_changed();
                    }
                    for event in found {
                        after = event.id;
                        // Nobody listens any more: the next round ends.
                        events.send(Arc::new(event)).ok();
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, organization = %id, "its events cannot be read; they are tried again")
                }
            }
        }
        self.lock().remove(&id);
    }

    fn leave_if_empty(&self, id: OrganizationId, events: &Events) -> bool {
        let mut rooms = self.lock();
        let empty = events.receiver_count() == 0;
        if empty {
            rooms.remove(&id);
        }
        empty
    }
}
