//! Tells an event to JetStream.

use domain::{access::Worker, jobs::PublishEvent};

use super::background_job::{BackgroundJob, Outcome};
use crate::app::App;

impl BackgroundJob for PublishEvent {
    const SLOTS: usize = 2;

    async fn run(&self, app: &App, _: &Worker) -> Outcome {
        // Switched off since the job was made.
        let Some(events) = &app.adapters.events else { return Outcome::Done };
        let payload = match serde_json::to_vec(&self.event) {
            Ok(payload) => payload,
            Err(error) => return Outcome::GiveUp(error.to_string()),
        };
        match events.publish(self.outbox_event_id, self.event.topic(), payload).await {
            Ok(()) => Outcome::Done,
            Err(error) => {
                tracing::warn!(event = %self.outbox_event_id, %error, "an event was not published");
                Outcome::Retry("the event was not published".to_owned())
            }
        }
    }
}
