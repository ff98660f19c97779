//! Signing in and out: the only file that writes who somebody is into a session.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    error::{Error, Problem, Result},
    identity::{
        self, local_path,
        ops::{Arrival, random_token},
        sessions,
    },
    services::Services,
    text::{Email, Locale},
};
use time::OffsetDateTime;
use tower_sessions::Session;
use ui::{
    server::Theme,
    session::{
        keys::{ACCOUNT, BROWSER, SIGN_IN_EMAIL, SIGNED_IN_AT},
        unreadable as broken,
    },
};

use super::forms::{Forms, Post};
use crate::{
    config::Config,
    web::{cookies, encoding::field},
};

const YEAR_SECONDS: i64 = 365 * 86_400;
/// Where somebody goes who asked for no page in particular; becomes the home of their role.
const ANYWHERE: &str = "/console";

/// POST /sign-in: email, return_to. The answer is the same for everybody.
pub async fn ask(
    State(forms): State<Forms>,
    State(services): State<Arc<Services>>,
    request: Request,
) -> Response {
    forms
        .handle(request, None, |post| async move {
            let email = Email::parse(field(&post.fields, "email"))
                .map_err(|problem| Error::invalid("email", problem))?;
            let return_to = Some(field(&post.fields, "return_to")).filter(|path| !path.is_empty());
            let mut conn = services.pool.acquire().await?;
            let browser = browser_secret(&post.session).await?;
            identity::ops::request_link(
                &post.context.origin,
                &mut conn,
                &services.sign_in_limits,
                &email,
                &browser,
                return_to.unwrap_or(ANYWHERE),
                post.context.locale,
            )
            .await?;
            post.session.insert(SIGN_IN_EMAIL, &email).await.map_err(broken)?;
            Ok(Redirect::to("/sign-in/code").into_response())
        })
        .await
}

/// POST /sign-in/link: token. Looking at the page does not use the link up; this does.
pub async fn follow_link(
    State(forms): State<Forms>,
    State(services): State<Arc<Services>>,
    request: Request,
) -> Response {
    forms
        .handle(request, None, |post| async move {
            let browser: Option<String> = post.session.get(BROWSER).await.map_err(broken)?;
            let mut conn = services.pool.acquire().await?;
            let arrival = identity::ops::consume_link(
                &post.context.origin,
                &mut conn,
                &services.sign_in_limits,
                field(&post.fields, "token"),
                &browser.unwrap_or_default(),
            )
            .await?;
            drop(conn);
            arrive(&post, arrival).await
        })
        .await
}

/// POST /sign-in/code: email, code.
pub async fn enter_code(
    State(forms): State<Forms>,
    State(services): State<Arc<Services>>,
    request: Request,
) -> Response {
    forms
        .handle(request, Some("/sign-in/code"), |post| async move {
            let email = Email::parse(field(&post.fields, "email"))
                .map_err(|problem| Error::invalid("email", problem))?;
            let mut conn = services.pool.acquire().await?;
            let arrival = identity::ops::consume_code(
                &post.context.origin,
                &mut conn,
                &services.sign_in_limits,
                &services.key,
                &email,
                field(&post.fields, "code"),
            )
            .await?;
            drop(conn);
            arrive(&post, arrival).await
        })
        .await
}

/// A new session id, so that one that somebody planted is worth nothing; the cart comes along.
async fn arrive(post: &Post, arrival: Arrival) -> Result<Response> {
    let session = &post.session;
    session.cycle_id().await.map_err(broken)?;
    session.insert(ACCOUNT, arrival.account.account_id).await.map_err(broken)?;
    session.insert(SIGNED_IN_AT, OffsetDateTime::now_utc()).await.map_err(broken)?;
    session.remove_value(SIGN_IN_EMAIL).await.map_err(broken)?;
    tracing::info!(account = %arrival.account.account_id, role = arrival.account.role.name(), "signed in");
    let target = if arrival.return_to == ANYWHERE { arrival.account.role.home() } else { &arrival.return_to };
    Ok(Redirect::to(target).into_response())
}

/// POST /sign-out: ends this browser's session.
pub async fn sign_out(State(forms): State<Forms>, request: Request) -> Response {
    forms
        .handle(request, None, |post| async move {
            post.session.flush().await.map_err(broken)?;
            Ok(Redirect::to("/").into_response())
        })
        .await
}

/// POST /sign-out/everywhere: ends all sessions of whoever is signed in.
pub async fn sign_out_everywhere(
    State(forms): State<Forms>,
    State(services): State<Arc<Services>>,
    request: Request,
) -> Response {
    forms
        .handle(request, None, |post| async move {
            let mut conn = services.pool.acquire().await?;
            let actor = ui::session::actor(&post.session, &post.context.origin, &mut conn).await?;
            sessions::end_all(&actor.ok_or(Error::SignedOut)?, &mut conn).await?;
            drop(conn);
            post.session.flush().await.map_err(broken)?;
            Ok(Redirect::to("/sign-in").into_response())
        })
        .await
}

/// POST /preferences: lang or theme, return_to. Cookies, as they are of the browser and not of the account.
pub async fn prefer(
    State(forms): State<Forms>,
    State(config): State<Arc<Config>>,
    request: Request,
) -> Response {
    forms
        .handle(request, None, |post| async move {
            let return_to = Some(field(&post.fields, "return_to")).filter(|path| !path.is_empty());
            let target = return_to.or(post.page.as_deref()).map_or("/", local_path);
            let mut response = Redirect::to(target).into_response();
            let mut set = |name: &str, value: &str| {
                let age = if value.is_empty() { 0 } else { YEAR_SECONDS };
                cookies::set(response.headers_mut(), &config.http, name, value, age);
            };
            let lang = field(&post.fields, "lang");
            if !lang.is_empty() {
                let known = Locale::ALL.into_iter().find(|locale| locale.tag() == lang);
                let locale = known.ok_or_else(|| Error::invalid("lang", Problem::Unknown))?;
                set(cookies::LANGUAGE, locale.tag());
            }
            match field(&post.fields, "theme") {
                "" => {}
                "system" => set(cookies::THEME, ""),
                theme => {
                    let known = Theme::from_name(theme).attribute();
                    set(cookies::THEME, known.ok_or_else(|| Error::invalid("theme", Problem::Unknown))?);
                }
            }
            Ok(response)
        })
        .await
}

/// The secret that binds a link to this browser; made at the first request for one.
async fn browser_secret(session: &Session) -> Result<String> {
    if let Some(secret) = session.get(BROWSER).await.map_err(broken)? {
        return Ok(secret);
    }
    let secret = random_token::<32>()?;
    session.insert(BROWSER, &secret).await.map_err(broken)?;
    Ok(secret)
}
