//! `/admin/tenants`: the Organizations of the Sovereign, the newest first. ("Tenants" is the established label of the
//! navigation; everywhere else they are Organizations.)

use domain::{
    error::Result,
    ids::OrganizationId,
    organizations::{self, OrganizationState, Summary},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{
    areas,
    dates::Day,
    form::Form,
    messages::Messages,
    number::number,
    pager::Pager,
    shell::{self, Content, Heading, Visitor},
    state::{Empty, State},
    table::{Column, Table},
};

use crate::looks;

const RETRY: &str = "/do/admin/organizations/retry";
const PAGE: i64 = 100;

#[component]
pub fn TenantsPage() -> impl IntoView {
    let pager = Pager::of("/admin/tenants", &use_query_map().get_untracked(), "after");
    shell::page(areas::admin, move |visitor| render(visitor, pager))
}

async fn render(visitor: Visitor, pager: Pager) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let superadmin = actor.superadmin()?;
    let page = organizations::ops::newest(&superadmin, &mut conn, &pager.wanted(PAGE)).await?;
    let a = &words.admin;
    let links = pager.links(words, a.tenants, &page);
    let list = if !page.items.is_empty() {
        table(words, page.items).into_any()
    } else if pager.is_newest() {
        view! { <Empty icon="building" title=a.no_tenants_title text=a.no_tenants_text/> }.into_any()
    } else {
        ().into_any()
    };
    Ok(Content::new(view! {
        <Heading title=a.tenants lede=a.tenants_lede/>
        {Form::of(RETRY).summary()}
        {list}
        {links}
    }))
}

fn table(words: &'static Messages, organizations: Vec<Summary>) -> impl IntoView {
    let (a, locale) = (&words.admin, words.locale);
    let columns = vec![
        Column::new(a.organization),
        Column::new(a.plan),
        Column::end(a.members),
        Column::end(a.applications),
        Column::new(a.state),
        Column::new(a.created),
    ];
    let rows = organizations
        .into_iter()
        .map(|one| {
            let (id, name) = (one.organization_id, one.name.clone());
            view! {
                <tr>
                    <th scope="row">
                        <span><bdi>{one.name}</bdi><span class="table__note code">{one.slug}</span></span>
                    </th>
                    <td data-label=a.plan><span>{one.plan_name.get(locale).to_owned()}</span></td>
                    <td data-label=a.members data-align="end"><span>{number(locale, one.members)}</span></td>
                    <td data-label=a.applications data-align="end">
                        <span>{number(locale, one.applications)}</span>
                    </td>
                    <td data-label=a.state>
                        <div class="row">
                            <State look=looks::organization(words, one.state)/>
                            {(one.state == OrganizationState::Failed).then(|| retry(words, id, name))}
                        </div>
                    </td>
                    <td data-label=a.created><Day of=one.created_at locale/></td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table columns>{rows}</Table> }
}

fn retry(words: &'static Messages, id: OrganizationId, name: String) -> impl IntoView {
    view! {
        <form method="post" action=RETRY>
            <input type="hidden" name="organization" value=id.to_string()/>
            <button class="button button--quiet">
                {words.console.retry}
                <span class="sr-only">" "<bdi>{name}</bdi></span>
            </button>
        </form>
    }
}
