//! Forms, links and states that change parts of a page without loading it anew. The server does all the work,
//! as it does without script: the answer is the whole page, and the parts that `data-refresh` names by their
//! ids become what they are in it. Whatever goes wrong here, the form is sent as a form.
//!
//! - `<form data-refresh="tile-ghost summary">`, `<a data-refresh="results">`: in place. A GET form acts while
//!   one types.
//! - `<div data-refresh-asks="/addons" data-refresh="naming">`: what is typed inside is asked about, without the
//!   fields that hold a proposal (`data-proposed`), which is one until somebody types there.
//! - `<… data-refresh-while="main">`: read again until an answer comes without it; with `data-refresh-events`
//!   whenever that stream says so, with `data-state="reconnecting"` while it is broken.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_bindgen::{JsCast, JsValue, prelude::Closure},
};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, DomParser, Element, Event, EventSource, EventTarget, FormData, Headers, HtmlFormElement,
    HtmlInputElement, MouseEvent, RequestInit, Response, SupportedType, UrlSearchParams,
};

use crate::morph::morph;

const WANTED: &str = "data-refresh";
const TYPING: Duration = Duration::from_millis(250);
const MOVING: Duration = Duration::from_secs(2);
/// Events come in bursts; one look is enough for those of a burst.
const BURST: Duration = Duration::from_millis(100);
/// What streams name their events.
const EVENTS: [&str; 2] = ["application", "organization"];

/// Makes the forms, links and states of its page act in place. Shows nothing.
#[island]
pub fn Refresh() -> impl IntoView {
    Effect::new(move |_| {
        let turn = Turn::default();
        let page = document();
        let (submitted, typed) = (turn.clone(), turn.clone());
        on(&page, "submit", move |event| submit(&event, &submitted));
        on(&page, "input", move |event| input(&event, &typed));
        on(&page, "click", move |event| click(&event, &turn));
        keep_fresh();
    });
}

/// Only the answer to the last question counts.
#[derive(Clone, Default)]
struct Turn(Rc<Cell<u32>>);

impl Turn {
    fn next(&self) -> impl Fn() -> bool + use<> {
        let mine = self.0.get().wrapping_add(1);
        self.0.set(mine);
        let now = Rc::clone(&self.0);
        move || now.get() == mine
    }
}

fn on(target: &EventTarget, kind: &str, listener: impl Fn(Event) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(listener).into_js_value();
    target.add_event_listener_with_callback(kind, closure.unchecked_ref()).ok();
}

fn closest(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

fn form_of(event: &Event) -> Option<HtmlFormElement> {
    closest(event, "form[data-refresh]")?.dyn_into().ok()
}

fn submit(event: &Event, turn: &Turn) {
    if let Some(form) = form_of(event) {
        event.prevent_default();
        send(form, turn);
    }
}

fn input(event: &Event, turn: &Turn) {
    if let Some(form) = form_of(event).filter(|form| form.method() == "get") {
        let (current, turn) = (turn.next(), turn.clone());
        set_timeout(
            move || {
                if current() {
                    send(form, &turn)
                }
            },
            TYPING,
        );
    } else if let Some(part) = closest(event, "[data-refresh-asks]") {
        if let Some(field) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            field.remove_attribute("data-proposed").ok();
        }
        let current = turn.next();
        let look = move || {
            if current() {
                spawn_local(async move {
                    ask(&part, current).await;
                    part.remove_attribute("aria-busy").ok();
                });
            }
        };
        set_timeout(look, TYPING);
    }
}

fn click(event: &Event, turn: &Turn) {
    let Some(link) = closest(event, "a[data-refresh]") else { return };
    let plain = event.dyn_ref::<MouseEvent>().is_some_and(|mouse| {
        mouse.button() == 0 && !mouse.ctrl_key() && !mouse.meta_key() && !mouse.shift_key()
    });
    let (Some(url), Some(wanted), true) = (link.get_attribute("href"), link.get_attribute(WANTED), plain)
    else {
        return;
    };
    event.prevent_default();
    let current = turn.next();
    spawn_local(async move {
        if go(&url, &wanted, current).await.is_none() {
            window().location().assign(&url).ok();
        }
    });
}

fn send(form: HtmlFormElement, turn: &Turn) {
    let current = turn.next();
    spawn_local(async move {
        if sent(&form, current).await.is_none() {
            form.submit().ok();
        }
    });
}

