//! The only glue between pages and axum: who asks, on which connection, and how the answer leaves.
//! The server's middleware puts `Services`, `Site`, `RequestContext`, the session and, after a refused form,
//! `FormFailure` into the request's extensions; everything here reads them from there.

use std::sync::{Arc, Mutex};

use domain::{
    access::{Actor, Admin, Origin},
    catalog::Catalog,
    error::{Error, Result},
    identity::sessions,
    ids::CartId,
    services::Services,
    text::Locale,
};
use http::{StatusCode, request::Parts};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use tower_sessions::Session;

use crate::{
    WireError,
    messages::Messages,
    session::{self, SessionHashes, keys, unreadable},
};

/// What the build and the settings give every page.
pub struct Site {
    pub assets: Assets,
    /// Mails are kept here and can be read in the browser.
    pub development_mailbox: bool,
}

/// Hashed names under the site root, as the build left them.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    pub css: String,
    pub js: String,
    pub wasm: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn from_name(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The value of `data-theme`; none follows the system.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// What a request says about its sender, read once by the middleware.
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub origin: Origin,
    pub locale: Locale,
    pub theme: Theme,
    /// Path and query of the page, for links that come back to it.
    pub path: String,
    /// How often the catalog was changed when the request came; none while nobody hears of changes.
    pub catalog_changes: Option<u64>,
}

/// A form that was refused: the page is rendered again with its values and what is wrong with them.
#[derive(Clone, Debug)]
pub struct FormFailure {
    /// The form's action, such as `/do/vouchers/issue`.
    pub action: String,
    pub error: Error,
    pub values: Vec<(String, String)>,
}

/// Where a server function leaves its error for the form handler, which cannot read it out of the response.
#[derive(Clone, Default)]
pub struct FailureSlot(Arc<Mutex<Option<Error>>>);

impl FailureSlot {
    pub fn put(&self, error: &Error) {
        if let Ok(mut slot) = self.0.lock() {
            *slot = Some(error.clone());
        }
    }

    pub fn take(&self) -> Option<Error> {
        self.0.lock().ok().and_then(|mut slot| slot.take())
    }
}

fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<T>().cloned())
}

pub fn services() -> Arc<Services> {
    extension().unwrap_or_else(|| unreachable!("the router adds Services to every request"))
}

pub fn site() -> Arc<Site> {
    extension().unwrap_or_else(|| unreachable!("the router adds Site to every request"))
}

pub fn request() -> RequestContext {
    extension().unwrap_or_else(|| unreachable!("the router adds RequestContext to every request"))
}

pub fn session() -> Session {
    extension().unwrap_or_else(|| unreachable!("the router adds the session to every request"))
}

/// The refused form of this request, if it was this one.
pub fn failure(action: &str) -> Option<FormFailure> {
    extension::<FormFailure>().filter(|failure| failure.action == action)
}

/// The words in the reader's language.
pub fn words() -> &'static Messages {
    Messages::of(request().locale)
}

/// One connection for the request; keep it and pass it on.
pub async fn conn() -> Result<PoolConnection<Postgres>> {
    let pool = services().pool.clone();
    Ok(pool.acquire().await?)
}

/// All that can be bought: out of memory, if it did not change since it was read.
pub async fn catalog(conn: &mut PgConnection) -> Result<Arc<Catalog>> {
    services().catalog.shown(conn, request().catalog_changes).await
}

/// Reads a value out of the session.
pub async fn session_get<T: serde::de::DeserializeOwned>(key: &str) -> Result<Option<T>> {
    session().get(key).await.map_err(unreadable)
}

pub async fn session_put<T: serde::Serialize>(key: &str, value: T) -> Result<()> {
    session().insert(key, value).await.map_err(unreadable)
}

/// Who acts, if anybody is signed in; the role is read anew each time.
pub async fn maybe_actor(conn: &mut PgConnection) -> Result<Option<Actor>> {
    session::actor(&session(), &request().origin, conn).await
}

pub async fn actor(conn: &mut PgConnection) -> Result<Actor> {
    maybe_actor(conn).await?.ok_or(Error::SignedOut)
}

pub async fn admin(conn: &mut PgConnection) -> Result<Admin> {
    actor(conn).await?.admin()
}

/// The visitor's cart, if one was begun.
pub async fn maybe_cart_id() -> Result<Option<CartId>> {
    session_get(keys::CART).await
}

/// The visitor's cart; begins one. Of two requests that begin one at once, both get the one that was first.
pub async fn cart_id(conn: &mut PgConnection) -> Result<CartId> {
    if let Some(id) = maybe_cart_id().await? {
        return Ok(id);
    }
    let mut id = CartId::new();
    if let Some(SessionHashes(hashes)) = extension() {
        id = sessions::begin_cart(conn, &hashes, id).await?.unwrap_or(id);
    }
    session_put(keys::CART, id).await?;
    Ok(id)
}

/// Shows `message` on the next page, once. Pass a key of the catalogue, resolved in the page's language.
pub async fn toast(key: &str) -> Result<()> {
    session_put(keys::TOAST, key).await
}

/// The message left by the request before.
pub async fn take_toast() -> Option<String> {
    // To remove what is not there counts as a change, which would be written for each page.
    session_get::<String>(keys::TOAST).await.ok().flatten()?;
    session().remove(keys::TOAST).await.ok().flatten()
}

/// Goes on at `path` after a form (303 for a form, a header that the client follows for a fetch).
pub fn go(path: &str) {
    leptos_axum::redirect(path);
}

pub fn set_status(status: StatusCode) {
    expect_context::<ResponseOptions>().set_status(status);
}

/// The HTTP status of an error, for pages and forms.
pub const fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Gone => StatusCode::GONE,
        Error::Forbidden => StatusCode::FORBIDDEN,
        Error::SignedOut => StatusCode::UNAUTHORIZED,
        Error::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The last line of a server function: the answer leaves, or the error does and the form handler hears of it.
pub fn reply<T>(result: Result<T>) -> Result<T, WireError> {
    result.map_err(|error| {
        if let Some(slot) = extension::<FailureSlot>() {
            slot.put(&error);
        }
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(status(&error));
        }
        WireError(error)
    })
}
