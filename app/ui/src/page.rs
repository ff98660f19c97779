//! Rendering a page whose content comes from the database, and what is shown when it does not.

use std::future::Future;

use domain::error::{Error, Result};
use http::StatusCode;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{messages::explain, number::digits, server};

/// Waits for `load` and renders what it gives; an error becomes its own page with the right status,
/// and somebody signed out goes to sign in and comes back.
pub fn load<V: IntoView + 'static>(
    content: impl Future<Output = Result<V>> + Send + 'static,
) -> impl IntoView {
    Suspend::new(async move {
        match content.await {
            Ok(view) => view.into_any(),
            Err(Error::SignedOut) => {
                server::go(&sign_in_path(&server::request().path));
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
    format!("/sign-in?return_to={}", encode(path))
}

/// A value as it stands in an address.
pub fn encode(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The one error state: the number for people who look for it, what happened, what to do, the request's id.
/// It goes into the page's `<main>`.
pub fn error_view(error: &Error) -> impl IntoView + use<> {
    let words = server::words();
    let request = server::request();
    let c = &words.common;
    let (title, text) = match error {
        Error::NotFound | Error::Gone => (c.not_found_title, c.not_found_text.to_owned()),
        Error::Forbidden => (c.forbidden_title, c.forbidden_text.to_owned()),
        Error::Internal => (c.broken_title, c.broken_text.to_owned()),
        other => (c.paused_title, explain(words, other)),
    };
    let status = server::status(error);
    let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let first = if again {
        view! { <a class="button button--primary" href=request.path.clone()>{c.retry}</a> }.into_any()
    } else {
        view! { <a class="button button--primary" href="/">{c.home}</a> }.into_any()
    };
    view! {
        <Title text=title/>
        <div class="failure" role="alert">
            <p class="failure__number" aria-hidden="true">{digits(words.locale, status.as_str())}</p>
            <h1 class="failure__title">{title}</h1>
            <p class="failure__text">{text}</p>
            <div class="page__actions">{first}<a class="button" href="/apps">{c.look_at_apps}</a></div>
            <p class="failure__id">{c.request}" "<span class="code">{request.origin.request_id.map(|id| id.to_string())}</span></p>
        </div>
    }
}
