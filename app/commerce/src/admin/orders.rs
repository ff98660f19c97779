//! `/admin/orders`: orders, the newest first, all or those in one state (`?state=`), and what a page of them comes to.

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
    pager::Pager,
    shell::{self, Content, Heading, Visitor},
    state::Empty,
};

use super::order_table::{order_table, state_name};

const PATH: &str = "/admin/orders";
const PAGE: i64 = 50;

#[component]
pub fn OrdersPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let state = query.get("state").as_deref().and_then(OrderState::from_name);
    let pager = Pager::of(PATH, &query, "after");
    let pager = if state.is_some() { pager.keeping(&query, "state") } else { pager };
    shell::page(areas::admin, move |visitor| render(visitor, state, pager))
}

async fn render(visitor: Visitor, state: Option<OrderState>, pager: Pager) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let superadmin = actor.superadmin()?;
    let orders = orders::ops::newest(&superadmin, &mut conn, state, &pager.wanted(PAGE)).await?;
    let a = &words.admin;
    let links = pager.links(words, a.orders, &orders);
    let list = if !orders.items.is_empty() {
        view! { <p class="soft">{summary(words, &orders.items)}</p> {order_table(words, orders.items)} }
            .into_any()
    } else if pager.is_newest() {
        view! { <Empty icon="receipt" title=a.no_orders_title text=a.no_orders_text/> }.into_any()
    } else {
        ().into_any()
    };
    Ok(Content::new(view! {
        <Heading title=a.orders/>
        <div class="stack">{filter(words, state)} {list} {links}</div>
    }))
}

fn filter(words: &'static Messages, chosen: Option<OrderState>) -> impl IntoView {
    let a = &words.admin;
    let choices = std::iter::once((None, a.orders_all))
        .chain(OrderState::ALL.map(|state| (Some(state), state_name(words, state))))
        .map(|(state, text)| {
            let href = state.map_or(PATH.to_owned(), |state| format!("{PATH}?state={}", state.name()));
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
