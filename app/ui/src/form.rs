//! A form and what was wrong with it the last time. Forms post without WASM; the server renders the
//! page again with the values that were sent and the words beside their fields.

use domain::error::{Error, FieldError, Refusal};
use leptos::prelude::*;

use crate::{
    messages::{Messages, explain, explain_field},
    notice::{Notice, Tone},
    number::counted,
    server::{self, FormFailure},
};

/// The state of one form on a page.
#[derive(Clone)]
pub struct Form {
    words: &'static Messages,
    failure: Option<FormFailure>,
}

impl Form {
    /// The form that posts to `action`.
    pub fn of(action: &str) -> Self {
        Self { words: server::words(), failure: server::failure(action) }
    }

    pub const fn words(&self) -> &'static Messages {
        self.words
    }

    pub const fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What was sent in a field, or `otherwise` where nothing was.
    pub fn value(&self, field: &str, otherwise: &str) -> String {
        self.failure
            .as_ref()
            .and_then(|failure| failure.values.iter().find(|(name, _)| name == field))
            .map_or_else(|| otherwise.to_owned(), |(_, value)| value.clone())
    }

    /// Whether a checkbox or choice `field` was sent with `value`; `otherwise` before anything was sent.
    pub fn chosen(&self, field: &str, value: &str, otherwise: bool) -> bool {
        self.failure.as_ref().map_or(otherwise, |failure| {
            failure.values.iter().any(|(name, sent)| name == field && sent == value)
        })
    }

    /// What is wrong with a field.
    pub fn problem(&self, field: &str) -> Option<String> {
        let error = &self.failure.as_ref()?.error;
        match error {
            Error::Invalid(fields) => fields
                .iter()
                .find(|wrong| wrong.field == field)
                .map(|FieldError { problem, .. }| explain_field(self.words, problem)),
            Error::Refused(refusal) if refusal.field() == Some(field) => Some(explain(self.words, error)),
            Error::Conflict(domain::error::Conflict::SlugTaken) if field == "organization_slug" => {
                Some(explain(self.words, error))
            }
            _ => None,
        }
    }

    /// The refusal itself, for pages that offer a way out of it.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.failure.as_ref()?.error {
            Error::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The notice above a refused form: links to the fields that are wrong, or the sentence itself.
    pub fn summary(&self) -> impl IntoView + use<> {
        let words = self.words;
        self.failure.clone().map(|failure| {
            let fields: Vec<_> = match &failure.error {
                Error::Invalid(fields) => fields
                    .iter()
                    .map(|wrong| (wrong.field.clone(), explain_field(words, &wrong.problem)))
                    .collect(),
                error => match error {
                    Error::Refused(refusal) => refusal
                        .field()
                        .map(|field| (field.to_owned(), explain(words, error)))
                        .into_iter()
                        .collect(),
                    Error::Conflict(domain::error::Conflict::SlugTaken) => {
                        vec![("organization_slug".to_owned(), explain(words, error))]
                    }
                    _ => Vec::new(),
                },
            };
            if fields.is_empty() {
                return view! { <div role="alert"><Notice tone=Tone::Danger title=explain(words, &failure.error)>""</Notice></div> }
                    .into_any();
            }
            let title = counted(words.locale, words.common.error_summary, i64::try_from(fields.len()).unwrap_or(2));
            let links = fields
                .into_iter()
                .map(|(field, text)| view! { <li><a href=format!("#{field}")>{text}</a></li> })
                .collect_view();
            view! {
                <div class="error-summary" role="alert" aria-labelledby="problems" tabindex="-1">
                    <h2 class="error-summary__title" id="problems">{title}</h2>
                    <ul>{links}</ul>
                </div>
            }
            .into_any()
        })
    }
}
