//! `/sign-in`: asks for an address. The answer is the same for everybody.

use domain::identity::local_path;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{
    field::Field,
    form::Form,
    server,
    shop::{self, Place},
};

use crate::door::{Door, mailbox};

#[component]
pub fn SignInPage() -> impl IntoView {
    let return_to = use_query_map().with_untracked(|query| query.get("return_to"));
    shop::page(Place::Open(""), |shop| async move {
        if let Some(actor) = &shop.actor {
            let home = actor.account().role.home();
            server::go(return_to.as_deref().map_or(home, local_path));
        }
        let words = shop.words;
        let a = &words.accounts;
        let form = Form::of("/sign-in");
        // Only where somebody was sent from: without it, each role has its own home.
        let return_to = form.value("return_to", return_to.as_deref().map(local_path).unwrap_or_default());
        let back = (!return_to.is_empty())
            .then(|| view! { <input type="hidden" name="return_to" value=return_to/> });
        Ok(view! {
            <Door icon="mail" title=words.common.sign_in text=a.sign_in_text.into_any() alternative=mailbox(words)>
                {form.summary()}
                <form class="form" method="post" action="/sign-in">
                    {back}
                    <Field
                        form
                        name="email"
                        label=a.email
                        kind="email"
                        autocomplete="email"
                        maxlength=254
                        required=true
                        ltr=true
                    />
                    <button class="button button--primary button--wide">{a.mail_link}</button>
                </form>
            </Door>
        })
    })
}
