//! `/redeem?code=`: one page for a code that is good, unknown, ended, or still to be typed.

use domain::{
    error::{Error, Refusal, Result},
    text::VoucherCode,
    vouchers::{self, Preview},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{
    form::Form,
    icon::Icon,
    messages::{Messages, explain, explain_field, fill},
    money::Amount,
    number::counted,
    server,
    shop::{self, Place, Shop},
};

use crate::catalog::plan_name;

#[component]
pub fn RedeemPage() -> impl IntoView {
    let code = use_query_map().read_untracked().get("code").unwrap_or_default();
    shop::page(Place::Open("/redeem"), |mut shop| async move {
        let (words, m) = (shop.words, &shop.words.marketplace);
        if code.trim().is_empty() {
            return Ok(typing(words, m.redeem_title, &code, None));
        }
        let parsed = match VoucherCode::parse(&code) {
            Ok(parsed) => parsed,
            Err(problem) => {
                server::set_status(server::status(&Error::Invalid(Vec::new())));
                return Ok(typing(words, m.unknown_title, &code, Some(explain_field(words, &problem))));
            }
        };
        let services = server::services();
        let origin = server::request().origin;
        let found = vouchers::ops::preview(&origin, &mut shop.conn, &services.voucher_limits, &parsed);
        match found.await {
            Ok(preview) if preview.accepting_redemptions => worth(&mut shop, &preview).await,
            Ok(preview) => {
                server::set_status(server::status(&Error::Gone));
                Ok(ended(words, &preview))
            }
            Err(Error::Refused(Refusal::VoucherUnknown)) => {
                server::set_status(server::status(&Error::NotFound));
                Ok(typing(words, m.unknown_title, &code, Some(m.unknown_text.to_owned())))
            }
            Err(error @ Error::Limited { .. }) => {
                server::set_status(server::status(&error));
                Ok(typing(words, m.limited_title, &code, Some(explain(words, &error))))
            }
            Err(error) => Err(error),
        }
    })
}

/// The field for a code, with what was wrong with the last one.
fn typing(words: &'static Messages, title: &'static str, code: &str, problem: Option<String>) -> AnyView {
    let m = &words.marketplace;
    let wrong = problem.is_some();
    let lede = (!wrong).then(|| view! { <p class="page__lede">{m.redeem_lede}</p> });
    let below = match problem {
        Some(text) => {
            view! { <p class="field__error" id="code-below"><Icon name="alert"/>{text}</p> }.into_any()
        }
        None => view! { <p class="field__hint" id="code-below">{m.look_hint}</p> }.into_any(),
    };
    view! {
        <Title text=words.common.redeem/>
        <main id="main" class="page page--narrow">
            <div class="page__header"><h1 class="page__title">{title}</h1>{lede}</div>
            <form class="form" method="get" action="/redeem">
                <div class="field">
                    <label class="field__label" for="code">{m.voucher_code}</label>
                    <div class="input-group" dir="ltr">
                        <input
                            class="input input--code"
                            id="code"
                            name="code"
                            value=code.trim().to_owned()
                            autocomplete="off"
                            autocapitalize="characters"
                            spellcheck="false"
                            maxlength="40"
                            placeholder=m.code_placeholder
                            required=true
                            aria-invalid=wrong.then_some("true")
                            aria-describedby="code-below"
                        />
                        <button class="button">{m.look}</button>
                    </div>
                    {below}
                </div>
            </form>
        </main>
    }
    .into_any()
}

fn ticket(
    words: &'static Messages,
    preview: &Preview,
    text: String,
    facts: &'static str,
) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let from =
        if preview.description.is_empty() { m.a_voucher.to_owned() } else { preview.description.clone() };
    let ended = (!preview.accepting_redemptions).then_some("ended");
    view! {
        <article class="ticket" data-state=ended>
            <div class="ticket__sheet">
                <p class="ticket__from"><Icon name="gift"/><bdi>{from}</bdi></p>
                <p class="ticket__worth"><Amount of=preview.credit locale=words.locale/></p>
                <p class="ticket__text">{text}</p>
            </div>
            <div class="ticket__stub">
                <p class="ticket__label">{m.code}</p>
                <p class="ticket__code">{preview.code.to_string()}</p>
                <p class="ticket__facts">{facts}</p>
            </div>
        </article>
    }
}

async fn worth(shop: &mut Shop, preview: &Preview) -> Result<AnyView> {
    let (words, m) = (shop.words, &shop.words.marketplace);
    let catalog = shop.catalog().await?;
    let plan = catalog
        .plans
        .iter()
        .find(|plan| plan.popular && plan.orderable && plan.price.currency() == preview.credit.currency());
    let months = plan
        .filter(|plan| plan.price.is_positive())
        .map(|plan| (plan, preview.credit.minor() / plan.price.minor()))
        .filter(|(_, months)| *months > 0);
    let text = months.map_or_else(
        || m.worth_text.to_owned(),
        |(plan, months)| {
            let months = counted(words.locale, m.months, months);
            fill(m.worth_months, &[("months", &months), ("plan", &plan_name(words, plan))])
        },
    );
    Ok(view! {
        <Title text=m.a_voucher/>
        <main id="main" class="page">
            <div class="page__header"><h1 class="page__title">{m.worth_title}</h1></div>
            <div class="refusal">{Form::of("/do/cart/voucher").summary()}</div>
            <div class="stack">
                {ticket(words, preview, text, m.once_each)}
                <form class="row" id="promo_code" method="post" action="/do/cart/voucher">
                    <input type="hidden" name="promo_code" value=preview.code.to_string()/>
                    <input type="hidden" name="return_to" value="/plans"/>
                    <button class="button button--primary button--large">
                        {m.use_it}
                        <Icon name="arrow-right" class="icon--point"/>
                    </button>
                    <a class="button button--large button--quiet" href="/redeem">{m.another_code}</a>
                </form>
                <p class="soft">{m.not_used_up}</p>
            </div>
        </main>
    }
    .into_any())
}

fn ended(words: &'static Messages, preview: &Preview) -> AnyView {
    let m = &words.marketplace;
    let why = if preview.active { m.ended_used } else { m.ended_inactive };
    view! {
        <Title text=m.ended_title/>
        <main id="main" class="page">
            <div class="page__header"><h1 class="page__title">{m.ended_title}</h1></div>
            <div class="stack">
                {ticket(words, preview, why.to_owned(), m.ended)}
                <div class="row">
                    <a class="button button--primary" href="/plans">{m.see_plans}</a>
                    <a class="button button--quiet" href="/redeem">{m.another_code}</a>
                </div>
            </div>
        </main>
    }
    .into_any()
}
