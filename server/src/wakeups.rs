//! One listener on the database's channel `catalyst` wakes whoever waits. It may miss something while it
//! reconnects, so whoever waits also looks now and then (`FALLBACK`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::ids::OrganizationId;
use sqlx::postgres::PgListener;
use tokio::{sync::watch, task::JoinHandle, time::sleep};

const CHANNEL: &str = "catalyst";
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// How long a waiter relies on being woken.
pub const FALLBACK: Duration = Duration::from_secs(5);

/// Cheap to clone. Each change of a value is a wake-up.
#[derive(Clone, Debug)]
pub struct Wakeups {
    /// A job or an outbox event was written.
    jobs: watch::Sender<()>,
    /// Something was told about an Organization. Only those that somebody waits for are here.
    organizations: Arc<Mutex<HashMap<OrganizationId, watch::Sender<()>>>>,
    access: watch::Sender<Access>,
}

/// What somebody was allowed may have ended since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    changes: u64,
    /// No: changes are not heard of.
    pub listening: bool,
}

impl Default for Wakeups {
    fn default() -> Self {
        Self {
            jobs: watch::Sender::new(()),
            organizations: Arc::default(),
            access: watch::Sender::new(Access::default()),
        }
    }
}

impl Wakeups {
    /// Subscribe before reading: what is written in between then wakes.
    pub fn jobs(&self) -> watch::Receiver<()> {
        self.jobs.subscribe()
    }

    pub fn organization(&self, id: OrganizationId) -> watch::Receiver<()> {
        let mut waited_for = self.organizations.lock().unwrap_or_else(PoisonError::into_inner);
        waited_for.retain(|_, sender| sender.receiver_count() > 0);
        waited_for.entry(id).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    pub fn access(&self) -> Access {
        *self.access.borrow()
    }

    fn wake_organization(&self, wanted: impl Fn(&OrganizationId) -> bool) {
        let waited_for = self.organizations.lock().unwrap_or_else(PoisonError::into_inner);
        waited_for.iter().filter(|(id, _)| wanted(id)).for_each(|(_, sender)| sender.send_replace(()));
    }

    fn access_changed(&self, listening: bool) {
        self.access.send_modify(|access| {
            access.changes += 1;
            access.listening = listening;
        });
    }

    /// Listens on a connection of its own until the task is aborted; reconnects for ever.
    pub fn listen(&self, url: String) -> JoinHandle<()> {
        let wakeups = self.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = wakeups.forward(&url).await {
                    tracing::warn!(%error, "the listener lost the database; it tries again");
                }
                wakeups.access_changed(false);
                sleep(RECONNECT_AFTER).await;
            }
        })
    }

    async fn forward(&self, url: &str) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        self.access_changed(true);
        self.jobs.send_replace(());
        self.wake_organization(|_| true);
        while let Some(notification) = listener.try_recv().await? {
            match notification.payload().split_once(':').unwrap_or((notification.payload(), "")) {
                ("jobs", _) => {
                    self.jobs.send_replace(());
                }
                ("access", _) => self.access_changed(true),
                ("organization", id) => {
                    if let Ok(id) = id.parse() {
                        self.wake_organization(|one| *one == OrganizationId(id));
                    }
                }
                (other, _) => tracing::debug!(topic = other, "nobody waits for this topic"),
            }
        }
        Ok(())
    }
}

/// Waits to be woken, or for the fallback's time.
pub async fn woken(receiver: &mut watch::Receiver<()>) {
    // An error would mean that the sender is gone, and with it the program's App.
    tokio::time::timeout(FALLBACK, receiver.changed()).await.ok();
}
