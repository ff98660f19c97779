//! Who calls: the owner of a bearer token, or else whoever is signed in in this browser.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use domain::{
    access::{Actor, Origin, Scope},
    error::{Error, Result},
    identity,
};
use sqlx::PgConnection;
use tower_sessions::Session;

/// What a request says about its sender. Nothing is looked up until `actor`.
pub struct Caller {
    /// `None`: no Authorization header. An empty one is one that names nobody.
    token: Option<String>,
    session: Option<Session>,
    origin: Origin,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        let origin = parts.extensions.get().cloned();
        Ok(Self {
            token: bearer(&parts.headers),
            session: parts.extensions.get().cloned(),
            origin: origin.unwrap_or_else(|| unreachable!("the router adds Origin to every request")),
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
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A header decides even where there is a session: a client that sends a token means it.
    /// `SignedOut` where nobody is named, `Forbidden` where the token is not for `scope`.
    pub async fn actor(&self, conn: &mut PgConnection, scope: Scope) -> Result<Actor> {
        if let Some(token) = &self.token {
            let actor = identity::ops::by_api_token(self.origin.clone(), conn, token).await?;
            return actor.within(scope);
        }
        let session = self.session.as_ref().ok_or(Error::SignedOut)?;
        ui::session::actor(session, &self.origin, conn).await?.ok_or(Error::SignedOut)
    }
}
