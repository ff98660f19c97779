//! When the program is to end: streams close, and no job is begun.

use anyhow::Result;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Cheap to clone; clones are told together.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Asked for with the first SIGTERM or SIGINT; the second ends the program at once.
    pub fn on_signals() -> Result<Self> {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let (sender, shutdown) = Self::by_hand();
        tokio::spawn(async move {
            loop {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                if sender.send_replace(true) {
                    std::process::exit(130);
                }
                tracing::info!("ending; once more ends at once");
            }
        });
        Ok(shutdown)
    }

    /// Asked for by sending `true`.
    pub fn by_hand() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked for. Where nobody is left who could ask: for ever.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