async fn sent(form: &HtmlFormElement, current: impl Fn() -> bool) -> Option<()> {
    let (action, wanted) = (form.get_attribute("action")?, form.get_attribute(WANTED)?);
    let fields: JsValue = FormData::new_with_form(form).ok()?.into();
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    if form.method() == "get" {
        return go(&format!("{action}?{}", String::from(fields.to_string())), &wanted, current).await;
    }
    // Each change counts, whatever comes after it.
    replace(&read(&action, Some(&fields)).await?, &wanted)
}

/// Changes the parts of the page, and its address with them.
async fn go(url: &str, wanted: &str, current: impl Fn() -> bool) -> Option<()> {
    let page = read(url, None).await?;
    if current() {
        replace(&page, wanted)?;
        window().history().ok()?.replace_state_with_url(&JsValue::NULL, "", Some(url)).ok()?;
    }
    Some(())
}

/// Asks about what is typed in `part`.
async fn ask(part: &Element, current: impl Fn() -> bool) -> Option<()> {
    let (url, wanted) = (part.get_attribute("data-refresh-asks")?, part.get_attribute(WANTED)?);
    part.set_attribute("aria-busy", "true").ok()?;
    let typed = UrlSearchParams::new().ok()?;
    let fields = part.query_selector_all("input:not([data-proposed])").ok()?;
    for field in (0..fields.length()).filter_map(|n| fields.get(n)) {
        let field: HtmlInputElement = field.dyn_into().ok()?;
        typed.append(&field.name(), &field.value());
    }
    let page = read(&format!("{url}?{}", String::from(typed.to_string())), None).await?;
    if current() { replace(&page, &wanted) } else { Some(()) }
}

fn moving() -> Option<Element> {
    document().query_selector("[data-refresh-while]").ok().flatten()
}

/// Reads the moving parts of the page again, as long as there are any.
fn keep_fresh() {
    let Some(part) = moving() else { return };
    let source = part.get_attribute("data-refresh-events").map(|url| EventSource::new(&url));
    match source {
        Some(Ok(source)) => follow(&source),
        _ => look_later(),
    }
}

/// Looks whenever the stream says something, until nothing moves any more.
fn follow(source: &EventSource) {
    let turn = Turn::default();
    for kind in EVENTS {
        let (turn, source) = (turn.clone(), source.clone());
        on(&source.clone(), kind, move |_| {
            let (current, source) = (turn.next(), source.clone());
            let look = move || {
                if current() {
                    spawn_local(async move {
                        look_again().await;
                        if moving().is_none() {
                            source.close();
                        }
                    });
                }
            };
            set_timeout(look, BURST);
        });
    }
    on(source, "open", |_| {
        moving().map(|part| part.remove_attribute("data-state").ok());
    });
    let broken = source.clone();
    on(source, "error", move |_| {
        moving().map(|part| part.set_attribute("data-state", "reconnecting").ok());
        // After a broken line the browser tries again by itself, after a refusal it does not.
        if broken.ready_state() == EventSource::CLOSED {
            look_later();
        }
    });
}

/// Looks again in a while, and goes on from there.
fn look_later() {
    let look = || {
        spawn_local(async {
            look_again().await;
            keep_fresh();
        });
    };
    set_timeout(look, MOVING);
}

async fn look_again() -> Option<()> {
    let here = window().location();
    let url = here.pathname().ok()? + &here.search().ok()?;
    let page = read(&url, None).await?;
    replace(&page, &moving()?.get_attribute("data-refresh-while")?)
}

/// The page that the server answers with. None: there was none.
async fn read(url: &str, body: Option<&UrlSearchParams>) -> Option<Document> {
    let headers = Headers::new().ok()?;
    headers.set("Accept", "text/html").ok()?;
    let request = RequestInit::new();
    request.set_headers(&headers);
    if let Some(body) = body {
        request.set_method("POST");
        request.set_body(body);
    }
    let answer = JsFuture::from(window().fetch_with_str_and_init(url, &request)).await.ok()?;
    let answer: Response = answer.dyn_into().ok()?;
    let html = JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
    DomParser::new().ok()?.parse_from_string(&html, SupportedType::TextHtml).ok()
}

/// None: the page that came has none of the wanted parts.
fn replace(page: &Document, wanted: &str) -> Option<()> {
    let mut found = false;
    for id in wanted.split_whitespace() {
        if let (Some(old), Some(new)) = (document().get_element_by_id(id), page.get_element_by_id(id)) {
            morph(&old, &new);
            found = true;
        }
    }
    found.then_some(())
}
