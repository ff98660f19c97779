//! Forms and links that change parts of a page without loading it anew. The server does all the work, as it
//! does without script: the answer is the whole page, and the parts that `data-refresh` names by their ids
//! are taken out of it. Whatever goes wrong here, the form is sent as a form.
//!
//! `<form data-refresh="tile-ghost summary">`, `<a data-refresh="results">`; a GET form acts while one types.
//! What carries `data-refresh-while` is read again until an answer comes without it.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomParser, Element, Event, FormData, Headers, HtmlElement, HtmlFormElement, MouseEvent, RequestInit,
    Response, SupportedType, UrlSearchParams,
};

const WANTED: &str = "data-refresh";
const TYPING: Duration = Duration::from_millis(250);
const MOVING: Duration = Duration::from_secs(2);

/// Makes the forms and links of its page act in place. Shows nothing.
#[island]
pub fn Refresh() -> impl IntoView {
    Effect::new(move |_| {
        // Only the answer to the last question counts.
        let turn = Rc::new(Cell::new(0_u32));
        let submitted = Rc::clone(&turn);
        on("submit", move |event| submit(&event, &submitted));
        let typed = Rc::clone(&turn);
        on("input", move |event| input(&event, &typed));
        on("click", move |event| click(&event, &turn));
        keep_fresh();
    });
}

/// Reads the moving parts of the page again, as long as there are any.
fn keep_fresh() {
    let wanted = document().query_selector("[data-refresh-while]").ok().flatten();
    let Some(wanted) = wanted.and_then(|element| element.get_attribute("data-refresh-while")) else { return };
    set_timeout(
        move || {
            spawn_local(async move {
                if let Ok(here) = window().location().pathname() {
                    fetch(&here, None, &wanted, || true).await;
                }
                keep_fresh();
            });
        },
        MOVING,
    );
}

fn on(kind: &str, listener: impl Fn(Event) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(listener).into_js_value();
    document().add_event_listener_with_callback(kind, closure.unchecked_ref()).ok();
}

fn closest(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

fn next(turn: &Cell<u32>) -> u32 {
    turn.set(turn.get().wrapping_add(1));
    turn.get()
}

fn submit(event: &Event, turn: &Rc<Cell<u32>>) {
    if let Some(form) = form_of(event) {
        event.prevent_default();
        send(form, turn);
    }
}

fn input(event: &Event, turn: &Rc<Cell<u32>>) {
    let Some(form) = form_of(event).filter(is_get) else { return };
    let mine = next(turn);
    let turn = Rc::clone(turn);
    set_timeout(
        move || {
            if turn.get() == mine {
                send(form, &turn);
            }
        },
        TYPING,
    );
}

fn click(event: &Event, turn: &Rc<Cell<u32>>) {
    let Some(link) = closest(event, "a[data-refresh]") else { return };
    let plain = event.dyn_ref::<MouseEvent>().is_some_and(|mouse| {
        mouse.button() == 0 && !mouse.ctrl_key() && !mouse.meta_key() && !mouse.shift_key()
    });
    let (Some(url), Some(wanted), true) = (link.get_attribute("href"), link.get_attribute(WANTED), plain)
    else {
        return;
    };
    event.prevent_default();
    let (mine, turn) = (next(turn), Rc::clone(turn));
    spawn_local(async move {
        if fetch(&url, None, &wanted, || turn.get() == mine).await.is_none() {
            window().location().assign(&url).ok();
        }
    });
}

fn form_of(event: &Event) -> Option<HtmlFormElement> {
    closest(event, "form[data-refresh]")?.dyn_into().ok()
}

fn is_get(form: &HtmlFormElement) -> bool {
    form.method() == "get"
}

fn send(form: HtmlFormElement, turn: &Rc<Cell<u32>>) {
    let (mine, turn) = (next(turn), Rc::clone(turn));
    spawn_local(async move {
        if sent(&form, || turn.get() == mine).await.is_none() {
            form.submit().ok();
        }
    });
}

async fn sent(form: &HtmlFormElement, current: impl Fn() -> bool) -> Option<()> {
    let wanted = form.get_attribute(WANTED)?;
    let fields: JsValue = FormData::new_with_form(form).ok()?.into();
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    if is_get(form) {
        let url = format!("{}?{}", form.get_attribute("action")?, String::from(fields.to_string()));
        return fetch(&url, None, &wanted, current).await;
    }
    // Each change counts, whatever comes after it.
    fetch(&form.get_attribute("action")?, Some(&fields), &wanted, || true).await
}

/// Asks the server, and puts the wanted parts of its page into this one. None: that could not be done.
async fn fetch(
    url: &str,
    body: Option<&UrlSearchParams>,
    wanted: &str,
    current: impl Fn() -> bool,
) -> Option<()> {
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
    if !current() {
        return Some(());
    }
    replace(&html, wanted)?;
    if body.is_none() {
        window().history().ok()?.replace_state_with_url(&JsValue::NULL, "", Some(url)).ok()?;
    }
    Some(())
}

fn replace(html: &str, wanted: &str) -> Option<()> {
    let page = DomParser::new().ok()?.parse_from_string(html, SupportedType::TextHtml).ok()?;
    let focused = document().active_element().map(|element| element.id()).filter(|id| !id.is_empty());
    let mut found = false;
    for id in wanted.split_whitespace() {
        let (Some(old), Some(new)) = (document().get_element_by_id(id), page.get_element_by_id(id)) else {
            continue;
        };
        old.replace_with_with_node_1(&new).ok()?;
        found = true;
    }
    if let Some(element) = focused.and_then(|id| document().get_element_by_id(&id))
        && let Some(element) = element.dyn_ref::<HtmlElement>()
    {
        element.focus().ok();
    }
    found.then_some(())
}
