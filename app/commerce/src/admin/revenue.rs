//! `/admin/revenue`: what comes in each month, and the last orders.

use domain::{
    error::Result,
    figures::Counted,
    orders::{self, Revenue},
    page::PageRequest,
};
use leptos::prelude::*;
use ui::{
    areas,
    dates::Moment,
    messages::Messages,
    money::Amount,
    number::{counted, number},
    rich::rich,
    server,
    shell::{self, Content, Heading, Visitor},
    state::Empty,
};

use super::order_table::order_table;

#[component]
pub fn RevenuePage() -> impl IntoView {
    shell::page(areas::admin, render)
}

async fn render(visitor: Visitor) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let superadmin = actor.superadmin()?;
    let last = orders::ops::newest(&superadmin, &mut conn, None, &PageRequest::newest(10)).await?.items;
    drop(conn);
    let services = server::services();
    let revenue =
        orders::ops::revenue(&superadmin, &services.pool, &services.revenue, services.currency).await;
    let a = &words.admin;
    let orders = if last.is_empty() {
        view! { <Empty icon="receipt" title=a.no_orders_title text=a.no_orders_text nested=true/> }.into_any()
    } else {
        order_table(words, last).into_any()
    };
    Ok(Content::new(view! {
        <Heading title=a.revenue/>
        <section class="section section--plain" aria-label=a.revenue id="figures">{figures(words, revenue)}</section>
        <section class="section" aria-labelledby="last">
            <div class="section__header">
                <h2 class="section__title" id="last">{a.last_orders}</h2>
                <a href="/admin/orders">{a.all_orders}</a>
            </div>
            {orders}
        </section>
    }))
}

/// As they were counted last, and when that was; the first time they may still be counted.
fn figures(words: &'static Messages, counted: Option<Counted<Revenue>>) -> impl IntoView {
    let a = &words.admin;
    let Some(counted) = counted else {
        return view! {
            <noscript><meta http-equiv="refresh" content="3"/></noscript>
            <p class="soft" role="status" data-refresh-while="figures">{a.figures_counting}</p>
        }
        .into_any();
    };
    let when = view! { <Moment of=counted.at locale=words.locale/> }.into_any();
    view! { {stats(words, &counted.figures)} <p class="soft">{rich(a.figures_at, vec![("when", when)])}</p> }
        .into_any()
}

fn stats(words: &'static Messages, revenue: &Revenue) -> impl IntoView + use<> {
    let a = &words.admin;
    let locale = words.locale;
    view! {
        <dl class="stats">
            <div class="stat">
                <dt>{a.monthly}</dt>
                <dd class="stat__value"><Amount of=revenue.monthly locale/></dd>
            </div>
            <div class="stat">
                <dt>{a.customers}</dt>
                <dd class="stat__value">{number(locale, revenue.customers)}</dd>
                <dd class="stat__note">{counted(locale, a.orders_note, revenue.orders)}</dd>
            </div>
            <div class="stat">
                <dt>{a.subscriptions}</dt>
                <dd class="stat__value">{number(locale, revenue.active_subscriptions)}</dd>
                <dd class="stat__note">{a.subscriptions_note}</dd>
            </div>
            <div class="stat">
                <dt>{a.credit_outstanding}</dt>
                <dd class="stat__value"><Amount of=revenue.credit_outstanding locale/></dd>
                <dd class="stat__note">{a.credit_outstanding_note}</dd>
            </div>
        </dl>
    }
}
