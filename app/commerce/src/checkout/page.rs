//! `/checkout?code=`: the last look before the order. Signed out it asks to sign in first, and keeps the rest.

use domain::{
    carts::Cart,
    catalog::Catalog,
    checkout::{Quote, price},
    error::{Error, Result},
    ledger,
    organizations::{self, Choice},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{
    chrome::{initials, shown_name},
    field::Field,
    form::Form,
    icon::Icon,
    messages::{Messages, fill},
    money::{self, Amount},
    notice::{Notice, Tone},
    pager::Pager,
    rich::rich,
    server,
    shop::{self, Place, Shop, Step},
};

use super::{place::seen, sum::Sum, voucher};
use crate::cart::cost::{cost, line, no_cost};

const PLACE: &str = "/do/orders/place";
/// To choose from, on one page.
const ORGANIZATIONS: i64 = 50;

#[component]
pub fn CheckoutPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let code: String = query.get("code").unwrap_or_default().chars().take(40).collect();
    let pager = Pager::of("/checkout", &query, "after").keeping(&query, "code").to("organization_slug");
    shop::page(Place::Step(Step::Checkout), |mut shop| async move {
        let catalog = shop.catalog().await?;
        let (words, c) = (shop.words, &shop.words.checkout);
        let Some(cart) = shop.cart.clone() else {
            return Ok(crate::cart::empty(words).into_any());
        };
        let kept = voucher::kept(shop.actor.as_ref(), &mut shop.conn, &cart).await?;
        let priced = price(&cart.selection, &catalog).map(|priced| priced.quote);
        let (start, aside) = match shop.actor.clone() {
            Some(actor) => {
                let mine =
                    organizations::ops::choices(&actor, &mut shop.conn, &pager.wanted(ORGANIZATIONS)).await?;
                let links = pager.links(words, c.organization, &mine);
                let start = signed_in(words, &shop, &cart, &mine.items, links);
                (start, order(&mut shop, &catalog, &cart, &mine.items, kept.as_ref(), priced).await?)
            }
            None => (signed_out(words, &cart), waiting(words, &catalog, &cart, priced)),
        };
        let summaries = [PLACE, "/do/cart/voucher", "/sign-in"].map(|action| Form::of(action).summary());
        Ok(view! {
            <Title text=c.checkout_head/>
            <main id="main" class="page">
                <div class="page__header"><h1 class="page__title">{c.checkout_title}</h1></div>
                <div class="split">
                    <div>
                        <div class="refusal" id="refusal">{summaries.into_iter().collect_view()}</div>
                        {start}
                        {voucher::section(words, kept.as_ref(), &code)}
                    </div>
                    <aside class="split__aside">{aside}</aside>
                </div>
            </main>
        }
        .into_any())
    })
}

fn signed_out(words: &'static Messages, cart: &Cart) -> AnyView {
    let c = &words.checkout;
    view! {
        <section class="section section--plain">
            <h2 class="section__title">{c.sign_in_title}</h2>
            <p class="section__note">{c.sign_in_note}</p>
            <form class="form" method="post" action="/sign-in">
                <input type="hidden" name="return_to" value="/checkout"/>
                <Field
                    form=Form::of("/sign-in")
                    name="email"
                    label=c.email
                    kind="email"
                    autocomplete="email"
                    placeholder="you@company.om"
                    maxlength=254
                    required=true
                    ltr=true
                />
                <div class="form__actions">
                    <button class="button button--primary"><Icon name="mail"/>{c.mail_me}</button>
                </div>
            </form>
        </section>
        {organization(words, cart, &[], None)}
    }
    .into_any()
}

