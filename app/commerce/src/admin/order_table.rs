//! Orders as a table, for the page of orders and for the last ones of the revenue.

use domain::orders::{Order, OrderState};
use leptos::prelude::*;
use ui::{
    dates::Moment,
    messages::Messages,
    money::Amount,
    state::{Look, State},
    table::{Column, Table},
};

pub fn order_table(words: &'static Messages, orders: Vec<Order>) -> impl IntoView {
    let a = &words.admin;
    let columns = vec![
        Column::new(a.order),
        Column::new(a.organization),
        Column::new(a.plan),
        Column::new(a.voucher),
        Column::end(a.amount),
        Column::new(a.state),
        Column::new(a.placed),
    ];
    let rows = orders.into_iter().map(|order| row(words, order)).collect_view();
    view! { <Table columns>{rows}</Table> }
}

fn row(words: &'static Messages, order: Order) -> impl IntoView {
    let a = &words.admin;
    let locale = words.locale;
    let voucher = match &order.promo_code {
        Some(code) => {
            let revoked =
                order.promo_deleted.then(|| view! { " "<span class="badge badge--line">{a.revoked}</span> });
            view! { <span><span class="code">{code.to_string()}</span>{revoked}</span> }.into_any()
        }
        None => view! { <span class="soft">{a.none}</span> }.into_any(),
    };
    let id = order.order_id.to_string();
    let look = look(words, OrderState::from_name(&order.state));
    view! {
        <tr>
            // The last block is what tells orders of one day apart.
            <th scope="row"><span class="code" title=id.clone()>{short(&id)}</span></th>
            <td data-label=a.organization>
                <span>
                    <bdi>{order.organization_name}</bdi>
                    <span class="table__note code">{order.organization_slug}</span>
                    <span class="table__note"><bdi>{order.email}</bdi></span>
                </span>
            </td>
            <td data-label=a.plan><span>{order.plan_name.get(locale).to_owned()}</span></td>
            <td data-label=a.voucher>{voucher}</td>
            <td data-label=a.amount data-align="end"><Amount of=order.total locale/></td>
            <td data-label=a.state><State look/></td>
            <td data-label=a.placed><Moment of=order.created_at locale/></td>
        </tr>
    }
}

/// Ids begin with the time: their end is what differs.
fn short(id: &str) -> String {
    id.rsplit('-').next().unwrap_or(id).to_owned()
}

pub const fn state_name(words: &Messages, state: OrderState) -> &'static str {
    let a = &words.admin;
    match state {
        OrderState::Pending => a.order_pending,
        OrderState::Completed => a.order_completed,
        OrderState::Failed => a.order_failed,
        OrderState::Cancelled => a.order_cancelled,
        OrderState::Refunded => a.order_refunded,
    }
}

fn look(words: &'static Messages, state: Option<OrderState>) -> Look {
    let Some(state) = state else { return Look::new("queued", "queued", "") };
    let (shown, icon) = match state {
        OrderState::Pending => ("queued", "clock"),
        OrderState::Completed => ("done", "ok"),
        OrderState::Failed => ("failed", "failed"),
        OrderState::Cancelled | OrderState::Refunded => ("ended", "ban"),
    };
    Look::new(shown, icon, state_name(words, state))
}
