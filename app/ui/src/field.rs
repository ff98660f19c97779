//! The one field: label, input, what was wrong with it, hint. Its id is its name, unless two forms of a page
//! share a name: the summary of errors links to it.

use leptos::prelude::*;

use crate::{form::Form, icon::Icon};

/// A labelled input of a form. `children` follow the input in one frame (a button, a unit), `prefix` goes before it.
#[component]
pub fn Field(
    form: Form,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] id: Option<String>,
    /// What it holds before anything was sent.
    #[prop(optional, into)]
    value: String,
    #[prop(default = "text")] kind: &'static str,
    /// `input--code`, `input--otp`, `figures`.
    #[prop(optional)]
    class: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional)] maxlength: Option<usize>,
    #[prop(optional)] pattern: Option<&'static str>,
    #[prop(optional)] required: bool,
    /// Says so beside the label.
    #[prop(optional)]
    optional: bool,
    /// Latin text whatever the page's language: codes, addresses.
    #[prop(optional)]
    ltr: bool,
    #[prop(optional, into)] prefix: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.clone());
    let problem = form.problem(&name);
    let described = describedby(&id, problem.is_some(), hint.is_some());
    let input = view! {
        <input
            class=if class.is_empty() { "input".to_owned() } else { format!("input {class}") }
            id=id.clone()
            type=kind
            name=name.clone()
            value=form.value(&name, &value)
            placeholder=placeholder
            autocomplete=autocomplete
            inputmode=inputmode
            maxlength=maxlength
            pattern=pattern
            required=required
            dir=(ltr && prefix.is_none() && children.is_none()).then_some("ltr")
            aria-invalid=problem.is_some().then_some("true")
            aria-describedby=described
        />
    };
    let joined = prefix.is_some() || children.is_some();
    let control = if joined {
        let prefix = prefix.map(|text| view! { <span class="input-group__part">{text}</span> });
        view! { <div class="input-group" dir="ltr">{prefix}{input}{children.map(|children| children())}</div> }
            .into_any()
    } else {
        input.into_any()
    };
    view! {
        <div class="field">
            <Label target=id.clone() text=label optional=optional.then(|| form.words().common.optional)/>
            {control}
            <Below id problem hint/>
        </div>
    }
}

/// A list of choices to pick one of: value, words, chosen before anything was sent.
#[component]
pub fn Select(
    form: Form,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    options: Vec<(String, String, bool)>,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    let problem = form.problem(&name);
    let described = describedby(&name, problem.is_some(), hint.is_some());
    let options = options
        .into_iter()
        .map(|(value, text, chosen)| {
            let selected = form.chosen(&name, &value, chosen);
            view! { <option value=value selected=selected>{text}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <Label target=name.clone() text=label optional=None/>
            <span class="select-box">
                <select
                    class="select"
                    id=name.clone()
                    name=name.clone()
                    aria-invalid=problem.is_some().then_some("true")
                    aria-describedby=described
                >
                    {options}
                </select>
                <Icon name="chevron-down"/>
            </span>
            <Below id=name problem hint/>
        </div>
    }
}

fn describedby(id: &str, problem: bool, hint: bool) -> Option<String> {
    match (problem, hint) {
        (true, true) => Some(format!("{id}-error {id}-hint")),
        (true, false) => Some(format!("{id}-error")),
        (false, true) => Some(format!("{id}-hint")),
        (false, false) => None,
    }
}

/// The words above a control.
#[component]
pub fn Label(target: String, text: String, optional: Option<&'static str>) -> impl IntoView {
    let optional = optional.map(|word| view! { " "<span class="field__optional">{word}</span> });
    view! { <label class="field__label" for=target>{text}{optional}</label> }
}

/// What was wrong and the hint, below a control.
#[component]
pub fn Below(id: String, problem: Option<String>, hint: Option<String>) -> impl IntoView {
    let problem = problem.map(|text| {
        view! { <p class="field__error" id=format!("{id}-error")><Icon name="alert"/>{text}</p> }
    });
    let hint = hint.map(|text| view! { <p class="field__hint" id=format!("{id}-hint")>{text}</p> });
    view! { {problem}{hint} }
}
