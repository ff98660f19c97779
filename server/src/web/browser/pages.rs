//! Renders pages: the one place where Leptos is called with a request.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{Method, StatusCode, Uri, header};
use leptos::{config::LeptosOptions, prelude::provide_context, server_fn::redirect::REDIRECT_HEADER};
use leptos_axum::render_app_async_with_context;
use ui::server::{FormFailure, RequestContext, status};

use super::page_cache::{self, PageCache};
use crate::{config::Config, web::layers::headers::RequestNonce};

/// What renders pages, and keeps those that are for everybody. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    pub leptos: LeptosOptions,
    pub cache: PageCache,
    pub config: Arc<Config>,
}

/// Whatever is not another route: a page, or the page that says that there is none.
pub async fn show(State(pages): State<Pages>, request: Request) -> Response {
    match *request.method() {
        Method::GET => pages.get(request).await,
        Method::HEAD => {
            let (parts, _) = pages.get(request).await.into_parts();
            Response::from_parts(parts, Body::empty())
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

impl Pages {
    /// The page, if it was kept for others; else anew.
    async fn get(&self, request: Request) -> Response {
        let nonce = request.extensions().get::<RequestNonce>().cloned();
        let key = page_cache::key(&self.config.http, &request);
        let (Some(key), Some(RequestNonce(nonce))) = (key, nonce) else {
            return self.render(request).await;
        };
        match self.cache.get(&key, &nonce) {
            Some(page) => page,
            None => self.cache.keep(key, &nonce, self.render(request).await).await,
        }
    }

    async fn render(&self, request: Request) -> Response {
        let nonce = request.extensions().get::<RequestNonce>().cloned();
        let options = self.leptos.clone();
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
        &self,
        request: http::request::Parts,
        path: &str,
        failure: FormFailure,
    ) -> Response {
        let code = status(&failure.error);
        let mut parts = request;
        parts.method = Method::GET;
        parts.uri = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
        if let Some(context) = parts.extensions.get_mut::<RequestContext>() {
            path.clone_into(&mut context.path);
        }
        parts.extensions.insert(failure);
        let mut response = self.render(Request::from_parts(parts, Body::empty())).await;
        // A page that refuses by itself (signed out, forbidden) or leads elsewhere knows better.
        if response.status() == StatusCode::OK {
            *response.status_mut() = code;
        }
        response
    }
}
