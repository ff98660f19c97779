//! The document around every page: language, direction, theme, head and the WASM of the islands.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::Router;
use ui::server;

use crate::surfaces::Pages;

/// The whole HTML document. Theme and language come from cookies, so that nothing flashes.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let request = server::request();
    let assets = server::site().assets.clone();
    let nonce = use_nonce();
    view! {
        <!DOCTYPE html>
        <html lang=request.locale.tag() dir=request.locale.direction() data-theme=request.theme.attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=format!("/{}", assets.css) nonce=nonce/>
                <HydrationScripts options=options islands=true/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Catalyst".to_owned() } else { format!("{title} · Catalyst") } text=""/>
        <Router>
            <Pages/>
        </Router>
    }
}
