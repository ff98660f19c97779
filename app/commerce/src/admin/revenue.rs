//! `/admin/revenue`: what comes in each month, and the last orders.

use domain::{
    error::Result,
    orders::{self, Revenue},
};
use leptos::prelude::*;
use ui::{
    areas,
    messages::Messages,
    money::Amount,
    number::{counted, number},
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
    let revenue = orders::ops::revenue(&superadmin, &mut conn, server::services().currency).await?;
    let mut last = orders::ops::newest(&superadmin, &mut conn).await?;
    last.truncate(10);
    let a = &words.admin;
    let orders = if last.is_empty() {
        view! { <Empty icon="receipt" title=a.no_orders_title text=a.no_orders_text nested=true/> }.into_any()
    } else {
        order_table(words, last).into_any()
    };
    Ok(Content::new(view! {
        <Heading title=a.revenue/>
        <section class="section section--plain" aria-label=a.revenue>{stats(words, &revenue)}</section>
        <section class="section" aria-labelledby="last">
            <div class="section__header">
                <h2 class="section__title" id="last">{a.last_orders}</h2>
                <a href="/admin/orders">{a.all_orders}</a>
            </div>
            {orders}
        </section>
    }))
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
