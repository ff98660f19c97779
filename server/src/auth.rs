//! Signing in and out: the only file that writes who somebody is into a session.

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
    text::{Email, Locale},
};
use http::{HeaderValue, header};
use tower_sessions::Session;
use ui::server::{
    Theme,
    session_keys::{ACCOUNT, BROWSER, SIGN_IN_EMAIL},
};

use crate::{
    App,
    forms::{self, Post},
    http::{
        encoding::field,
        session::{broken, cookie_text, who},
        visit::{LANGUAGE_COOKIE, THEME_COOKIE},
    },
};

const YEAR_SECONDS: i64 = 365 * 86_400;
/// Where somebody goes who asked for no page in particular; becomes the home of their role.
const ANYWHERE: &str = "/console";

/// POST /sign-in: email, return_to. The answer is the same for everybody.
pub async fn ask(State(app): State<App>, request: Request) -> Response {
    forms::handle(app, request, None, |post| async move {
        let email =
            Email::parse(field(&post.fields, "email")).map_err(|problem| Error::invalid("email", problem))?;
        let return_to = Some(field(&post.fields, "return_to")).filter(|path| !path.is_empty());
        let services = &post.app.services;
        let mut conn = services.pool.acquire().await?;
        let browser = browser_secret(&post.session).await?;
        identity::ops::request_link(
            &mut conn,
            &services.sign_in_limits,
            &email,
            &browser,
            post.visit.origin(),
            return_to.unwrap_or(ANYWHERE),
            post.visit.locale,
        )
        .await?;
        post.session.insert(SIGN_IN_EMAIL, &email).await.map_err(broken)?;
        Ok(Redirect::to("/sign-in/code").into_response())
    })
    .await
}

/// POST /sign-in/link: token. Looking at the page does not use the link up; this does.
pub async fn follow_link(State(app): State<App>, request: Request) -> Response {
    forms::handle(app, request, None, |post| async move {
        let services = &post.app.services;
        let browser: Option<String> = post.session.get(BROWSER).await.map_err(broken)?;
        let mut conn = services.pool.acquire().await?;
        let arrival = identity::ops::consume_link(
            &mut conn,
            &services.sign_in_limits,
            field(&post.fields, "token"),
            &browser.unwrap_or_default(),
            &post.visit.ip,
        )
        .await?;
        drop(conn);
        arrive(&post, arrival).await
    })
    .await
}

/// POST /sign-in/code: email, code.
pub async fn enter_code(State(app): State<App>, request: Request) -> Response {
    forms::handle(app, request, Some("/sign-in/code"), |post| async move {
        let email =
            Email::parse(field(&post.fields, "email")).map_err(|problem| Error::invalid("email", problem))?;
        let services = &post.app.services;
        let mut conn = services.pool.acquire().await?;
        let arrival = identity::ops::consume_code(
            &mut conn,
            &services.sign_in_limits,
            &services.key,
            &email,
            field(&post.fields, "code"),
            &post.visit.ip,
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
    session.remove_value(SIGN_IN_EMAIL).await.map_err(broken)?;
    tracing::info!(account = %arrival.account.account_id, role = arrival.account.role.name(), "signed in");
    let target = if arrival.return_to == ANYWHERE { arrival.account.role.home() } else { &arrival.return_to };
    Ok(Redirect::to(target).into_response())
}

/// POST /sign-out: ends this browser's session.
pub async fn sign_out(State(app): State<App>, request: Request) -> Response {
    forms::handle(app, request, None, |post| async move {
        post.session.flush().await.map_err(broken)?;
        Ok(Redirect::to("/").into_response())
    })
    .await
}

/// POST /sign-out/everywhere: ends all sessions of whoever is signed in.
pub async fn sign_out_everywhere(State(app): State<App>, request: Request) -> Response {
    forms::handle(app, request, None, |post| async move {
        let mut conn = post.app.services.pool.acquire().await?;
        let who = who(&mut conn, &post.session).await?;
        sessions::end_all(&mut conn, &who).await?;
        drop(conn);
        post.session.flush().await.map_err(broken)?;
        Ok(Redirect::to("/sign-in").into_response())
    })
    .await
}

/// POST /preferences: lang or theme, return_to. Cookies, as they are of the browser and not of the account.
pub async fn prefer(State(app): State<App>, request: Request) -> Response {
    forms::handle(app, request, None, |post| async move {
        let return_to = Some(field(&post.fields, "return_to")).filter(|path| !path.is_empty());
        let target = return_to.or(post.page.as_deref()).map_or("/", local_path);
        let mut response = Redirect::to(target).into_response();
        let secure = post.app.config.http.public_url.is_https();
        let mut set = |name: &str, value: &str| {
            let age = if value.is_empty() { 0 } else { YEAR_SECONDS };
            if let Ok(value) = HeaderValue::from_str(&cookie_text(name, value, age, true, secure)) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        };
        let lang = field(&post.fields, "lang");
        if !lang.is_empty() {
            let known = Locale::ALL.into_iter().find(|locale| locale.tag() == lang);
            let locale = known.ok_or_else(|| Error::invalid("lang", Problem::Unknown))?;
            set(LANGUAGE_COOKIE, locale.tag());
        }
        match field(&post.fields, "theme") {
            "" => {}
            "system" => set(THEME_COOKIE, ""),
            theme => {
                let known = Theme::from_name(theme).attribute();
                set(THEME_COOKIE, known.ok_or_else(|| Error::invalid("theme", Problem::Unknown))?);
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
