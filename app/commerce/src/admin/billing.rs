//! `/admin/billing`: issue, list, share, change and revoke vouchers; who redeemed them.
//! `?share=CODE` shows a voucher's link, `?edit=CODE` fills the form with it, `?revoke=CODE` asks first.

use domain::{
    error::Result,
    text::VoucherCode,
    vouchers::{self, Redemption, Voucher},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{
    areas,
    copy::CopyValue,
    dates::Moment,
    dialog::Dialog,
    form::Form,
    icon::Icon,
    messages::Messages,
    money::Amount,
    number::counted,
    rich::rich,
    server,
    shell::{self, Content, Heading, Visitor},
    state::Empty,
    table::{Column, Table},
};

use super::{
    issue_form::{code_view, issue_panel},
    voucher_table::voucher_table,
};

const REVOKE: &str = "/do/vouchers/revoke";

#[component]
pub fn BillingPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let asked = move |name: &str| query.get(name).and_then(|code| VoucherCode::parse(&code).ok());
    let (share, edit, revoke) = (asked("share"), asked("edit"), asked("revoke"));
    shell::page(areas::admin, |visitor| render(visitor, share, edit, revoke))
}

async fn render(
    visitor: Visitor,
    share: Option<VoucherCode>,
    edit: Option<VoucherCode>,
    revoke: Option<VoucherCode>,
) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let admin = actor.admin()?;
    let issued = vouchers::ops::list(&admin, &mut conn).await?;
    let redemptions = vouchers::ops::redemptions(&admin, &mut conn).await?;
    let find = |code: Option<VoucherCode>| {
        code.and_then(|code| issued.iter().find(|voucher| voucher.code == code).cloned())
    };
    let (share, edit, revoke) = (find(share), find(edit), find(revoke));
    let a = &words.admin;
    let panel = issue_panel(words, edit.as_ref())?;
    let list = if issued.is_empty() {
        view! { <Empty icon="ticket" title=a.no_vouchers_title text=a.no_vouchers_text nested=true/> }
            .into_any()
    } else {
        voucher_table(words, issued).into_any()
    };
    let main = view! {
        <Heading title=a.vouchers lede=a.vouchers_lede/>
        {Form::of(REVOKE).summary()}
        {panel}
        <section class="section section--plain vouchers" aria-labelledby="issued">
            <h2 class="section__title" id="issued">{a.issued}</h2>
            {share.map(|voucher| share_notice(words, &voucher))}
            {list}
        </section>
        {redeemed(words, redemptions)}
    };
    Ok(Content::new(main).over(revoke.map(|voucher| revoke_dialog(words, &voucher).into_any())))
}

/// The link of a voucher, to be sent to somebody.
fn share_notice(words: &'static Messages, voucher: &Voucher) -> impl IntoView + use<> {
    let link = format!("{}/redeem?code={}", server::services().public_url, voucher.code);
    let title = rich(words.admin.share_title, vec![("code", code_view(voucher.code.as_str()))]);
    let c = &words.common;
    view! {
        <div class="notice" data-tone="success">
            <Icon name="link"/>
            <div class="notice__body">
                <p class="notice__title">{title}</p>
                <CopyValue value=link copy=c.copy.to_owned() copied=c.copied.to_owned()/>
            </div>
        </div>
    }
}

fn redeemed(words: &'static Messages, redemptions: Vec<Redemption>) -> impl IntoView {
    let a = &words.admin;
    let locale = words.locale;
    let list = if redemptions.is_empty() {
        view! { <Empty icon="gift" title=a.no_redemptions_title text=a.no_redemptions_text nested=true/> }
            .into_any()
    } else {
        let columns = vec![
            Column::new(a.voucher),
            Column::new(a.actor),
            Column::new(a.organization),
            Column::end(a.credit),
            Column::new(a.when),
        ];
        let rows = redemptions
            .into_iter()
            .map(|redemption| {
                view! {
                    <tr>
                        <th scope="row"><span class="code">{redemption.code.to_string()}</span></th>
                        <td data-label=a.actor><bdi>{redemption.email}</bdi></td>
                        <td data-label=a.organization><bdi>{redemption.organization}</bdi></td>
                        <td data-label=a.credit data-align="end"><Amount of=redemption.credit locale/></td>
                        <td data-label=a.when><Moment of=redemption.created_at locale/></td>
                    </tr>
                }
            })
            .collect_view();
        view! { <p class="section__note">{a.redemptions_text}</p><Table columns>{rows}</Table> }.into_any()
    };
    view! {
        <section class="section" aria-labelledby="redeemed">
            <h2 class="section__title" id="redeemed">{a.redemptions}</h2>
            {list}
        </section>
    }
}

fn revoke_dialog(words: &'static Messages, voucher: &Voucher) -> impl IntoView + use<> {
    let a = &words.admin;
    let code = voucher.code.to_string();
    let mut consequences = vec![("ban", a.revoke_unknown.into_any())];
    if voucher.times_redeemed > 0 {
        let kept = counted(words.locale, a.revoke_credit, voucher.times_redeemed.into());
        consequences.push(("wallet", kept.into_any()));
        consequences.push(("receipt", a.revoke_orders.into_any()));
    } else {
        consequences.push(("wallet", a.revoke_unused.into_any()));
    }
    let title = rich(a.revoke_title, vec![("code", code_view(&code))]);
    view! {
        <Dialog
            words
            action=REVOKE
            title
            close="/admin/billing"
            consequences
            keep=a.keep
            confirm=a.revoke_do
            danger=true
        >
            <input type="hidden" name="code" value=code/>
        </Dialog>
    }
}
