//! A value with a button that copies it. The button comes with the script and where the browser allows it;
//! without, the value is there to be selected.

use std::time::Duration;

use leptos::prelude::*;

#[island]
pub fn CopyValue(value: String, copy: String, copied: String) -> impl IntoView {
    let allowed = RwSignal::new(false);
    let done = RwSignal::new(false);
    Effect::new(move |_| allowed.set(window().is_secure_context()));
    let text = value.clone();
    let button = move || {
        let (value, copy, copied) = (value.clone(), copy.clone(), copied.clone());
        allowed.get().then(|| {
            let write = move |_| {
                let _ = window().navigator().clipboard().write_text(&value);
                done.set(true);
                set_timeout(move || done.set(false), Duration::from_secs(2));
            };
            let icon = move || format!("/assets/icons.svg#i-{}", if done.get() { "check" } else { "copy" });
            let label = move || if done.get() { copied.clone() } else { copy.clone() };
            view! {
                <button class="button button--quiet" type="button" on:click=write>
                    <svg class="icon" aria-hidden="true"><use href=icon></use></svg>
                    <span aria-live="polite">{label}</span>
                </button>
            }
        })
    };
    view! {
        <div class="copy">
            <span class="copy__value code" tabindex="0">{text}</span>
            {button}
        </div>
    }
}
