//! One listener on the database's channel `catalyst` wakes whoever waits for a topic. It may miss
//! something while it reconnects, so whoever waits also looks now and then (`FALLBACK`).

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::{sync::watch, task::JoinHandle, time::sleep};

const CHANNEL: &str = "catalyst";
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// How long a waiter relies on being woken.
pub const FALLBACK: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A job or an outbox event was written.
    Jobs,
    /// Something was told about an Organization.
    Organizations,
}

/// Cheap to clone. Each change of a topic's value is a wake-up.
#[derive(Clone, Debug)]
pub struct Wakeups {
    jobs: watch::Sender<()>,
    organizations: watch::Sender<()>,
}

impl Default for Wakeups {
    fn default() -> Self {
        Self { jobs: watch::Sender::new(()), organizations: watch::Sender::new(()) }
    }
}

impl Wakeups {
    /// Subscribe before reading: what is written in between then wakes.
    pub fn subscribe(&self, topic: Topic) -> watch::Receiver<()> {
        match topic {
            Topic::Jobs => self.jobs.subscribe(),
            Topic::Organizations => self.organizations.subscribe(),
        }
    }

    fn wake(&self, topic: Topic) {
        match topic {
            Topic::Jobs => self.jobs.send_replace(()),
            Topic::Organizations => self.organizations.send_replace(()),
        }
    }

    fn wake_all(&self) {
        self.wake(Topic::Jobs);
        self.wake(Topic::Organizations);
    }

    /// Listens on a connection of its own until the task is aborted; reconnects for ever.
    pub fn listen(&self, url: String) -> JoinHandle<()> {
        let wakeups = self.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = wakeups.forward(&url).await {
                    tracing::warn!(%error, "the listener lost the database; it tries again");
                }
                wakeups.wake_all();
                sleep(RECONNECT_AFTER).await;
            }
        })
    }

    async fn forward(&self, url: &str) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        self.wake_all();
        while let Some(notification) = listener.try_recv().await? {
            match notification.payload() {
                "jobs" => self.wake(Topic::Jobs),
                "organizations" => self.wake(Topic::Organizations),
                other => tracing::debug!(topic = other, "nobody waits for this topic"),
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
