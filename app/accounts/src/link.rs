//! `/sign-in/link?token=`: the page that a mailed link opens. It uses nothing up (mail scanners follow links);
//! its one button does, by a post. The token stands in no other address, and the page tells nobody its own.

use domain::{
    error::{Error, Refusal},
    identity,
};
use http::{HeaderValue, header};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use ui::{
    form::Form,
    messages::Messages,
    rich::rich,
    server,
    session::keys,
    shop::{self, Place},
};

use crate::door::{Door, address};

#[component]
pub fn LinkPage() -> impl IntoView {
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    expect_context::<ResponseOptions>()
        .insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    shop::page(Place::Open(""), |mut shop| async move {
        let words = shop.words;
        let browser = server::session_get::<String>(keys::BROWSER).await?.unwrap_or_default();
        let seen = match Form::of("/sign-in/link").refusal() {
            Some(refusal) => Err(refusal.clone().into()),
            None => identity::ops::look_at_link(&mut shop.conn, &token, &browser).await,
        };
        match seen {
            Ok(email) => Ok(good(words, email.as_str(), token).into_any()),
            Err(Error::Refused(Refusal::LinkElsewhere)) => Ok(elsewhere(words).into_any()),
            Err(Error::Refused(_)) => Ok(over(words).into_any()),
            Err(error) => Err(error),
        }
    })
}

fn good(words: &'static Messages, email: &str, token: String) -> impl IntoView + use<> {
    let a = &words.accounts;
    let text = rich(a.one_more_click_text, vec![("email", address(email))]);
    view! {
        <Door icon="key" title=a.one_more_click text=text>
            {Form::of("/sign-in/link").summary()}
            <form method="post" action="/sign-in/link">
                <input type="hidden" name="token" value=token/>
                <button class="button button--primary button--wide button--large">{words.common.sign_in}</button>
            </form>
        </Door>
    }
}

fn elsewhere(words: &'static Messages) -> impl IntoView {
    let a = &words.accounts;
    view! {
        <Door icon="inbox" title=a.link_elsewhere text=a.link_elsewhere_text.into_any()>
            <a class="button button--primary button--wide button--large" href="/sign-in/code">{a.type_code}</a>
        </Door>
    }
}

fn over(words: &'static Messages) -> impl IntoView {
    let a = &words.accounts;
    view! {
        <Door icon="clock" title=a.link_over text=a.link_over_text.into_any()>
            <a class="button button--primary button--wide button--large" href="/sign-in">{a.new_link}</a>
        </Door>
    }
}
