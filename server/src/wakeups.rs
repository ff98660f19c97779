//! One listener on the database's channel `catalyst` wakes whoever waits. It may miss something while it
//! reconnects, so whoever waits also looks now and then (`FALLBACK`). What happens to subjects, access and the catalog
//! is told by the tables' triggers; that there is work, by whoever wrote it, after the commit (`Wakeups::announce`):
//! a commit that notifies waits for each other one that does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use domain::{
    db::{self, CHANNEL},
    events::Subject,
};
use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// How long announcements are gathered before the next one.
const GATHER: Duration = Duration::from_millis(50);
/// How long an announcement may take; whoever waits for it looks by himself meanwhile.
const SPEAKING_MAX: Duration = Duration::from_secs(15);
/// A connection on which nothing was heard for so long is dead. A third of it is the time between pings.
pub const SILENCE: Duration = Duration::from_secs(30);
/// How long a waiter relies on being woken.
pub const FALLBACK: Duration = Duration::from_secs(5);

/// Cheap to clone. Each change of a value is a wake-up.
#[derive(Clone, Debug)]
pub struct Wakeups {
    /// A job or an outbox event was written.
    jobs: watch::Sender<()>,
    /// This process wrote one.
    written: Arc<Notify>,
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
            written: Arc::default(),
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

    /// Wakes the workers of all processes, soon. Call it after the commit.
    pub fn announce(&self) {
        self.written.notify_one();
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

    /// Listens on a connection of its own and announces on one of the pool's, until the task is aborted. Reconnects
    /// for ever, also where nothing was heard for the time of `silence`.
    pub fn run(&self, url: String, pool: PgPool, silence: Duration) -> JoinHandle<()> {
        let wakeups = self.clone();
        tokio::spawn(async move {
            tokio::join!(wakeups.listen(&url, silence), wakeups.speak(&pool, silence / 3));
        })
    }

    async fn listen(&self, url: &str, silence: Duration) {
        loop {
            if let Err(error) = self.forward(url, silence).await {
                tracing::warn!(%error, "the listener lost the database; it tries again");
            }
            changed(&self.access, false);
            changed(&self.catalog, false);
            sleep(RECONNECT_AFTER).await;
        }
    }

    /// Says that there is work, and otherwise something now and then: a listener cannot tell silence from a connection
    /// whose other end is gone.
    async fn speak(&self, pool: &PgPool, ping_every: Duration) {
        loop {
            let work = timeout(ping_every, self.written.notified()).await.is_ok();
            let topic = if work { "jobs" } else { "ping" };
            let say = async { db::notify(&mut *pool.acquire().await?, topic).await };
            if let Err(error) = db::within(SPEAKING_MAX, say).await {
                tracing::warn!(%error, "workers were not woken; they look by themselves");
            }
            sleep(GATHER).await;
        }
    }

    async fn forward(&self, url: &str, silence: Duration) -> Result<()> {
        let mut listener = timeout(silence, PgListener::connect(url)).await??;
        timeout(silence, listener.listen(CHANNEL)).await??;
        changed(&self.access, true);
        changed(&self.catalog, true);
        self.jobs.send_replace(());
        self.wake_subjects(|_| true);
        while let Some(notification) = timeout(silence, listener.try_recv()).await?? {
            match notification.payload().split_once(':').unwrap_or((notification.payload(), "")) {
                ("jobs", _) => {
                    self.jobs.send_replace(());
                }
                ("ping", _) => {}
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
    timeout(FALLBACK, receiver.changed()).await.ok();
}
