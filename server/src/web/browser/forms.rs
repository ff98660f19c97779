//! Forms without WASM: a post does its work and goes on (303), or the page that holds the form is
//! rendered again with what was sent and what is wrong with it. Server functions and sign-in share it.

use std::{future::Future, sync::Arc};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts as _, Request, State},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    error::{Error, Problem, Result},
    identity::local_path,
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::handle_server_fns_with_context;
use tower_sessions::Session;
use ui::{
    WireError,
    messages::{Messages, explain},
    page::sign_in_path,
    server::{FailureSlot, FormFailure, RequestContext, status},
};

use super::pages::Pages;
use crate::{
    config::Config,
    web::encoding::{BODY_MAX, parse_form},
};

/// Where server functions are.
const ACTIONS: &str = "/do/";
/// Before an action, a session key: the page whose form it is. After a refusal the browser's address is the action's,
/// and so is the Referer of the next try. A key for each, so that two forms at once are both remembered.
const FORM_PAGE: &str = "form_page:";
/// Fields of signing in that are not put back into a page. (A voucher's `code` is none of them.)
const SECRET_FIELDS: [&str; 2] = ["code", "token"];

/// The fields of a form, in their order.
pub type Fields = Vec<(String, String)>;

/// A form that was posted.
pub struct Post {
    pub fields: Fields,
    pub session: Session,
    pub context: RequestContext,
    /// The page that held the form, if the browser said.
    pub page: Option<String>,
}

/// What answers forms. Cheap to clone.
#[derive(Clone)]
pub struct Forms {
    pub pages: Pages,
    pub config: Arc<Config>,
}

impl Forms {
    /// Does what a form asks for and goes to where `work` says. A refusal is shown in `page`, or in the
    /// page that the form was on.
    pub async fn handle<F>(
        &self,
        request: Request,
        page: Option<&str>,
        work: impl FnOnce(Post) -> F,
    ) -> Response
    where
        F: Future<Output = Result<Response>>,
    {
        let (mut parts, body) = request.into_parts();
        let session = match Session::from_request_parts(&mut parts, &()).await {
            Ok(session) => session,
            Err(refusal) => return refusal.into_response(),
        };
        let shown_in = self.page_of(&parts, &session).await;
        let page = page.map(str::to_owned).or(shown_in);
        let fields = match read(body).await.and_then(|bytes| parse_form(&bytes)) {
            Ok(fields) => fields,
            Err(error) => return self.refuse(parts, &session, page.as_deref(), error, Vec::new()).await,
        };
        let context = parts.extensions.get::<RequestContext>().cloned();
        let context =
            context.unwrap_or_else(|| unreachable!("the router adds RequestContext to every request"));
        let post = Post { fields: fields.clone(), session: session.clone(), context, page: page.clone() };
        match work(post).await {
            Ok(response) => response,
            Err(error) => self.refuse(parts, &session, page.as_deref(), error, fields).await,
        }
    }

    async fn refuse(
        &self,
        parts: Parts,
        session: &Session,
        page: Option<&str>,
        error: Error,
        mut fields: Fields,
    ) -> Response {
        if error == Error::SignedOut {
            return Redirect::to(&sign_in_path(page.unwrap_or("/"))).into_response();
        }
        let Some(page) = page else {
            let locale =
                parts.extensions.get::<RequestContext>().map(|context| context.locale).unwrap_or_default();
            return (status(&error), explain(Messages::of(locale), &error)).into_response();
        };
        let action = parts.uri.path().to_owned();
        if action.starts_with(ACTIONS) {
            remember(session, &action, page).await;
        }
        if action.starts_with("/sign-in") {
            fields.retain(|(name, _)| !SECRET_FIELDS.contains(&name.as_str()));
        }
        let wait = match error {
            Error::Limited { retry_after_seconds } => Some(retry_after_seconds),
            _ => None,
        };
        let mut response =
            self.pages.show_again(parts, page, FormFailure { action, error, values: fields }).await;
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, wait.into());
        }
        response
    }

    /// The same-origin page that the form was on: path and query.
    async fn page_of(&self, parts: &Parts, session: &Session) -> Option<String> {
        let referer: http::Uri = header_text(&parts.headers, header::REFERER).parse().ok()?;
        let origin = format!("{}://{}", referer.scheme_str()?, referer.authority()?);
        let host = header_text(&parts.headers, header::HOST);
        let own = origin.eq_ignore_ascii_case(self.config.http.public_url.as_str())
            || (self.config.http.listen.ip().is_loopback() && origin == format!("http://{host}"));
        if !own {
            return None;
        }
        if referer.path().starts_with(ACTIONS) {
            return remembered(session, referer.path()).await;
        }
        let page = referer.path_and_query()?.as_str();
        (local_path(page) == page).then(|| page.to_owned())
    }
}

