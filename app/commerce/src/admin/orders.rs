//! `/admin/orders`: the newest orders, all or those in one state (`?state=`), and what they come to.

use domain::{
    error::Result,
    money::Money,
    orders::{self, Order, OrderState},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{
    areas,
    messages::Messages,
    money,
    number::counted,
    shell::{self, Content, Heading, Visitor},
    state::Empty,
};

use super::order_table::{order_table, state_name};

#[component]
pub fn OrdersPage() -> impl IntoView {
    let state = use_query_map().with_untracked(|query| query.get("state"));
    let state = state.as_deref().and_then(OrderState::from_name);
    shell::page(areas::admin, move |visitor| render(visitor, state))
}

async fn render(visitor: Visitor, state: Option<OrderState>) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let superadmin = actor.superadmin()?;
    let orders = orders::ops::newest_in(&superadmin, &mut conn, state).await?;
    let a = &words.admin;
    let list = if orders.is_empty() {
        view! { <Empty icon="receipt" title=a.no_orders_title text=a.no_orders_text/> }.into_any()
    } else {
        let limited = (orders.len() >= 50).then(|| format!(" {}", a.orders_newest));
        view! { <p class="soft">{summary(words, &orders)} {limited}</p> {order_table(words, orders)} }
            .into_any()
    };
    Ok(Content::new(view! {
        <Heading title=a.orders/>
        <div class="stack">{filter(words, state)} {list}</div>
    }))
}

fn filter(words: &'static Messages, chosen: Option<OrderState>) -> impl IntoView {
    let a = &words.admin;
    let choices = std::iter::once((None, a.orders_all))
        .chain(OrderState::ALL.map(|state| (Some(state), state_name(words, state))))
        .map(|(state, text)| {
            let href = state
                .map_or("/admin/orders".to_owned(), |state| format!("/admin/orders?state={}", state.name()));
            view! { <a href=href aria-current=(state == chosen).then_some("true")>{text}</a> }
        })
        .collect_view();
    view! { <nav class="segmented" aria-label=a.order_state>{choices}</nav> }
}

/// How many, and their sum; a sum for each currency, should there be several.
fn summary(words: &'static Messages, orders: &[Order]) -> String {
    let mut totals: Vec<Money> = Vec::new();
    for order in orders {
        match totals.iter_mut().find(|total| total.currency() == order.total.currency()) {
            Some(total) => *total = total.checked_add(order.total).unwrap_or(*total),
            None => totals.push(order.total),
        }
    }
    let totals: Vec<_> = totals.into_iter().map(|total| money::text(words.locale, total)).collect();
    let count = i64::try_from(orders.len()).unwrap_or(i64::MAX);
    counted(words.locale, words.admin.orders_count, count).replace("{total}", &totals.join(" + "))
}
