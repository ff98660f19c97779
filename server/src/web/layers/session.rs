//! Sessions: a random id in a cookie, its keyed hash in the database.
//!
//! Ids are hashed with a key of the installation, so that a copy of the table opens nothing. Written only when
//! something in it changed, and then only what changed: two requests of one browser at once keep both their changes.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::{
    identity::sessions::{self, Changes, Durations, Stored},
    ids::{AccountId, CartId},
    server_key::{Purpose, ServerKey},
};
use http::{StatusCode, header};
use serde_json::Value;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    Expiry, Session,
    session::{Id, Record},
    session_store::{Error, Result},
};
use ui::session::{
    SessionHashes,
    keys::{ACCOUNT, CART, SIGNED_IN_AT},
};

use crate::{config::Config, web::cookies};

type Data = HashMap<String, Value>;

/// Where sessions are. Cheap to clone.
#[derive(Clone)]
pub struct SessionStore {
    pool: PgPool,
    key: ServerKey,
    durations: Durations,
}

impl SessionStore {
    pub const fn new(pool: PgPool, key: ServerKey, durations: Durations) -> Self {
        Self { pool, key, durations }
    }

    fn hashes(&self, id: Id) -> Vec<Vec<u8>> {
        self.key.hashes(Purpose::Session, &[&id.0.to_be_bytes()])
    }
}

/// The store for one request: it knows what the session was when the request read it.
struct RequestStore {
    store: SessionStore,
    read: Mutex<Data>,
    /// It was to be saved, and had been ended meanwhile.
    ended: AtomicBool,
}

impl fmt::Debug for RequestStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestStore").field("durations", &self.store.durations).finish_non_exhaustive()
    }
}

impl RequestStore {
    fn remember(&self, data: &Data) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone_from(data);
    }

    /// What the request changed since it read the session.
    fn changes(&self, data: &Data) -> Changes {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let set = data.iter().filter(|(key, value)| !is_column(key) && read.get(*key) != Some(value));
        let removed = read.keys().filter(|key| !is_column(key) && !data.contains_key(*key));
        Changes {
            set: set.map(|(key, value)| (key.clone(), value.clone())).collect(),
            removed: removed.cloned().collect(),
            cart_id: value(data, CART),
        }
    }
}

/// What stands in a column of its own.
fn is_column(key: &str) -> bool {
    [ACCOUNT, SIGNED_IN_AT, CART].contains(&key)
}

fn value<T: serde::de::DeserializeOwned>(data: &Data, key: &str) -> Option<T> {
    data.get(key).and_then(|value| serde_json::from_value(value.clone()).ok())
}

fn signed_in(data: &Data) -> Option<(AccountId, OffsetDateTime)> {
    value(data, ACCOUNT).zip(value(data, SIGNED_IN_AT))
}

fn to_data(stored: &Stored) -> Result<Data> {
    let mut data: Data = serde_json::from_value(stored.data.clone()).map_err(decode)?;
    let mut put = |key: &str, value: Value| data.insert(key.to_owned(), value);
    if let Some((account, at)) = &stored.signed_in {
        put(ACCOUNT, serde_json::to_value(account).map_err(decode)?);
        put(SIGNED_IN_AT, serde_json::to_value(at).map_err(decode)?);
    }
    if let Some(cart) = &stored.cart_id {
        put(CART, serde_json::to_value(cart).map_err(decode)?);
    }
    Ok(data)
}

fn decode(error: serde_json::Error) -> Error {
    Error::Decode(error.to_string())
}

fn broke(error: impl fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl tower_sessions::SessionStore for RequestStore {
    /// A new row, also after `cycle_id`; an id that exists (which does not happen) is drawn again.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let store = &self.store;
        let mut conn = store.pool.acquire().await.map_err(broke)?;
        let small: Value = record
            .data
            .iter()
            .filter(|(key, _)| !is_column(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let (who, cart) = (signed_in(&record.data), value::<CartId>(&record.data, CART));
        loop {
            let hash = store.key.hash(Purpose::Session, &[&record.id.0.to_be_bytes()]);
            let created = sessions::create(&mut conn, &hash, who, cart, &small, &store.durations);
            if created.await.map_err(broke)? {
                self.remember(&record.data);
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    /// A session that was ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let store = &self.store;
        let mut conn = store.pool.acquire().await.map_err(broke)?;
        let changes = self.changes(&record.data);
        if !sessions::save(&mut conn, &store.hashes(record.id), &changes).await.map_err(broke)? {
            self.ended.store(true, Ordering::Relaxed);
        }
        self.remember(&record.data);
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let store = &self.store;
        let mut conn = store.pool.acquire().await.map_err(broke)?;
        let found = sessions::load(&mut conn, &store.hashes(*id), &store.durations).await.map_err(broke)?;
        let Some(found) = found else { return Ok(None) };
        let data = to_data(&found)?;
        self.remember(&data);
        Ok(Some(Record { id: *id, data, expiry_date: found.expires_at }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut conn = self.store.pool.acquire().await.map_err(broke)?;
        sessions::delete(&mut conn, &self.store.hashes(*id)).await.map_err(broke)
    }
}

/// Puts the session into the request; afterwards saves what changed and sends the cookie.
pub async fn layer(
    State(config): State<Arc<Config>>,
    State(store): State<SessionStore>,
    mut request: Request,
    next: Next,
) -> Response {
    let http = &config.http;
    let sent = cookies::session_id(request.headers(), http);
    let had_cookie = cookies::has_session(request.headers(), http);
    let lifetime = Duration::seconds(config.limits.sessions.lifetime_seconds.into());
    let hashes = sent.map(|id| SessionHashes(store.hashes(id).into()));
    let store = Arc::new(RequestStore { store, read: Mutex::default(), ended: AtomicBool::default() });
    let session = Session::new(sent, store.clone(), Some(Expiry::OnInactivity(lifetime)));
    // Read before anybody holds a connection: who waits for a second one while holding the first, as many others
    // do, waits for ever.
    if let Some(hashes) = hashes {
        if let Err(error) = session.get_value(ACCOUNT).await {
            tracing::error!(%error, "the session was not read");
            return unavailable();
        }
        request.extensions_mut().insert(hashes);
    }
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
    if response.status().is_server_error() {
        return response;
    }
    let name = cookies::session_name(http);
    if session.is_empty().await {
        if had_cookie {
            cookies::set(response.headers_mut(), http, name, "", 0);
        }
        return response;
    }
    if session.is_modified() {
        if let Err(error) = session.save().await {
            tracing::error!(%error, "the session was not saved");
            return unavailable();
        }
        if store.ended.load(Ordering::Relaxed) {
            cookies::set(response.headers_mut(), http, name, "", 0);
        } else if let Some(id) = session.id() {
            cookies::set(response.headers_mut(), http, name, &id.to_string(), lifetime.whole_seconds());
        }
    }
    response
}

fn unavailable() -> Response {
    let text = "The database does not answer. Try again shortly.\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], text).into_response()
}

/// What the session holds by now; nothing if it was ended.
pub async fn reload(session: &Session) -> domain::Result<()> {
    if session.id().is_some() {
        session.load().await.map_err(ui::session::unreadable)?;
    }
    session.get_value(ACCOUNT).await.map_err(ui::session::unreadable)?;
    Ok(())
}