fn signed_in(
    words: &'static Messages,
    shop: &Shop,
    cart: &Cart,
    mine: &[Choice],
    links: Option<AnyView>,
) -> AnyView {
    let c = &words.checkout;
    let person = shop.actor.as_ref().map(|actor| {
        let account = actor.account();
        let address = (!account.display_name.is_empty())
            .then(|| view! { <small><bdi>{account.email.to_string()}</bdi></small> });
        view! {
            <div class="person">
                <span class="avatar" aria-hidden="true">{initials(account)}</span>
                <p class="person__text"><bdi>{shown_name(account)}</bdi>{address}</p>
                <form method="post" action="/sign-out">
                    <input type="hidden" name="return_to" value="/checkout"/>
                    <button class="button button--quiet">{c.not_you}</button>
                </form>
            </div>
        }
    });
    view! {
        <section class="section section--plain"><h2 class="section__title">{c.who_orders}</h2>{person}</section>
        {organization(words, cart, mine, links)}
    }
    .into_any()
}

/// The Organization of the cart; who has some already may order for one of them.
fn organization(
    words: &'static Messages,
    cart: &Cart,
    mine: &[Choice],
    links: Option<AnyView>,
) -> impl IntoView + use<> {
    let c = &words.checkout;
    let form = Form::of(PLACE);
    let domain = server::services().apps_domain.clone();
    let named = !cart.organization_slug.is_empty();
    let link = match (named, mine.is_empty()) {
        (true, _) => c.change,
        (false, true) => c.missing_name,
        (false, false) => c.new_organization,
    };
    let problem = form
        .problem("organization_slug")
        .or_else(|| form.problem("organization_name"))
        .or_else(|| form.problem("destination"))
        .map(|text| view! { <p class="field__error"><Icon name="alert"/>{text}</p> });
    let body = if mine.is_empty() {
        let name = if named { cart.organization_name.clone() } else { c.not_named.to_owned() };
        let address = named.then(|| {
            let host = format!("{}.{domain}", cart.organization_slug);
            view! { <div><dt>{c.address}</dt><dd><bdi class="code">{host}</bdi></dd></div> }
        });
        view! { <dl class="facts"><div><dt>{c.name}</dt><dd><bdi>{name}</bdi></dd></div>{address}</dl> }
            .into_any()
    } else {
        let new = named.then(|| {
            let note = format!("{}.{domain}", cart.organization_slug);
            destination(
                String::new(),
                cart.organization_name.clone(),
                note,
                true,
                form.chosen("destination", "", true),
            )
        });
        let old = mine
            .iter()
            .enumerate()
            .map(|(position, organization)| {
                let id = organization.organization_id.to_string();
                let checked = form.chosen("destination", &id, !named && position == 0);
                destination(id, organization.name.clone(), c.existing_note.to_owned(), false, checked)
            })
            .collect_view();
        view! { <div class="choices" role="radiogroup" aria-labelledby="organization_title">{new}{old}</div> }
            .into_any()
    };
    view! {
        <section class="section" id="organization_slug" tabindex="-1">
            <div class="section__header">
                <h2 class="section__title" id="organization_title">{c.organization}</h2>
                <a href="/addons">{link}</a>
            </div>
            {body}
            {links}
            {problem}
        </section>
    }
}

fn destination(value: String, name: String, note: String, code: bool, checked: bool) -> impl IntoView {
    let note = if code {
        view! { <span class="choice__note"><bdi class="code">{note}</bdi></span> }.into_any()
    } else {
        view! { <span class="choice__note">{note}</span> }.into_any()
    };
    view! {
        <label class="choice">
            <input class="choice__input" type="radio" name="destination" form="place" value=value checked=checked/>
            <span class="choice__title"><bdi>{name}</bdi></span>
            <span class="choice__mark"><Icon name="check"/></span>
            {note}
        </label>
    }
}

/// Signed out: what it costs, and why it cannot be placed yet.
fn waiting(words: &'static Messages, catalog: &Catalog, cart: &Cart, priced: Result<Quote>) -> AnyView {
    let c = &words.checkout;
    match priced {
        Ok(quote) => {
            let plan = cart.selection.plan_in(catalog);
            let cost = cost(words, c.what_it_comes_to, &quote, plan, Vec::new(), c.cost_note.into_any());
            view! { {cost} {cannot(words, c.sign_in_first.to_owned())} }.into_any()
        }
        Err(error) => no_cost(words, &error),
    }
}

