//! The voucher of an order: the one that is kept, and the field for another.

use domain::{
    Result,
    access::Actor,
    carts::Cart,
    error::Error,
    text::VoucherCode,
    vouchers::{self, Preview},
};
use leptos::prelude::*;
use sqlx::PgConnection;
use ui::{
    form::Form,
    icon::Icon,
    messages::{Messages, explain},
    money::Amount,
    rich::rich,
};

const KEEP: &str = "/do/cart/voucher";
const PLACE: &str = "/do/orders/place";

/// The code that the cart keeps, and what it is worth or why it is worth nothing.
pub struct Kept {
    pub code: String,
    pub state: Result<Preview>,
}

pub async fn kept(actor: Option<&Actor>, conn: &mut PgConnection, cart: &Cart) -> Result<Option<Kept>> {
    let Some(code) = cart.voucher_code.clone() else { return Ok(None) };
    let state = match VoucherCode::parse(&code) {
        Ok(parsed) => vouchers::ops::usable(actor, conn, &parsed).await,
        Err(problem) => Err(Error::invalid("promo_code", problem)),
    };
    match state {
        Err(error @ (Error::Internal | Error::Unavailable { .. })) => Err(error),
        state => Ok(Some(Kept { code, state })),
    }
}

/// `prefill` is the code of a link.
pub fn section(words: &'static Messages, kept: Option<&Kept>, prefill: &str) -> AnyView {
    let c = &words.checkout;
    let form = Form::of(KEEP);
    let problem = form
        .problem("promo_code")
        .or_else(|| Form::of(PLACE).problem("promo_code"))
        .or_else(|| kept.and_then(|kept| kept.state.as_ref().err()).map(|error| explain(words, error)));
    let line = kept.map(|kept| {
        let worth = kept.state.as_ref().ok().map(|preview| {
            let amount = view! { <Amount of=preview.credit locale=words.locale/> }.into_any();
            view! { <small>{rich(c.worth, vec![("amount", amount)])}</small> }
        });
        view! {
            <div class="ticket-line">
                <Icon name="ticket"/>
                <p class="ticket-line__body"><b class="code">{kept.code.clone()}</b>{worth}</p>
                <form method="post" action=KEEP>
                    <input type="hidden" name="remove" value="1"/>
                    <button class="button button--quiet">{c.remove}</button>
                </form>
            </div>
        }
    });
    let label = if kept.is_some() { c.another_code } else { words.marketplace.voucher_code };
    let wrong = problem.is_some();
    let error = problem.map(|text| {
        view! { <p class="field__error" id="promo_code-error"><Icon name="alert"/>{text}</p> }
    });
    view! {
        <section class="section" id="voucher">
            <h2 class="section__title">{c.voucher}</h2>
            {line}
            <form class="field" method="post" action=KEEP>
                <label class="field__label" for="promo_code">
                    {label}
                    " "
                    <span class="field__optional">{words.common.optional}</span>
                </label>
                <div class="input-group" dir="ltr">
                    <input
                        class="input input--code"
                        id="promo_code"
                        name="promo_code"
                        value=form.value("promo_code", prefill)
                        autocomplete="off"
                        autocapitalize="characters"
                        spellcheck="false"
                        maxlength="40"
                        aria-invalid=wrong.then_some("true")
                        aria-describedby=wrong.then_some("promo_code-error")
                    />
                    <button class="button">{c.apply}</button>
                </div>
                {error}
            </form>
        </section>
    }
    .into_any()
}
