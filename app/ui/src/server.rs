//! The only glue between pages and axum: who asks, on which connection, and how the answer leaves.
//! The server's middleware puts `Services`, `Visit`, the session and, after a refused form,
//! `FormFailure` into the request's extensions; everything here reads them from there.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{
    access::{Admin, Member, Origin, SignedIn, Superadmin},
    catalog::{self, Catalog},
    error::{Error, Result},
    identity::{
        self,
        ops::{ServerKey, SignInLimits},
    },
    ids::{AccountId, CartId, OrganizationId},
    money::Currency,
    organizations,
    text::Locale,
    vouchers::ops::VoucherLimits,
};
use http::{StatusCode, request::Parts};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{WireError, messages::Messages};

/// What lives as long as the server and what pages and verbs need of it.
pub struct Services {
    pub pool: PgPool,
    pub key: ServerKey,
    pub sign_in_limits: SignInLimits,
    pub voucher_limits: VoucherLimits,
    pub currency: Currency,
    /// Without a slash at the end.
    pub public_url: String,
    /// Under which the Organizations' hosts are, such as `apps.example.om`.
    pub apps_domain: String,
    /// Mails are kept here and can be read in the browser.
    pub development_mailbox: bool,
    /// Names of the built site's files: `pkg/…` paths under the site root.
    pub assets: Assets,
    pub catalog: CatalogMemory,
}

/// The catalog as it was read last, and after how many changes of it.
#[derive(Default)]
pub struct CatalogMemory(Mutex<Option<(u64, Arc<Catalog>)>>);

impl CatalogMemory {
    fn get(&self, changes: u64) -> Option<Arc<Catalog>> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.as_ref().filter(|(of, _)| *of == changes).map(|(_, catalog)| catalog.clone())
    }

    fn put(&self, changes: u64, catalog: Arc<Catalog>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((changes, catalog));
    }
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
pub struct Visit {
    pub ip: String,
    pub locale: Locale,
    pub theme: Theme,
    pub request_id: Option<Uuid>,
    /// Path and query of the page, for links that come back to it.
    pub path: String,
    /// How often the catalog was changed when the request came; none while nobody hears of changes.
    pub catalog_changes: Option<u64>,
}

impl Visit {
    pub fn origin(&self) -> Origin<'_> {
        Origin { ip: &self.ip, request_id: self.request_id }
    }
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

/// Session keys. Only `server/src/auth.rs` writes ACCOUNT.
pub mod session_keys {
    pub const ACCOUNT: &str = "account";
    pub const CART: &str = "cart";
    /// A secret of this browser, to which sign-in links are bound.
    pub const BROWSER: &str = "browser";
    /// The message that the next page shows once.
    pub const TOAST: &str = "toast";
    /// The address that a code was sent to, for the page that asks for it.
    pub const SIGN_IN_EMAIL: &str = "sign_in_email";
}

fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<T>().cloned())
}

pub fn services() -> Arc<Services> {
    extension().unwrap_or_else(|| unreachable!("the router adds Services to every request"))
}

pub fn visit() -> Visit {
    extension().unwrap_or_else(|| unreachable!("the router adds Visit to every request"))
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
    Messages::of(visit().locale)
}

/// One connection for the request; keep it and pass it on.
pub async fn conn() -> Result<PoolConnection<Postgres>> {
    let pool = services().pool.clone();
    Ok(pool.acquire().await?)
}

/// All that can be bought: out of memory, if it did not change since it was read.
pub async fn catalog(conn: &mut sqlx::PgConnection) -> Result<Arc<Catalog>> {
    let (services, changes) = (services(), visit().catalog_changes);
    if let Some(catalog) = changes.and_then(|changes| services.catalog.get(changes)) {
        return Ok(catalog);
    }
    let catalog = Arc::new(catalog::ops::read(conn).await?);
    if let Some(changes) = changes {
        services.catalog.put(changes, catalog.clone());
    }
    Ok(catalog)
}

fn session_broke(error: tower_sessions::session::Error) -> Error {
    tracing::error!(%error, "session store");
    Error::Unavailable { what: "session".to_owned() }
}

/// Reads a value out of the session.
pub async fn session_get<T: serde::de::DeserializeOwned>(key: &str) -> Result<Option<T>> {
    session().get(key).await.map_err(session_broke)
}

pub async fn session_put<T: serde::Serialize>(key: &str, value: T) -> Result<()> {
    session().insert(key, value).await.map_err(session_broke)
}

/// Who is signed in, if anybody is; the role is read anew each time.
pub async fn maybe_who(conn: &mut sqlx::PgConnection) -> Result<Option<SignedIn>> {
    let Some(id) = session_get::<AccountId>(session_keys::ACCOUNT).await? else { return Ok(None) };
    match identity::ops::signed_in(conn, id).await {
        Err(Error::SignedOut) => Ok(None),
        who => who.map(Some),
    }
}

pub async fn who(conn: &mut sqlx::PgConnection) -> Result<SignedIn> {
    maybe_who(conn).await?.ok_or(Error::SignedOut)
}

pub async fn admin(conn: &mut sqlx::PgConnection) -> Result<Admin> {
    who(conn).await?.admin()
}

pub async fn superadmin(conn: &mut sqlx::PgConnection) -> Result<Superadmin> {
    who(conn).await?.superadmin()
}

pub async fn member(conn: &mut sqlx::PgConnection, id: OrganizationId) -> Result<Member> {
    let who = who(conn).await?;
    organizations::ops::member(conn, &who, id).await
}

/// The visitor's cart, if one was begun.
pub async fn maybe_cart_id() -> Result<Option<CartId>> {
    session_get(session_keys::CART).await
}

/// The visitor's cart; begins one.
pub async fn cart_id() -> Result<CartId> {
    if let Some(id) = maybe_cart_id().await? {
        return Ok(id);
    }
    let id = CartId::new();
    session_put(session_keys::CART, id).await?;
    Ok(id)
}

/// Shows `message` on the next page, once. Pass a key of the catalogue, resolved in the page's language.
pub async fn toast(key: &str) -> Result<()> {
    session_put(session_keys::TOAST, key).await
}

/// The message left by the request before.
pub async fn take_toast() -> Option<String> {
    // To remove what is not there counts as a change, which would be written for each page.
    session_get::<String>(session_keys::TOAST).await.ok().flatten()?;
    session().remove(session_keys::TOAST).await.ok().flatten()
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