fn cannot(words: &'static Messages, why: String) -> impl IntoView {
    view! {
        <button class="button button--primary button--wide button--large" disabled=true aria-describedby="why">
            {words.checkout.place_order}
        </button>
        <p class="cost__note" id="why">{why}</p>
    }
}

/// Signed in: what it costs, what credit covers, and the button.
async fn order(
    shop: &mut Shop,
    catalog: &Catalog,
    cart: &Cart,
    mine: &[Choice],
    kept: Option<&voucher::Kept>,
    priced: Result<Quote>,
) -> Result<AnyView> {
    let (words, c) = (shop.words, &shop.words.checkout);
    let quote = match priced {
        Ok(quote) => quote,
        Err(error) => return Ok(no_cost(words, &error)),
    };
    let actor = shop.actor.clone().ok_or(Error::SignedOut)?;
    let credit = ledger::ops::credit(&actor, &mut shop.conn, quote.total.currency()).await?;
    let worth = kept.and_then(|kept| kept.state.as_ref().ok()).map(|preview| preview.credit);
    let sum = Sum::of(quote.total, credit, worth);
    let locale = words.locale;
    let minus =
        |amount: domain::money::Money| domain::money::Money::from_minor(-amount.minor(), amount.currency());
    let mut after = Vec::new();
    if sum.from_credit.is_positive() {
        after.push(line(c.credit.to_owned(), None, minus(sum.from_credit), "credit", locale));
    }
    if sum.from_voucher.is_positive() {
        after.push(line(c.credit_voucher.to_owned(), None, minus(sum.from_voucher), "credit", locale));
    }
    after.push(line(c.due_now.to_owned(), None, sum.due, "due", locale));
    let note = if sum.left.is_positive() {
        let amount = view! { <Amount of=sum.left locale/> }.into_any();
        rich(c.remains, vec![("amount", amount)])
    } else {
        c.cost_note.into_any()
    };
    let cost = cost(words, c.what_it_comes_to, &quote, cart.selection.plan_in(catalog), after, note);
    let button = if cart.organization_slug.is_empty() && mine.is_empty() {
        view! {
            <a class="button button--primary button--wide button--large" href="/addons">
                {c.missing_name}
                <Icon name="arrow-right" class="icon--point"/>
            </a>
        }
        .into_any()
    } else if sum.covered() {
        view! {
            <form class="stack" method="post" action=PLACE id="place">
                <input type="hidden" name="key" value=cart.checkout_key.to_string()/>
                <input type="hidden" name="seen" value=seen(cart)/>
                <input type="hidden" name="total" value=quote.total.minor().to_string()/>
                <input type="hidden" name="currency" value=quote.total.currency().code()/>
                <button class="button button--primary button--wide button--large">{c.place_order}</button>
            </form>
        }
        .into_any()
    } else {
        cannot(words, c.why_due.to_owned()).into_any()
    };
    Ok(view! { {cost} {apps_problem(words)} {payment(words, &sum)} {button} }.into_any())
}

/// What is wrong with the apps, and the way to choose others.
fn apps_problem(words: &'static Messages) -> impl IntoView + use<> {
    Form::of(PLACE).problem("apps").map(|text| {
        view! {
            <div class="field" id="apps" tabindex="-1">
                <p class="field__error"><Icon name="alert"/>{text}</p>
                <a href="/apps">{words.checkout.change_apps}</a>
            </div>
        }
    })
}

fn payment(words: &'static Messages, sum: &Sum) -> impl IntoView + use<> {
    let c = &words.checkout;
    if sum.covered() {
        view! { <Notice tone=Tone::Success title=c.covered><p>{c.covered_text}</p></Notice> }.into_any()
    } else {
        let title = fill(c.not_covered, &[("amount", &money::text(words.locale, sum.due))]);
        view! { <Notice tone=Tone::Warning title><p>{c.not_covered_text}</p></Notice> }.into_any()
    }
}
