//! `/orders/{id}`: the order, what happens with it now, and the way to the console. Somebody else's is not found.

use domain::{
    Error, Result,
    access::Actor,
    catalog::Plan,
    ids::OrganizationId,
    money::Money,
    orders::{self, Order, OrderState},
    organizations::{self, ApplicationState, Organization, OrganizationState},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use sqlx::PgConnection;
use ui::{
    icon::Icon,
    messages::{Messages, fill},
    money,
    number::number,
    rich::rich,
    server,
    shop::{self, Place},
};

use crate::cart::cost::cost;

#[component]
pub fn OrderPage() -> impl IntoView {
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    shop::page(Place::Open(""), |mut shop| async move {
        let id = id.parse().map_err(|_| Error::NotFound)?;
        let actor = server::actor(&mut shop.conn).await?;
        let order = orders::ops::own(&actor, &mut shop.conn, id).await?;
        let catalog = shop.catalog().await?;
        let organization = organization(&actor, &mut shop.conn, order.organization_id).await?;
        let words = shop.words;
        let plan = catalog.plan(&order.plan);
        Ok(page(words, &order, organization.as_ref(), plan))
    })
}

/// None: whoever ordered does not belong to it any more.
async fn organization(
    actor: &Actor,
    conn: &mut PgConnection,
    id: OrganizationId,
) -> Result<Option<Organization>> {
    match organizations::ops::member(actor, conn, id).await {
        Ok(member) => organizations::ops::one(&member, conn).await.map(Some),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn page(
    words: &'static Messages,
    order: &Order,
    organization: Option<&Organization>,
    plan: Option<&Plan>,
) -> impl IntoView + use<> {
    let c = &words.checkout;
    let ready = organization.is_some_and(|organization| {
        organization.state == OrganizationState::Active && !organization.is_moving()
    });
    let returned = OrderState::from_name(&order.state) == Some(OrderState::Refunded);
    let title = match (returned, ready) {
        (true, _) => c.placed_failed,
        (_, true) => c.placed_ready,
        _ => c.placed_title,
    };
    let number = short(&order.order_id.to_string());
    let number = view! { <bdi class="code">{number}</bdi> }.into_any();
    let quote = domain::checkout::Quote { lines: order.lines.clone(), total: order.total };
    let note = match &order.promo_code {
        Some(code) => view! { {c.voucher_used}": "<bdi class="code">{code.to_string()}</bdi> }.into_any(),
        None => c.step_paid.into_any(),
    };
    let moving = organization.is_some_and(Organization::is_moving);
    let again = moving.then(|| {
        view! { <noscript><meta http-equiv="refresh" content="3"/></noscript> }
    });
    view! {
        <Title text=c.placed_head/>
        {again}
        <main id="main" class="page">
            <div class="page__header">
                <div class="placed">
                    <span class="placed__mark"><Icon name=if returned { "alert" } else { "check" }/></span>
                    <h1 class="page__title" id="placed-title">{title}</h1>
                    <p class="page__lede">{rich(c.placed_lede, vec![("id", number)])}</p>
                </div>
            </div>
            <div class="split">
                <section class="stack" aria-labelledby="happens">
                    <div class="section__header"><h2 class="section__title" id="happens">{c.what_happens}</h2></div>
                    {organization.map(|organization| timeline(words, organization, returned.then_some(order.total)))}
                    <div class="page__actions">
                        <a class="button button--primary" href="/console">
                            {c.to_console}
                            <Icon name="arrow-right" class="icon--point"/>
                        </a>
                    </div>
                </section>
                <aside class="split__aside">{cost(words, c.you_ordered, &quote, plan, Vec::new(), note)}</aside>
            </div>
        </main>
    }
}

/// The last part of an id tells orders apart; the first ones are the time.
fn short(id: &str) -> String {
    id.rsplit('-').next().unwrap_or(id).to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    Current,
    Todo,
    Failed,
}

/// `returned`: what was given back, as nothing of the order could be delivered.
fn timeline(
    words: &'static Messages,
    organization: &Organization,
    returned: Option<Money>,
) -> impl IntoView + use<> {
    let c = &words.checkout;
    let apps = &organization.applications;
    let done = apps.iter().filter(|app| app.state == ApplicationState::Committed).count();
    let failed = returned.is_some()
        || organization.state == OrganizationState::Failed
        || apps.iter().any(|app| app.state == ApplicationState::Failed);
    let active = organization.state == OrganizationState::Active;
    let repositories = match (failed, done == apps.len()) {
        (true, _) => State::Failed,
        (_, true) => State::Done,
        _ => State::Current,
    };
    let ready = match (active, repositories) {
        (true, State::Done) => State::Done,
        (false, State::Done) => State::Current,
        _ => State::Todo,
    };
    let written = fill(
        c.step_repositories_note,
        &[("done", &number(words.locale, done)), ("all", &number(words.locale, apps.len()))],
    );
    let written = match returned {
        Some(amount) if amount.is_positive() => {
            fill(c.step_returned, &[("amount", &money::text(words.locale, amount))])
        }
        _ if failed => c.step_failed.to_owned(),
        _ => written,
    };
    let moving = (organization.is_moving() && !failed).then_some("timeline placed-title");
    let host = format!("{}.{}", organization.slug, server::services().apps_domain);
    let host = view! { <bdi class="code">{host}</bdi> }.into_any();
    view! {
        <ol class="timeline" id="timeline" data-refresh-while=moving>
            {step(words, State::Done, c.step_placed, c.step_paid.into_any())}
            {step(words, State::Done, c.step_organization, host)}
            {step(words, repositories, c.step_repositories, written.into_any())}
            {step(words, ready, c.step_ready, organization.name.clone().into_any())}
        </ol>
    }
}

fn step(words: &'static Messages, state: State, title: &'static str, note: AnyView) -> impl IntoView {
    let c = &words.checkout;
    let (name, icon, class, said) = match state {
        State::Done => ("done", "check", "", c.state_done),
        State::Current => ("current", "progress", "icon--spin", c.state_current),
        State::Todo => ("todo", "queued", "", c.state_todo),
        State::Failed => ("failed", "failed", "", c.state_failed),
    };
    view! {
        <li class="timeline__step" data-state=name aria-current=(state == State::Current).then_some("step")>
            <span class="timeline__mark"><Icon name=icon class/></span>
            <div class="timeline__body">
                <p class="timeline__title">{title}<span class="sr-only">" "{said}</span></p>
                <p class="timeline__note">{note}</p>
            </div>
        </li>
    }
}
