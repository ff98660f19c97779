//! Sessions: a random id in a cookie, its keyed hash in the database.
//!
//! The data holds who is signed in, the cart and the like; the columns beside it are for listing and
//! ending sessions. Ids are hashed with the installation's key, so that a copy of the table opens
//! nothing. Written only when something in it changed.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::{
    access::SignedIn,
    identity::{
        self,
        ops::ServerKey,
        sessions::{self, Durations},
    },
    ids::AccountId,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sqlx::{PgConnection, PgPool};
use time::Duration;
use tower_sessions::{
    Expiry, Session, SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use ui::server::session_keys::ACCOUNT;

use super::visit::cookie;
use crate::App;

/// The database behind tower-sessions.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    key: ServerKey,
    durations: Durations,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("durations", &self.durations).finish_non_exhaustive()
    }
}

impl Store {
    pub const fn new(pool: PgPool, key: ServerKey, durations: Durations) -> Self {
        Self { pool, key, durations }
    }

    fn hash(&self, id: &Id) -> [u8; 32] {
        self.key.hash("session", &[&id.0.to_be_bytes()])
    }
}

fn account(record: &Record) -> Option<AccountId> {
    record.data.get(ACCOUNT).and_then(|value| serde_json::from_value(value.clone()).ok())
}

fn data(record: &Record) -> Result<serde_json::Value> {
    serde_json::to_value(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn broke(error: impl fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for Store {
    /// A new row, also after `cycle_id`; an id that exists (which does not happen) is drawn again.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut conn = self.pool.acquire().await.map_err(broke)?;
        let data = data(record)?;
        loop {
            let hash = self.hash(&record.id);
            if sessions::create(&mut conn, &hash, account(record), &data, &self.durations)
                .await
                .map_err(broke)?
            {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    /// A session that was ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let mut conn = self.pool.acquire().await.map_err(broke)?;
        let saved = sessions::save(&mut conn, &self.hash(&record.id), account(record), &data(record)?).await;
        if !saved.map_err(broke)? {
            tracing::info!("a session ended while its request was answered");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut conn = self.pool.acquire().await.map_err(broke)?;
        let found = sessions::load(&mut conn, &self.hash(id), &self.durations).await.map_err(broke)?;
        let Some(found) = found else { return Ok(None) };
        let data = serde_json::from_value(found.data).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date: found.expires_at }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut conn = self.pool.acquire().await.map_err(broke)?;
        sessions::delete(&mut conn, &self.hash(id)).await.map_err(broke)
    }
}

/// Who is signed in, as the database knows them now.
pub async fn who(conn: &mut PgConnection, session: &Session) -> domain::Result<SignedIn> {
    let id: Option<AccountId> = session.get(ACCOUNT).await.map_err(broken)?;
    identity::ops::signed_in(conn, id.ok_or(domain::Error::SignedOut)?).await
}

/// What the session holds by now; nothing if it was ended.
pub async fn read_anew(session: &Session) -> domain::Result<()> {
    if session.id().is_some() {
        session.load().await.map_err(broken)?;
    }
    session.get_value(ACCOUNT).await.map_err(broken)?;
    Ok(())
}

/// A session that cannot be read or written, in words; why is in the log.
pub fn broken(error: tower_sessions::session::Error) -> domain::Error {
    tracing::error!(%error, "session store");
    domain::Error::Unavailable { what: "session".to_owned() }
}

/// Puts the session into the request; afterwards saves what changed and sends the cookie.
pub async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let sent = cookie_id(request.headers(), &app);
    let had_cookie = is_sent(request.headers(), &app);
    let lifetime = Duration::seconds(app.config.limits.sessions.lifetime_seconds.into());
    let store = Arc::new(app.sessions.clone());
    let session = Session::new(sent, store, Some(Expiry::OnInactivity(lifetime)));
    // Read before anybody holds a connection: who waits for a second one while holding the first, as many others
    // do, waits for ever. What cannot be read is refused when somebody asks for it.
    if sent.is_some() {
        session.get_value(ACCOUNT).await.ok();
    }
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
    if response.status().is_server_error() {
        return response;
    }
    if session.is_empty().await {
        if had_cookie {
            set_cookie(response.headers_mut(), &app, "", 0);
        }
        return response;
    }
    if session.is_modified() {
        if let Err(error) = session.save().await {
            tracing::error!(%error, "the session was not saved");
            return (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer. Try again shortly.\n")
                .into_response();
        }
        if let Some(id) = session.id() {
            set_cookie(response.headers_mut(), &app, &id.to_string(), lifetime.whole_seconds());
        }
    }
    response
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.http.public_url.is_https() { "__Host-catalyst" } else { "catalyst" }
}

/// Whether the request brought a session, good or not.
pub fn is_sent(headers: &HeaderMap, app: &App) -> bool {
    cookie(headers, cookie_name(app)).is_some()
}

/// The session's id, if the request brought one that has its form.
pub fn cookie_id(headers: &HeaderMap, app: &App) -> Option<Id> {
    cookie(headers, cookie_name(app))?.parse().ok()
}

fn set_cookie(headers: &mut HeaderMap, app: &App, value: &str, max_age_seconds: i64) {
    let secure = app.config.http.public_url.is_https();
    let text = cookie_text(cookie_name(app), value, max_age_seconds, true, secure);
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// A Set-Cookie line for the whole site. Zero seconds: the browser forgets it.
pub fn cookie_text(name: &str, value: &str, max_age_seconds: i64, http_only: bool, secure: bool) -> String {
    let http_only = if http_only { "; HttpOnly" } else { "" };
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; SameSite=Lax{http_only}{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(
            cookie_text("__Host-catalyst", "abc", 60, true, true),
            "__Host-catalyst=abc; Path=/; Max-Age=60; SameSite=Lax; HttpOnly; Secure"
        );
        assert_eq!(
            cookie_text("catalyst", "", 0, true, false),
            "catalyst=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly"
        );
    }
}
