//! What a browser's session holds, by name, and who acts by it. The server's store keeps the account, when it signed
//! in, and the cart in columns, the rest as small data.

use std::sync::Arc;

use domain::{
    access::{Actor, Origin},
    error::{Error, Result},
    identity,
    ids::AccountId,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use tower_sessions::Session;

/// Only `server/src/web/browser/sign_in.rs` writes the first two.
pub mod keys {
    pub const ACCOUNT: &str = "account";
    pub const SIGNED_IN_AT: &str = "signed_in_at";
    pub const CART: &str = "cart";
    /// A secret of this browser, to which sign-in links are bound.
    pub const BROWSER: &str = "browser";
    /// The message that the next page shows once.
    pub const TOAST: &str = "toast";
    /// The address that a code was sent to, for the page that asks for it.
    pub const SIGN_IN_EMAIL: &str = "sign_in_email";
}

/// The hashes under which the session of this request may be stored. Only with a request that brought one.
#[derive(Clone)]
pub struct SessionHashes(pub Arc<[Vec<u8>]>);

/// Who acts by this session, as the database knows them now; none if nobody is signed in.
pub async fn actor(session: &Session, origin: &Origin, conn: &mut PgConnection) -> Result<Option<Actor>> {
    let id: Option<AccountId> = session.get(keys::ACCOUNT).await.map_err(unreadable)?;
    let at: Option<OffsetDateTime> = session.get(keys::SIGNED_IN_AT).await.map_err(unreadable)?;
    let Some((id, at)) = id.zip(at) else { return Ok(None) };
    match identity::ops::by_session(origin.clone(), conn, id, at).await {
        Err(Error::SignedOut) => Ok(None),
        actor => actor.map(Some),
    }
}

/// A session that cannot be read or written, in words; why is in the log.
pub fn unreadable(error: tower_sessions::session::Error) -> Error {
    tracing::error!(%error, "session store");
    Error::Unavailable { what: "session".to_owned() }
}
