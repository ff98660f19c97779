//! `/admin/billing`: issue, list, share, change and revoke vouchers; who redeemed them.
//! `?share=CODE` shows a voucher's link, `?edit=CODE` fills the form with it, `?revoke=CODE` asks first.

use domain::{
    access::Admin,
    error::Result,
    page::Page,
    text::VoucherCode,
    vouchers::{self, Redemption, Voucher},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use sqlx::PgConnection;
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
    pager::Pager,
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
const PATH: &str = "/admin/billing";
const VOUCHERS: i64 = 100;
const REDEMPTIONS: i64 = 100;

#[component]
pub fn BillingPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let asked = |name: &str| query.get(name).and_then(|code| VoucherCode::parse(&code).ok());
    let asked = Asked { share: asked("share"), edit: asked("edit"), revoke: asked("revoke") };
    let issued = Pager::of(PATH, &query, "after").keeping(&query, "redeemed").to("issued");
    let redeemed = Pager::of(PATH, &query, "redeemed").keeping(&query, "after").to("redeemed");
    shell::page(areas::admin, |visitor| render(visitor, asked, issued, redeemed))
}

/// The vouchers that the address names.
struct Asked {
    share: Option<VoucherCode>,
    edit: Option<VoucherCode>,
    revoke: Option<VoucherCode>,
}

async fn find(admin: &Admin, conn: &mut PgConnection, code: Option<VoucherCode>) -> Result<Option<Voucher>> {
    match code {
        Some(code) => vouchers::ops::one(admin, conn, &code).await,
        None => Ok(None),
    }
}

async fn render(visitor: Visitor, asked: Asked, pager: Pager, redeemed_pager: Pager) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let admin = actor.admin()?;
    let issued = vouchers::ops::list(&admin, &mut conn, &pager.wanted(VOUCHERS)).await?;
    let redemptions =
        vouchers::ops::redemptions(&admin, &mut conn, &redeemed_pager.wanted(REDEMPTIONS)).await?;
    let share = find(&admin, &mut conn, asked.share).await?;
    let edit = find(&admin, &mut conn, asked.edit).await?;
    let revoke = find(&admin, &mut conn, asked.revoke).await?;
    let a = &words.admin;
    let panel = issue_panel(words, edit.as_ref())?;
    let links = pager.links(words, a.issued, &issued);
    let list = if !issued.items.is_empty() {
        voucher_table(words, issued.items, &pager).into_any()
    } else if pager.is_newest() {
        view! { <Empty icon="ticket" title=a.no_vouchers_title text=a.no_vouchers_text nested=true/> }
            .into_any()
    } else {
        ().into_any()
    };
    let main = view! {
        <Heading title=a.vouchers lede=a.vouchers_lede/>
        {Form::of(REVOKE).summary()}
        {panel}
        <section class="section section--plain vouchers" aria-labelledby="issued">
            <h2 class="section__title" id="issued">{a.issued}</h2>
            {share.map(|voucher| share_notice(words, &voucher))}
            {list}
            {links}
        </section>
        {redeemed(words, redemptions, &redeemed_pager)}
    };
    Ok(Content::new(main).over(revoke.map(|voucher| revoke_dialog(words, &voucher, pager.here()).into_any())))
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

fn redeemed(words: &'static Messages, redemptions: Page<Redemption>, pager: &Pager) -> impl IntoView + use<> {
    let a = &words.admin;
    let locale = words.locale;
    let links = pager.links(words, a.redemptions, &redemptions);
    let list = if redemptions.items.is_empty() && pager.is_newest() {
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
            .items
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
            {links}
        </section>
    }
}

fn revoke_dialog(words: &'static Messages, voucher: &Voucher, close: String) -> impl IntoView + use<> {
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
            close
            consequences
            keep=a.keep
            confirm=a.revoke_do
            danger=true
        >
            <input type="hidden" name="code" value=code/>
        </Dialog>
    }
}
