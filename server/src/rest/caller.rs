//! Who calls: the owner of a bearer token, or else whoever is signed in in this browser.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use domain::{
    access::{Origin, SignedIn},
    error::{Error, Result},
    identity::{self, ops::Scope},
    ids::AccountId,
};
use sqlx::PgConnection;
use tower_sessions::Session;
use ui::server::{Visit, session_keys};

/// What a request says about its sender. Nothing is looked up until `signed_in`.
pub struct Caller {
    /// `None`: no Authorization header. An empty one is one that names nobody.
    token: Option<String>,
    session: Option<Session>,
    visit: Visit,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(Self {
            token: bearer(&parts.headers),
            session: parts.extensions.get().cloned(),
            visit: parts.extensions.get().cloned().unwrap_or_else(|| unreachable!("the router adds Visit")),
        })
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?;
    let token = header.to_str().ok().and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Some(token.map(|(_, token)| token.trim().to_owned()).unwrap_or_default())
}

impl Caller {
    pub fn origin(&self) -> Origin<'_> {
        self.visit.origin()
    }

    /// A header decides even where there is a session: a client that sends a token means it.
    /// `SignedOut` where nobody is named, `Forbidden` where the token is not for `scope`.
    pub async fn signed_in(&self, conn: &mut PgConnection, scope: Scope) -> Result<SignedIn> {
        if let Some(token) = &self.token {
            return identity::ops::by_api_token(conn, token, scope).await;
        }
        let session = self.session.as_ref().ok_or(Error::SignedOut)?;
        let id: Option<AccountId> = session.get(session_keys::ACCOUNT).await.map_err(|error| {
            tracing::error!(%error, "session store");
            Error::Unavailable { what: "session".to_owned() }
        })?;
        identity::ops::signed_in(conn, id.ok_or(Error::SignedOut)?).await
    }
}
