//! The vouchers that were issued: what they are worth, how far they are used, how they stand.

use domain::{text::Locale, vouchers::Voucher};
use leptos::prelude::*;
use ui::{
    dates::Day,
    icon::Icon,
    messages::{Messages, fill},
    money::Amount,
    number::number,
    pager::Pager,
    rich::rich,
    state::{Look, State},
    table::{Column, Table},
};

pub fn voucher_table(
    words: &'static Messages,
    vouchers: Vec<Voucher>,
    pager: &Pager,
) -> impl IntoView + use<> {
    let a = &words.admin;
    let columns = vec![
        Column::new(a.voucher),
        Column::end(a.worth),
        Column::new(a.used),
        Column::new(a.state),
        Column::new(a.issued_on),
        Column::hidden(a.actions),
    ];
    let rows = vouchers.into_iter().map(|voucher| row(words, voucher, pager)).collect_view();
    view! { <Table columns>{rows}</Table> }
}

fn row(words: &'static Messages, voucher: Voucher, pager: &Pager) -> impl IntoView + use<> {
    let a = &words.admin;
    let locale = words.locale;
    let note = (!voucher.description.is_empty()).then(|| {
        view! { <span class="table__note"><bdi>{voucher.description.clone()}</bdi></span> }
    });
    let used = used(words, &voucher);
    let look = look(words, &voucher);
    let code = voucher.code.to_string();
    view! {
        <tr>
            <th scope="row"><span class="table__main code">{code.clone()}</span>{note}</th>
            <td data-label=a.worth data-align="end"><Amount of=voucher.credit locale/></td>
            <td data-label=a.used>{used}</td>
            <td data-label=a.state><State look/></td>
            <td data-label=a.issued_on><Day of=voucher.created_at locale/></td>
            <td>
                <div class="table__actions">
                    <a
                        class="button button--quiet button--icon"
                        href=format!("{}#issued", pager.here_with("share", &code))
                        aria-label=fill(a.link_of, &[("code", &code)])
                    >
                        <Icon name="link"/>
                    </a>
                    <a class="button button--quiet" href=pager.here_with("edit", &code)>
                        {a.edit}
                        <span class="sr-only">" "<bdi>{code.clone()}</bdi></span>
                    </a>
                    <a class="button button--quiet" href=pager.here_with("revoke", &code)>
                        {a.revoke}
                        <span class="sr-only">" "<bdi>{code.clone()}</bdi></span>
                    </a>
                </div>
            </td>
        </tr>
    }
}

fn figures(locale: Locale, n: i32) -> AnyView {
    view! { <span class="figures">{number(locale, n)}</span> }.into_any()
}

fn used(words: &'static Messages, voucher: &Voucher) -> impl IntoView + use<> {
    let locale = words.locale;
    let n = figures(locale, voucher.times_redeemed);
    if voucher.max_redemptions == 0 {
        return view! { <span class="used"><span>{rich(words.admin.used_unlimited, vec![("n", n)])}</span></span> }
            .into_any();
    }
    let text = rich(words.admin.used_of, vec![("n", n), ("max", figures(locale, voucher.max_redemptions))]);
    let share = i64::from(voucher.times_redeemed) * 100 / i64::from(voucher.max_redemptions);
    view! {
        <span class="used">
            <span>{text}</span>
            <svg class="used__bar" aria-hidden="true"><rect width=format!("{share}%") height="100%"></rect></svg>
        </span>
    }
    .into_any()
}

fn look(words: &'static Messages, voucher: &Voucher) -> Look {
    let a = &words.admin;
    if !voucher.active {
        Look::new("paused", "pause", a.state_inactive)
    } else if voucher.exhausted() {
        Look::new("ended", "archive", a.state_exhausted)
    } else {
        Look::new("active", "ok", a.state_active)
    }
}
