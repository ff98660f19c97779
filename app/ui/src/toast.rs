//! What went well, said once on the next page. Left by `server::toast("key")` or `"key|name"`.

use leptos::prelude::*;

use crate::{
    messages::{Messages, fill},
    server,
};

/// The toast that the request before left, if one did. Empty otherwise: the live region is always there.
pub async fn toasts(words: &'static Messages) -> AnyView {
    let toast = server::take_toast().await.and_then(|left| {
        let (key, name) = left.split_once('|').unwrap_or((&left, ""));
        words.find(key).map(|message| fill(message, &[("name", name)]))
    });
    let toast = toast.map(|text| view! { <div class="toast"><span>{text}</span></div> });
    view! { <div class="toasts" id="toasts" role="status">{toast}</div> }.into_any()
}
