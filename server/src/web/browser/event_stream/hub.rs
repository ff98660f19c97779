//! One reader a subject and process, for all who watch that subject here.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    error::Result,
    events::{self, EVENTS_AT_ONCE, Event, Subject},
};
use sqlx::{PgConnection, PgPool};
use tokio::sync::{broadcast, watch};

use crate::{
    shutdown::Shutdown,
    wakeups::{Changes, Wakeups, woken},
};

/// A viewer that is so many events behind reads on by itself.
const BEHIND: usize = 256;

type Sender = broadcast::Sender<Arc<Event>>;

/// Cheap to clone.
#[derive(Clone)]
pub struct EventHub {
    /// For those who watch as well: who they are is asked again.
    pub(super) pool: PgPool,
    wakeups: Wakeups,
    shutdown: Shutdown,
    senders: Arc<Mutex<HashMap<Subject, Sender>>>,
}

impl fmt::Debug for EventHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHub").field("watched", &self.lock().len()).finish_non_exhaustive()
    }
}

impl EventHub {
    pub fn new(pool: PgPool, wakeups: Wakeups, shutdown: Shutdown) -> Self {
        Self { pool, wakeups, shutdown, senders: Arc::default() }
    }

    /// How often sessions, roles and memberships were changed so far.
    pub(super) fn access(&self) -> Changes {
        self.wakeups.access()
    }

    /// What happens from now on. Whoever reads the past after joining misses nothing.
    pub(super) async fn join(
        &self,
        conn: &mut PgConnection,
        subject: Subject,
    ) -> Result<broadcast::Receiver<Arc<Event>>> {
        if let Some(sender) = self.lock().get(&subject) {
            return Ok(sender.subscribe());
        }
        // Before the position, so that what is written in between wakes.
        let wakeups = self.wakeups.subject(subject);
        let after = events::newest(conn, subject).await?;
        let mut senders = self.lock();
        if let Some(sender) = senders.get(&subject) {
            return Ok(sender.subscribe());
        }
        let (sender, first) = broadcast::channel(BEHIND);
        senders.insert(subject, sender.clone());
        tokio::spawn(self.clone().tell(subject, sender, after, wakeups));
        Ok(first)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Sender>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the last viewer is gone, or the program ends.
    async fn tell(self, subject: Subject, sender: Sender, mut after: i64, mut wakeups: watch::Receiver<()>) {
        loop {
            tokio::select! {
                () = woken(&mut wakeups) => {}
                () = self.shutdown.requested() => break,
            }
            wakeups.mark_unchanged();
            if self.leave_if_empty(subject, &sender) {
                return;
            }
            let found = async { events::after(&mut *self.pool.acquire().await?, subject, after).await };
            match found.await {
                Ok(found) => {
                    if found.len() == EVENTS_AT_ONCE {
                        wakeups.mark_changed();
                    }
                    for event in found {
                        after = event.id;
                        // Nobody listens any more: the next round ends.
                        sender.send(Arc::new(event)).ok();
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, ?subject, "its events cannot be read; they are tried again")
                }
            }
        }
        self.lock().remove(&subject);
    }

    fn leave_if_empty(&self, subject: Subject, sender: &Sender) -> bool {
        let mut senders = self.lock();
        let empty = sender.receiver_count() == 0;
        if empty {
            senders.remove(&subject);
        }
        empty
    }
}
