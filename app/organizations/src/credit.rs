//! A person's credit beside their Organization: the balance, the lots it is made of, what moved last.

use domain::ledger::{Balance, Entry, Lot, REFUND};
use leptos::prelude::*;
use ui::{
    dates::{Moment, day},
    icon::Icon,
    messages::{Messages, fill},
    money::{self, Amount},
    pager::Pager,
    rich::rich,
};

/// The lots that are shown; what others hold is told as one sum.
const LOTS: usize = 10;

pub fn credit(words: &'static Messages, balance: Balance, pager: &Pager) -> impl IntoView + use<> {
    let c = &words.console;
    let locale = words.locale;
    let shown: Vec<_> = balance.lots.iter().take(LOTS).collect();
    let more = shown.iter().try_fold(balance.credit, |left, lot| left.checked_sub(lot.remaining).ok());
    let more = more.filter(|more| more.is_positive()).map(|more| {
        let amount = view! { <Amount of=more locale/> }.into_any();
        view! { <p class="soft">{rich(c.more_lots, vec![("amount", amount)])}</p> }
    });
    let lots: Vec<_> = shown.into_iter().map(|lot| lot_view(words, lot)).collect();
    let lots = if lots.is_empty() {
        view! { <p class="soft">{c.no_credit}</p> }.into_any()
    } else {
        view! { <ol class="lots">{lots}</ol> {more} }.into_any()
    };
    let links = pager.links(words, c.movements, &balance.entries);
    let movements: Vec<_> = balance.entries.items.into_iter().map(|entry| movement(words, entry)).collect();
    let movements = if !movements.is_empty() {
        view! { <ul class="list">{movements}</ul> }.into_any()
    } else if pager.is_newest() {
        view! { <p class="soft">{c.no_movements}</p> }.into_any()
    } else {
        ().into_any()
    };
    view! {
        <section class="section section--plain" aria-labelledby="credit">
            <h2 class="section__title" id="credit">{c.credit}</h2>
            <p class="balance">
                <span class="balance__label">{c.balance}</span>
                <span class="balance__amount"><Amount of=balance.credit locale/></span>
            </p>
            {lots}
        </section>
        <section class="section" aria-labelledby="movements">
            <h2 class="section__title" id="movements">{c.movements}</h2>
            {movements}
            {links}
        </section>
    }
}

fn lot_view(words: &'static Messages, lot: &Lot) -> impl IntoView + use<> {
    let c = &words.console;
    let locale = words.locale;
    let spent = lot.remaining.is_zero();
    let share = if lot.granted.is_positive() { lot.remaining.minor() * 100 / lot.granted.minor() } else { 0 };
    let label = fill(
        c.lot_left,
        &[("left", &money::text(locale, lot.remaining)), ("granted", &money::text(locale, lot.granted))],
    );
    let granted = view! { <Amount of=lot.granted locale/> }.into_any();
    let note = if spent {
        rich(c.lot_spent, vec![("granted", granted)])
    } else {
        rich(c.lot_note, vec![("granted", granted), ("date", day(locale, lot.created_at).into_any())])
    };
    view! {
        <li class="lot" data-state=spent.then_some("spent")>
            <span class="lot__name">{reason(words, &lot.reason)}</span>
            <span class="lot__left"><Amount of=lot.remaining locale/></span>
            <svg class="lot__bar" role="img" aria-label=label>
                <rect width=format!("{share}%") height="100%"></rect>
            </svg>
            <p class="lot__note">{note}</p>
        </li>
    }
}

fn movement(words: &'static Messages, entry: Entry) -> impl IntoView {
    let locale = words.locale;
    let icon = if entry.reason.starts_with("promo:") { "ticket" } else { "receipt" };
    view! {
        <li class="list__item">
            <Icon name=icon/>
            <div>
                <p class="list__title">{reason(words, &entry.reason)}</p>
                <p class="list__note"><Moment of=entry.created_at locale/></p>
            </div>
            <span class="list__end"><Amount of=entry.amount locale/></span>
        </li>
    }
}

/// `promo:CODE` is a voucher; everything else so far is the payment of an order, or its return.
fn reason(words: &'static Messages, reason: &str) -> AnyView {
    match reason.strip_prefix("promo:") {
        Some(code) => {
            view! { {words.console.voucher}" "<bdi class="code">{code.to_owned()}</bdi> }.into_any()
        }
        None if reason == REFUND => words.console.order_refund.into_any(),
        None => words.console.order_payment.into_any(),
    }
}
