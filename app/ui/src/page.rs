//! Rendering a page whose content comes from the database, and what is shown when it does not.

use std::future::Future;

use domain::error::{Error, Result};
use http::StatusCode;
use leptos::prelude::*;

use crate::{
    messages::{Messages, explain, fill},
    server,
};

/// Waits for `load` and renders what it gives; an error becomes its own page with the right status,
/// and somebody signed out goes to sign in and comes back.
pub fn load<V: IntoView + 'static>(content: impl Future<Output = Result<V>> + Send + 'static) -> impl IntoView {
    Suspend::new(async move {
        match content.await {
            Ok(view) => view.into_any(),
            Err(Error::SignedOut) => {
                server::go(&sign_in_path(&server::visit().path));
                ().into_any()
            }
            Err(error) => {
                server::set_status(server::status(&error));
                error_view(&error).into_any()
            }
        }
    })
}

/// The sign-in page that comes back to `path`.
pub fn sign_in_path(path: &str) -> String {
    let encoded: String = path
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("/sign-in?return_to={encoded}")
}

/// The one error state.
pub fn error_view(error: &Error) -> impl IntoView + use<> {
    let words = server::words();
    let c = &words.common;
    let (title, text) = match error {
        Error::NotFound | Error::Gone => (c.not_found_title, c.not_found_text.to_owned()),
        Error::Forbidden => (c.forbidden_title, c.forbidden_text.to_owned()),
        Error::Internal => (c.broken_title, c.broken_text.to_owned()),
        other => (c.broken_title, explain(words, other)),
    };
    error_state(words, title, &text)
}

fn error_state(words: &'static Messages, title: &'static str, text: &str) -> impl IntoView + use<> {
    let visit = server::visit();
    let request = fill(words.common.request_id, &[("id", &visit.request_id)]);
    view! {
        <section class="empty empty--error" role="alert">
            <h1 class="empty__title">{title}</h1>
            <p class="empty__text">{text.to_owned()}</p>
            <p class="empty__actions">
                <a class="button button--primary" href=visit.path.clone()>{words.common.retry}</a>
                <a class="button" href="/">{words.common.home}</a>
            </p>
            <p class="empty__id"><bdi class="code">{request}</bdi></p>
        </section>
    }
}

/// The page for an address that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    server::set_status(StatusCode::NOT_FOUND);
    error_view(&Error::NotFound)
}
