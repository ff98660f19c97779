//! Live pages: server-sent events change what the server has rendered. A page without script is complete;
//! it reads itself again instead. The server's half is `server/src/http` and `/console/organizations/{id}/events`.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::prelude::{document, set_timeout};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{EventSource, MessageEvent};

/// How a state looks, for the server that renders it and for the island that changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// `data-state`.
    pub state: String,
    /// In `icons.svg`, without the `i-`.
    pub icon: String,
    pub spins: bool,
    pub text: String,
}

impl Look {
    pub fn new(state: &str, icon: &str, text: &str) -> Self {
        Self { state: state.to_owned(), icon: icon.to_owned(), spins: false, text: text.to_owned() }
    }

    /// Something is being done.
    pub fn spinning(state: &str, text: &str) -> Self {
        Self { spins: true, ..Self::new(state, "progress", text) }
    }

    pub fn icon_href(&self) -> String {
        format!("/assets/icons.svg#i-{}", self.icon)
    }

    /// Changes the state that stands on the page under `name`.
    pub fn show(&self, name: &str) {
        let Some(badge) = find("data-live", name) else { return };
        set(&badge, "data-state", &self.state);
        if let Ok(Some(icon)) = badge.query_selector("svg") {
            set(&icon, "class", if self.spins { "icon icon--spin" } else { "icon" });
        }
        if let Ok(Some(mark)) = badge.query_selector("use") {
            set(&mark, "href", &self.icon_href());
        }
        if let Ok(Some(text)) = badge.query_selector("span") {
            text.set_text_content(Some(&self.text));
        }
    }
}

/// Writes into the element that is named so by `data-live-text`, and shows it.
pub fn show_text(name: &str, text: &str) {
    if let Some(element) = find("data-live-text", name) {
        element.set_text_content(Some(text));
        element.remove_attribute("hidden").ok();
    }
}

/// Shows what is on the page already, hidden, under this name in `data-live`.
pub fn reveal(name: &str) {
    if let Some(element) = find("data-live", name) {
        element.remove_attribute("hidden").ok();
    }
}

fn find(attribute: &str, name: &str) -> Option<web_sys::Element> {
    document().query_selector(&format!("[{attribute}=\"{name}\"]")).ok().flatten()
}

fn set(element: &web_sys::Element, name: &str, value: &str) {
    element.set_attribute(name, value).ok();
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    Open,
    Reconnecting,
    /// Nothing moves any more.
    Ended,
}

type OnEvent = dyn Fn(&str, &str) -> bool;

/// A stream of events that comes back after the last one it saw, for as long as it is wanted.
pub struct Stream {
    url: String,
    after: Cell<i64>,
    kinds: &'static [&'static str],
    on_event: Box<OnEvent>,
    on_connection: Box<dyn Fn(Connection)>,
}

impl Stream {
    /// Listens at `url` for events of `kinds`. `on_event` gets kind and data, and says whether to go on.
    pub fn listen(
        url: String,
        after: i64,
        kinds: &'static [&'static str],
        on_event: impl Fn(&str, &str) -> bool + 'static,
        on_connection: impl Fn(Connection) + 'static,
    ) {
        let after = Cell::new(after);
        let (on_event, on_connection) = (Box::new(on_event), Box::new(on_connection));
        Rc::new(Self { url, after, kinds, on_event, on_connection }).connect();
    }

    fn connect(self: Rc<Self>) {
        let Ok(source) = EventSource::new(&format!("{}?after={}", self.url, self.after.get())) else {
            return;
        };
        for kind in self.kinds {
            let (stream, listened) = (Rc::clone(&self), source.clone());
            on(&source, kind, move |event| {
                if let Ok(id) = event.last_event_id().parse() {
                    stream.after.set(id);
                }
                let data = event.data().as_string().unwrap_or_default();
                if !(stream.on_event)(kind, &data) {
                    listened.close();
                    (stream.on_connection)(Connection::Ended);
                }
            });
        }
        let stream = Rc::clone(&self);
        on(&source, "open", move |_| (stream.on_connection)(Connection::Open));
        let failed = source.clone();
        on(&source, "error", move |_| {
            (self.on_connection)(Connection::Reconnecting);
            // After a broken line the browser tries again by itself, after a refusal it does not.
            if failed.ready_state() == EventSource::CLOSED {
                let stream = Rc::clone(&self);
                set_timeout(move || stream.connect(), Duration::from_secs(3));
            }
        });
    }
}

fn on(source: &EventSource, kind: &str, listener: impl Fn(MessageEvent) + 'static) {
    let closure = Closure::<dyn Fn(MessageEvent)>::new(listener).into_js_value();
    source.add_event_listener_with_callback(kind, closure.unchecked_ref()).ok();
}
