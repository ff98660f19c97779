//! Renders pages: the one place where Leptos is called with a request.

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{Method, StatusCode, Uri, header};
use leptos::{prelude::provide_context, server_fn::redirect::REDIRECT_HEADER};
use leptos_axum::render_app_async_with_context;
use ui::server::{FormFailure, Visit, status};

use crate::{App, http::headers::RequestNonce, kept};

/// Whatever is not another route: a page, or the page that says that there is none.
pub async fn show(State(app): State<App>, request: Request) -> Response {
    match *request.method() {
        Method::GET => get(&app, request).await,
        Method::HEAD => {
            let (parts, _) = get(&app, request).await.into_parts();
            Response::from_parts(parts, Body::empty())
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The page, if it was kept for others; else anew.
async fn get(app: &App, request: Request) -> Response {
    let nonce = request.extensions().get::<RequestNonce>().cloned();
    let (Some(key), Some(RequestNonce(nonce))) = (kept::key(app, &request), nonce) else {
        return render(app, request).await;
    };
    match app.kept.get(&key, &nonce) {
        Some(page) => page,
        None => app.kept.keep(key, &nonce, render(app, request).await).await,
    }
}

async fn render(app: &App, request: Request) -> Response {
    let nonce = request.extensions().get::<RequestNonce>().cloned();
    let options = app.leptos.clone();
    let context = move || {
        if let Some(RequestNonce(nonce)) = nonce.clone() {
            provide_context(nonce);
        }
    };
    let mut response =
        render_app_async_with_context(context, move || app::shell(options.clone()))(request).await;
    // Leptos redirects with 302, which lets a browser repeat a POST, and whoever does not ask for HTML
    // only with a header of its own.
    if response.headers().contains_key(header::LOCATION) {
        *response.status_mut() = StatusCode::SEE_OTHER;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(REDIRECT_HEADER);
    }
    response
}

/// Renders the page at `path` again, with a refused form in it. `request` is what is left of the form's
/// request: its headers and extensions.
pub async fn show_again(
    app: &App,
    request: http::request::Parts,
    path: &str,
    failure: FormFailure,
) -> Response {
    let code = status(&failure.error);
    let mut parts = request;
    parts.method = Method::GET;
    parts.uri = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
    if let Some(visit) = parts.extensions.get_mut::<Visit>() {
        visit.path = path.to_owned();
    }
    parts.extensions.insert(failure);
    let mut response = render(app, Request::from_parts(parts, Body::empty())).await;
    // A page that refuses by itself (signed out, forbidden) or leads elsewhere knows better.
    if response.status() == StatusCode::OK {
        *response.status_mut() = code;
    }
    response
}
