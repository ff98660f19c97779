//! One listener on the database's channel `catalyst` wakes whoever waits. It may miss something while it
//! reconnects, so whoever waits also looks now and then (`FALLBACK`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::events::Subject;
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
    /// Something happened to a subject. Only those that somebody waits for are here.
    subjects: Arc<Mutex<HashMap<Subject, watch::Sender<()>>>>,
    /// A session ended, or a role or a membership changed.
    access: watch::Sender<Changes>,
    catalog: watch::Sender<Changes>,
}

/// How often something was changed, as far as this process has heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Changes {
    count: u64,
    /// No: changes are not heard of.
    pub listening: bool,
}

impl Default for Wakeups {
    fn default() -> Self {
        Self {
            jobs: watch::Sender::new(()),
            subjects: Arc::default(),
            access: watch::Sender::new(Changes::default()),
            catalog: watch::Sender::new(Changes::default()),
        }
    }
}

impl Wakeups {
    /// Subscribe before reading: what is written in between then wakes.
    pub fn jobs(&self) -> watch::Receiver<()> {
        self.jobs.subscribe()
    }

    pub fn subject(&self, subject: Subject) -> watch::Receiver<()> {
        let mut waited_for = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        waited_for.retain(|_, sender| sender.receiver_count() > 0);
        waited_for.entry(subject).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    pub fn access(&self) -> Changes {
        *self.access.borrow()
    }

    /// None: changes are not heard of.
    pub fn catalog_changes(&self) -> Option<u64> {
        let changes = *self.catalog.borrow();
        changes.listening.then_some(changes.count)
    }

    fn wake_subjects(&self, wanted: impl Fn(&Subject) -> bool) {
        let waited_for = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        waited_for
            .iter()
            .filter(|(subject, _)| wanted(subject))
            .for_each(|(_, sender)| sender.send_replace(()));
    }

    /// Listens on a connection of its own until the task is aborted; reconnects for ever.
    pub fn listen(&self, url: String) -> JoinHandle<()> {
        let wakeups = self.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = wakeups.forward(&url).await {
                    tracing::warn!(%error, "the listener lost the database; it tries again");
                }
                changed(&wakeups.access, false);
                changed(&wakeups.catalog, false);
                sleep(RECONNECT_AFTER).await;
            }
        })
    }

    async fn forward(&self, url: &str) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        changed(&self.access, true);
        changed(&self.catalog, true);
        self.jobs.send_replace(());
        self.wake_subjects(|_| true);
        while let Some(notification) = listener.try_recv().await? {
            match notification.payload().split_once(':').unwrap_or((notification.payload(), "")) {
                ("jobs", _) => {
                    self.jobs.send_replace(());
                }
                ("access", _) => changed(&self.access, true),
                ("catalog", _) => changed(&self.catalog, true),
                (kind, id) => match id.parse().ok().and_then(|id| Subject::from_parts(kind, id)) {
                    Some(subject) => self.wake_subjects(|one| *one == subject),
                    None => tracing::debug!(topic = kind, "nobody waits for this topic"),
                },
            }
        }
        Ok(())
    }
}

fn changed(what: &watch::Sender<Changes>, listening: bool) {
    what.send_modify(|changes| *changes = Changes { count: changes.count + 1, listening });
}

/// Waits to be woken, or for the fallback's time.
pub async fn woken(receiver: &mut watch::Receiver<()>) {
    // An error would mean that the sender is gone, and with it the program's App.
    tokio::time::timeout(FALLBACK, receiver.changed()).await.ok();
}