/// POST /do/…: runs a server function for an island or for a form.
pub async fn act(State(forms): State<Forms>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let bytes = match read(body).await {
        Ok(bytes) => bytes,
        Err(error) => return wire(error),
    };
    // Whatever it says that it is: server functions read it as a form.
    let fields = parse_form(&bytes);
    if !header_text(&parts.headers, header::ACCEPT).contains("text/html") {
        return match fields {
            Ok(_) => run(parts, bytes).await.unwrap_or_else(wire),
            Err(error) => wire(error),
        };
    }
    let session = match Session::from_request_parts(&mut parts, &()).await {
        Ok(session) => session,
        Err(refusal) => return refusal.into_response(),
    };
    let page = forms.page_of(&parts, &session).await;
    let fields = match fields {
        Ok(fields) => fields,
        Err(error) => return forms.refuse(parts, &session, page.as_deref(), error, Vec::new()).await,
    };
    match run(parts.clone(), bytes).await {
        Err(error) => forms.refuse(parts, &session, page.as_deref(), error, fields).await,
        Ok(response) => go_on(response, &parts, page.as_deref()),
    }
}

/// GET /do/…: somebody pressed Enter in the address bar after a refusal.
pub async fn back(request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let session = Session::from_request_parts(&mut parts, &()).await.ok();
    let page = match session {
        Some(session) => remembered(&session, parts.uri.path()).await,
        None => None,
    };
    Redirect::to(page.as_deref().unwrap_or("/")).into_response()
}

/// The function's answer, or the error that it left for us.
async fn run(mut parts: Parts, bytes: Bytes) -> Result<Response> {
    let slot = FailureSlot::default();
    parts.extensions.insert(slot.clone());
    let request = Request::from_parts(parts, Body::from(bytes));
    let response = handle_server_fns_with_context(|| {}, request).await.into_response();
    match slot.take() {
        Some(error) => Err(error),
        // The verbs' errors are in the slot; what is left is arguments that could not be read.
        None if is_unread(&response) => Err(Error::invalid("form", Problem::Unknown)),
        None if response.status() == StatusCode::BAD_REQUEST => Err(Error::NotFound),
        None => Ok(response),
    }
}

fn is_unread(response: &Response) -> bool {
    response.status().is_server_error()
        || header_text(response.headers(), header::LOCATION).contains("__err=")
}

/// Success: to where the function said, or back to the page.
fn go_on(mut response: Response, request: &Parts, page: Option<&str>) -> Response {
    let location = header_text(response.headers(), header::LOCATION).to_owned();
    let referer = header_text(&request.headers, header::REFERER);
    let said_nothing = location.is_empty() || location == referer || !location.starts_with('/');
    let target = if said_nothing { page.unwrap_or("/") } else { location.as_str() };
    if let Ok(value) = target.parse() {
        response.headers_mut().insert(header::LOCATION, value);
    }
    *response.status_mut() = StatusCode::SEE_OTHER;
    *response.body_mut() = Body::empty();
    response.headers_mut().remove(header::CONTENT_TYPE);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}

async fn remembered(session: &Session, action: &str) -> Option<String> {
    session.get(&format!("{FORM_PAGE}{action}")).await.ok().flatten()
}

async fn remember(session: &Session, action: &str, page: &str) {
    // Anybody can invent an address, and a session is no place for all of them.
    if !server_fn_paths().any(|(known, _)| known == action) {
        return;
    }
    if let Err(error) = session.insert(&format!("{FORM_PAGE}{action}"), page).await {
        tracing::warn!(%error, "the page of a form was not remembered");
    }
}

async fn read(body: Body) -> Result<Bytes> {
    to_bytes(body, BODY_MAX).await.map_err(|_| Error::invalid("form", Problem::TooLong { max: BODY_MAX }))
}

fn wire(error: Error) -> Response {
    (status(&error), axum::Json(WireError(error))).into_response()
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
