//! Events for whoever listens outside, on NATS JetStream: at least once, and no more than once within `WINDOW`.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use async_nats::{
    ConnectOptions, HeaderMap, ServerAddr,
    jetstream::{self, Context, stream},
};
use tokio::sync::OnceCell;
use uuid::Uuid;

const STREAM: &str = "CATALYST";
/// Before each topic, such as `catalyst.order.placed`.
const SUBJECTS: &str = "catalyst";
/// How long JetStream knows a message again: longer than a job is tried.
const WINDOW: Duration = Duration::from_secs(4 * 3600);
const KEPT: Duration = Duration::from_secs(30 * 86_400);
const PATIENCE: Duration = Duration::from_secs(10);

/// The server's address; may hold a user and a password, which are never shown.
#[derive(Clone)]
pub struct NatsUrl(ServerAddr);

impl FromStr for NatsUrl {
    type Err = std::io::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scheme = text.starts_with("nats://") || text.starts_with("tls://");
        if !scheme {
            return Err(Self::Err::other("neither nats:// nor tls://"));
        }
        text.parse().map(Self)
    }
}

impl fmt::Debug for NatsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.host(), self.0.port())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{doing}: {cause}")]
pub struct EventsError {
    doing: &'static str,
    cause: String,
}

fn failed<E: fmt::Display>(doing: &'static str) -> impl FnOnce(E) -> EventsError {
    move |cause| EventsError { doing, cause: cause.to_string() }
}

/// Connects with the first event, and makes the stream if there is none. Cheap to clone.
#[derive(Clone)]
pub struct EventStream {
    url: NatsUrl,
    /// On how many servers the stream is.
    replicas: usize,
    context: Arc<OnceCell<Context>>,
}

impl EventStream {
    pub fn new(url: NatsUrl, replicas: usize) -> Self {
        Self { url, replicas, context: Arc::default() }
    }

    /// Returns when JetStream has the event on its disk. The same `id` again, within `WINDOW`, adds nothing.
    pub async fn publish(&self, id: Uuid, topic: &str, payload: Vec<u8>) -> Result<(), EventsError> {
        let context = self.context.get_or_try_init(|| self.connect()).await?;
        if send(context, id, topic, payload.clone()).await.is_ok() {
            return Ok(());
        }
        // Perhaps the stream is lost, with the disk that it was on.
        self.make_stream(context).await?;
        send(context, id, topic, payload).await
    }

    async fn connect(&self) -> Result<Context, EventsError> {
        let client = ConnectOptions::new()
            .name("catalyst")
            .connection_timeout(PATIENCE)
            .connect(self.url.0.clone())
            .await
            .map_err(failed("connecting"))?;
        let context = jetstream::new(client);
        self.make_stream(&context).await?;
        Ok(context)
    }

    async fn make_stream(&self, context: &Context) -> Result<(), EventsError> {
        let wanted = stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![format!("{SUBJECTS}.>")],
            max_age: KEPT,
            duplicate_window: WINDOW,
            num_replicas: self.replicas,
            ..Default::default()
        };
        let stream = context.get_or_create_stream(wanted).await.map_err(failed("making the stream"))?;
        let found = stream.cached_info().config.clone();
        if found.num_replicas != self.replicas {
            let changed = stream::Config { num_replicas: self.replicas, ..found };
            context.update_stream(changed).await.map_err(failed("copying the stream"))?;
        }
        Ok(())
    }
}

async fn send(context: &Context, id: Uuid, topic: &str, payload: Vec<u8>) -> Result<(), EventsError> {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_MESSAGE_ID, id.to_string());
    let sent = context.publish_with_headers(format!("{SUBJECTS}.{topic}"), headers, payload.into()).await;
    sent.map_err(failed("publishing"))?.await.map_err(failed("waiting for JetStream"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url: NatsUrl = "nats://catalyst:secret@nats.example.om:4222".parse().unwrap();
        assert_eq!(format!("{url:?}"), "nats.example.om:4222");
        assert!("http://nats.example.om".parse::<NatsUrl>().is_err());
    }
}
