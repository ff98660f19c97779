//! The Applications of an Organization: how far each is on its way to Git, and where it is there.

use domain::organizations::{Application, ApplicationState, Organization};
use leptos::prelude::*;
use ui::{
    form::Form,
    icon::{AppMark, Icon},
    messages::{Messages, fill},
    state::State,
};

use crate::looks;

const RETRY: &str = "/do/organizations/retry";

pub fn applications(words: &'static Messages, organization: &Organization) -> impl IntoView + use<> {
    let c = &words.console;
    let rows = organization.applications.iter().map(|app| row(words, app)).collect_view();
    let list = if organization.applications.is_empty() {
        view! { <p class="soft">{c.no_applications}</p> }.into_any()
    } else {
        view! { <ul class="applications">{rows}</ul> }.into_any()
    };
    view! {
        <section class="section section--plain" aria-labelledby="applications">
            <div class="section__header">
                <h2 class="section__title" id="applications">{c.applications}</h2>
                <div role="status">{organization.is_moving().then(|| live(words, organization))}</div>
            </div>
            {list}
            {organization.applications.iter().any(has_failed).then(|| retry(words, organization))}
        </section>
    }
}

fn has_failed(app: &Application) -> bool {
    app.state == ApplicationState::Failed
}

fn retry(words: &'static Messages, organization: &Organization) -> impl IntoView + use<> {
    let id = organization.organization_id.to_string();
    view! {
        {Form::of(RETRY).summary()}
        <form method="post" action=RETRY>
            <input type="hidden" name="organization" value=id/>
            <button class="button"><Icon name="refresh"/>{words.console.retry}</button>
        </form>
    }
}

/// Says that the page is live, and with script makes it so.
fn live(words: &'static Messages, organization: &Organization) -> impl IntoView + use<> {
    let id = organization.organization_id;
    let events = format!("/console/organizations/{id}/events?after={}", organization.last_event);
    view! {
        <span
            class="live"
            data-refresh-while="main"
            data-refresh-events=events
            data-reconnecting=words.console.reconnecting
        >
            <span>{words.console.live}</span>
        </span>
    }
}

fn row(words: &'static Messages, app: &Application) -> impl IntoView + use<> {
    let c = &words.console;
    // It is there with the first commit.
    let repository = app.repository.as_ref().map(|repository| {
        view! {
            <p class="application__repository">
                <Icon name="repository"/>
                <span class="sr-only">{c.repository}</span>
                <span class="code">{format!("{}/{}", repository.owner, repository.name)}</span>
            </p>
        }
    });
    let commit = app.commit_id.as_deref().map(|id| {
        view! { <span class="soft figures">{fill(c.commit, &[("id", short(id))])}</span> }
    });
    let note = has_failed(app).then(|| {
        let note = if app.returned { c.app_returned_note } else { c.app_failed_note };
        view! { <p class="application__note">{note}</p> }
    });
    view! {
        <li class="application">
            <AppMark slug=app.slug.clone()/>
            <div><h3 class="application__name"><bdi>{app.name.clone()}</bdi></h3>{repository}</div>
            <State look=looks::application(words, app.state)/>
            {commit}
            {note}
        </li>
    }
}

/// The first letters of a commit's id, as Git's own tools show it.
fn short(commit_id: &str) -> &str {
    commit_id.get(..7).unwrap_or(commit_id)
}
