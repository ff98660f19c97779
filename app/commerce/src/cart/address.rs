//! The name of an Organization and its address: while somebody types, the address is proposed from the name
//! and looked up. Without script the fields are the same, and the form says what was wrong.

use std::time::Duration;

use leptos::{html::Input, prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use super::api::{Standing, check_slug};

const PAUSE: Duration = Duration::from_millis(350);

/// The words of the island, in the page's language.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Texts {
    pub name: String,
    pub address: String,
    pub hint: String,
    pub address_at: String,
    pub available: String,
    pub taken: String,
    pub reserved: String,
    pub invalid: String,
    pub checking: String,
    /// Under which the Organizations' hosts are.
    pub domain: String,
    /// An app of the cart, for the example.
    pub app: String,
    pub name_problem: Option<String>,
    pub slug_problem: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Checking,
    Known(Standing),
}

#[island]
pub fn AddressField(texts: Texts, name: String, slug: String) -> impl IntoView {
    let typed_slug = RwSignal::new(!slug.is_empty());
    let shown = RwSignal::new(slug.clone());
    let state = RwSignal::new(State::Idle);
    let slug_error = RwSignal::new(texts.slug_problem.clone());
    let turn = StoredValue::new(0_u32);
    let name_now = StoredValue::new(name.clone());
    let (name_input, slug_input) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    // What was typed before the script came, or came back with the page.
    Effect::new(move |_| {
        if let (Some(name), Some(slug)) = (name_input.get(), slug_input.get()) {
            name_now.set_value(name.value());
            typed_slug.set(!slug.value().is_empty());
            shown.set(slug.value());
        }
    });
    let look = move || {
        turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let mine = turn.get_value();
        slug_error.set(None);
        state.set(State::Checking);
        let ask = move || {
            if turn.get_value() != mine {
                return;
            }
            let slug = if typed_slug.get_untracked() { shown.get_untracked() } else { String::new() };
            let name = name_now.get_value();
            if slug.trim().is_empty() && name.trim().is_empty() {
                return state.set(State::Idle);
            }
            spawn_local(async move {
                let answer = check_slug(slug, name).await;
                if turn.get_value() != mine {
                    return;
                }
                let Ok((slug, standing)) = answer else { return state.set(State::Idle) };
                if !typed_slug.get_untracked() {
                    // Nothing can be made of a name in another script: somebody has to choose.
                    let nothing = slug.is_empty();
                    if let Some(input) = slug_input.get_untracked() {
                        input.set_value(&slug);
                    }
                    shown.set(slug);
                    if nothing {
                        return state.set(State::Idle);
                    }
                }
                state.set(State::Known(standing));
            });
        };
        set_timeout(ask, PAUSE);
    };
    let on_name = move |event| {
        name_now.set_value(event_target_value(&event));
        if !typed_slug.get_untracked() {
            look();
        }
    };
    let on_slug = move |event| {
        let text = event_target_value(&event);
        typed_slug.set(!text.is_empty());
        shown.set(text);
        look();
    };
    let t = StoredValue::new(texts.clone());
    let words = move || {
        t.with_value(|t| match state.get() {
            State::Idle => String::new(),
            State::Checking => t.checking.clone(),
            State::Known(Standing::Available) => t.available.clone(),
            State::Known(Standing::Taken) => t.taken.clone(),
            State::Known(Standing::Reserved) => t.reserved.clone(),
            State::Known(Standing::Invalid) => t.invalid.clone(),
        })
    };
    let state_name = move || match state.get() {
        State::Idle => "idle",
        State::Checking => "checking",
        State::Known(Standing::Available) => "available",
        State::Known(Standing::Taken) => "taken",
        State::Known(_) => "invalid",
    };
    let icon = move || match state.get() {
        State::Known(Standing::Available) => Some("ok"),
        State::Known(_) => Some("failed"),
        _ => None,
    };
    let wrong = move || {
        let known = matches!(state.get(), State::Known(standing) if standing != Standing::Available);
        (known || slug_error.get().is_some()).then_some("true")
    };
    let error = move || slug_error.get().map(|text| view! { <Problem id="organization_slug-error" text/> });
    let name_problem = texts.name_problem.clone();
    let name_error = name_problem.clone().map(|text| view! { <Problem id="organization_name-error" text/> });
    let host = move || {
        let slug = shown.get();
        if slug.is_empty() { "your-name".to_owned() } else { slug.to_lowercase() }
    };
    view! {
        <div class="form">
        <div class="form__row">
            <div class="field">
                <label class="field__label" for="organization_name">{texts.name.clone()}</label>
                <input
                    class="input"
                    id="organization_name"
                    name="organization_name"
                    value=name
                    autocomplete="organization"
                    maxlength="80"
                    required=true
                    aria-invalid=name_problem.is_some().then_some("true")
                    aria-describedby=name_problem.is_some().then_some("organization_name-error")
                    node_ref=name_input
                    on:input=on_name
                />
                {name_error}
            </div>
            <div class="field">
                <label class="field__label" for="organization_slug">{texts.address.clone()}</label>
                <div class="input-group" dir="ltr">
                    <input
                        class="input"
                        id="organization_slug"
                        name="organization_slug"
                        value=slug
                        maxlength="31"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-invalid=wrong
                        aria-describedby="organization_slug-error organization_slug-state organization_slug-hint"
                        node_ref=slug_input
                        on:input=on_slug
                    />
                    <span class="input-group__part code">{format!(".{}", texts.domain)}</span>
                </div>
                {error}
                <p class="field__state" id="organization_slug-state" role="status" data-state=state_name>
                    {move || icon().map(|name| view! { <Mark name/> })}
                    <span>{words}</span>
                </p>
                <p class="field__hint" id="organization_slug-hint">{texts.hint.clone()}</p>
            </div>
        </div>
        <p class="address">
            <Mark name="globe"/>
            <span>{texts.address_at.clone()}</span>
            <span class="address__host code">
                {format!("{}.", texts.app)}<b>{host}</b>{format!(".{}", texts.domain)}
            </span>
        </p>
        </div>
    }
}

#[component]
fn Mark(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true"><use href=format!("/assets/icons.svg#i-{name}")></use></svg>
    }
}

#[component]
fn Problem(id: &'static str, text: String) -> impl IntoView {
    view! { <p class="field__error" id=id><Mark name="alert"/>{text}</p> }
}
