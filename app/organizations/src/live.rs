//! The island of the dashboard: what happens to an Organization changes the states on the page, until nothing
//! moves any more. `dashboard.rs` renders what it changes; `data-live` names it.

use domain::organizations::{ApplicationState, OrganizationState};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::live::{Connection, Look, Stream, reveal, show_text};

/// The states that an Organization can come to while somebody looks, in the reader's language.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveWords {
    pub live: String,
    pub reconnecting: String,
    pub done: String,
    /// `Commit {id}`.
    pub commit: String,
    pub applications: Vec<(ApplicationState, Look)>,
    pub organization: Vec<(OrganizationState, Look)>,
}

#[derive(Deserialize)]
struct ApplicationEvent {
    app: String,
    state: ApplicationState,
    commit_id: Option<String>,
}

#[derive(Deserialize)]
struct OrganizationEvent {
    state: OrganizationState,
}

/// The first letters of a commit's id, as Git's own tools show it.
pub fn short(commit_id: &str) -> &str {
    commit_id.get(..7).unwrap_or(commit_id)
}

/// Says that the page is live, and keeps it so.
#[island]
pub fn LiveSign(events: String, after: i64, words: LiveWords) -> impl IntoView {
    let connection = RwSignal::new(Connection::Open);
    let sign = (words.live.clone(), words.reconnecting.clone(), words.done.clone());
    Effect::new(move |_| {
        let words = words.clone();
        Stream::listen(
            events.clone(),
            after,
            &["application", "organization"],
            move |kind, data| happened(&words, kind, data),
            move |now| connection.set(now),
        );
    });
    let state = move || match connection.get() {
        Connection::Open => None,
        Connection::Reconnecting => Some("reconnecting"),
        Connection::Ended => Some("ended"),
    };
    let text = move || match connection.get() {
        Connection::Open => sign.0.clone(),
        Connection::Reconnecting => sign.1.clone(),
        Connection::Ended => sign.2.clone(),
    };
    view! { <span class="live" role="status" data-state=state>{text}</span> }
}

/// Shows an event; false when it was the last.
fn happened(words: &LiveWords, kind: &str, data: &str) -> bool {
    if kind == "application" {
        if let Ok(event) = leptos::serde_json::from_str::<ApplicationEvent>(data) {
            if let Some((_, look)) = words.applications.iter().find(|(state, _)| *state == event.state) {
                look.show(&format!("application:{}", event.app));
            }
            if let Some(id) = &event.commit_id {
                reveal(&format!("repository:{}", event.app));
                show_text(&format!("commit:{}", event.app), &words.commit.replace("{id}", short(id)));
            }
        }
        return true;
    }
    let Ok(event) = leptos::serde_json::from_str::<OrganizationEvent>(data) else { return true };
    if let Some((_, look)) = words.organization.iter().find(|(state, _)| *state == event.state) {
        look.show("organization");
    }
    event.state == OrganizationState::Provisioning
}
