//! The Applications of an Organization: how far each is on its way to Git, and where it is there.

use domain::organizations::{Application, ApplicationState, Organization, OrganizationState};
use leptos::prelude::*;
use ui::{
    icon::{AppMark, Icon},
    messages::{Messages, fill},
    state::State,
};

use crate::{
    live::{LiveSign, LiveWords, short},
    looks,
};

pub fn applications(words: &'static Messages, organization: &Organization) -> impl IntoView + use<> {
    let c = &words.console;
    let live = organization.is_moving().then(|| {
        let events = format!("/console/organizations/{}/events", organization.organization_id);
        view! { <LiveSign events after=organization.last_event words=live_words(words)/> }
    });
    let rows = organization.applications.iter().map(|app| row(words, &organization.slug, app)).collect_view();
    let list = if organization.applications.is_empty() {
        view! { <p class="soft">{c.no_applications}</p> }.into_any()
    } else {
        view! { <ul class="applications">{rows}</ul> }.into_any()
    };
    view! {
        <section class="section section--plain" aria-labelledby="applications">
            <div class="section__header">
                <h2 class="section__title" id="applications">{c.applications}</h2>
                {live}
            </div>
            {list}
        </section>
    }
}

fn row(words: &'static Messages, organization: &str, app: &Application) -> impl IntoView + use<> {
    let c = &words.console;
    // People know `<organization>/<app>.git` without its ending. It is there with the first commit.
    let path = format!("{organization}/{}", app.slug);
    let repository = app.repository.as_deref().map_or(path, |path| path.trim_end_matches(".git").to_owned());
    let commit = app.commit_id.as_deref().map(|id| fill(c.commit, &[("id", short(id))]));
    let no_commit = commit.is_none();
    let note = (app.state == ApplicationState::Failed).then(|| {
        view! { <p class="application__note">{c.app_failed_note}</p> }
    });
    view! {
        <li class="application">
            <AppMark slug=app.slug.clone()/>
            <div>
                <h3 class="application__name"><bdi>{app.name.clone()}</bdi></h3>
                <div data-live=format!("repository:{}", app.slug) hidden=app.repository.is_none()>
                    <p class="application__repository">
                        <Icon name="repository"/>
                        <span class="sr-only">{c.repository}</span>
                        <span class="code">{repository}</span>
                    </p>
                </div>
            </div>
            <State look=looks::application(words, app.state) live=format!("application:{}", app.slug)/>
            <span class="soft figures" data-live-text=format!("commit:{}", app.slug) hidden=no_commit>
                {commit.unwrap_or_default()}
            </span>
            {note}
        </li>
    }
}

fn live_words(words: &'static Messages) -> LiveWords {
    let c = &words.console;
    let applications = [
        ApplicationState::Queued,
        ApplicationState::Delivering,
        ApplicationState::Committed,
        ApplicationState::Failed,
    ];
    let organization =
        [OrganizationState::Provisioning, OrganizationState::Active, OrganizationState::Failed];
    LiveWords {
        live: c.live.to_owned(),
        reconnecting: c.reconnecting.to_owned(),
        done: c.live_ended.to_owned(),
        commit: c.commit.to_owned(),
        applications: applications.map(|state| (state, looks::application(words, state))).to_vec(),
        organization: organization.map(|state| (state, looks::organization(words, state))).to_vec(),
    }
}
