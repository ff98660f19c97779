//! `/sign-in/code`: says that a mail was sent, and takes its six digits, in this browser or another.

use leptos::prelude::*;
use ui::{
    field::Field,
    form::Form,
    icon::Icon,
    messages::Messages,
    rich::rich,
    server,
    session::keys,
    shop::{self, Place},
};

use crate::door::{Door, address, mailbox};

#[component]
pub fn CodePage() -> impl IntoView {
    shop::page(Place::Open(""), |shop| async move {
        let words = shop.words;
        let email = server::session_get::<String>(keys::SIGN_IN_EMAIL).await?;
        let a = &words.accounts;
        let text = match &email {
            Some(email) => rich(a.check_mail_text, vec![("email", address(email))]),
            None => a.code_elsewhere_text.into_any(),
        };
        let form = Form::of("/sign-in/code");
        let again = Form::of("/sign-in");
        let summary = (!form.failed()).then(|| again.summary());
        let below = view! { {mailbox(words)} {alternative(words, email.clone())} }.into_any();
        Ok(view! {
            <Door icon="inbox" title=a.check_mail text=text alternative=Some(below)>
                {form.summary()}
                {summary}
                {code_form(words, form, email)}
            </Door>
        })
    })
}

/// Whoever asked in another browser says the address too.
fn code_form(words: &'static Messages, form: Form, email: Option<String>) -> impl IntoView {
    let a = &words.accounts;
    let label = if email.is_some() { a.code } else { a.code_only };
    let actor = match email {
        Some(email) => view! { <input type="hidden" name="email" value=email/> }.into_any(),
        None => view! {
            <Field
                form=form.clone()
                name="email"
                label=a.email
                kind="email"
                autocomplete="email"
                maxlength=254
                required=true
                ltr=true
            />
        }
        .into_any(),
    };
    view! {
        <form class="form" method="post" action="/sign-in/code">
            {actor}
            <Field
                form
                name="code"
                label=label
                class="input--otp"
                autocomplete="one-time-code"
                inputmode="numeric"
                pattern="[0-9 ]{6,7}"
                maxlength=7
                required=true
            />
            <button class="button button--primary button--wide">{words.common.sign_in}</button>
        </form>
    }
}

fn alternative(words: &'static Messages, email: Option<String>) -> impl IntoView {
    let a = &words.accounts;
    let again = email.map(|email| {
        view! {
            <form method="post" action="/sign-in">
                <input type="hidden" name="email" value=email/>
                <button class="button button--quiet"><Icon name="refresh"/>{a.send_again}</button>
            </form>
        }
    });
    view! {
        <p>{a.nothing_came}</p>
        <div class="row">{again}<a class="button button--quiet" href="/sign-in">{a.other_address}</a></div>
    }
}
