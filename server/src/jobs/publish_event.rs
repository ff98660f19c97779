//! Tells an event to JetStream.

use domain::jobs::Event;
use uuid::Uuid;

use super::Outcome;
use crate::App;

pub(super) async fn run(app: &App, id: Uuid, event: &Event) -> Outcome {
    // Switched off since the job was made.
    let Some(events) = &app.adapters.events else { return Outcome::Done };
    let payload = match serde_json::to_vec(event) {
        Ok(payload) => payload,
        Err(error) => return Outcome::GiveUp(error.to_string()),
    };
    match events.publish(id, event.topic(), payload).await {
        Ok(()) => Outcome::Done,
        Err(error) => {
            tracing::warn!(event = %id, %error, "an event was not published");
            Outcome::Retry("the event was not published".to_owned())
        }
    }
}
