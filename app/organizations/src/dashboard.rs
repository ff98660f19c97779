//! `/console`: the Organizations of whoever is signed in, one of them in full (`?organization=`), their credit.
//! While something moves, the page is live; without script it reads itself again.

use domain::{
    error::Result,
    ledger,
    organizations::{self, Choice, Organization},
    page::Page,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{
    areas,
    dates::day,
    icon::Icon,
    messages::{Messages, fill},
    pager::Pager,
    server,
    shell::{self, Content, Heading, Visitor},
    state::{Empty, State},
};

use crate::{applications::applications, credit::credit, looks};

const PATH: &str = "/console";
/// To choose from, on one page.
const ORGANIZATIONS: i64 = 50;
const MOVEMENTS: i64 = 8;

#[component]
pub fn DashboardPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let chosen = query.get("organization");
    let pager = Pager::of(PATH, &query, "after").keeping(&query, "organization").keeping(&query, "moved");
    let moved = Pager::of(PATH, &query, "moved").keeping(&query, "organization").keeping(&query, "after");
    let moved = moved.to("movements");
    shell::page(areas::console, |visitor| render(visitor, chosen, pager, moved))
}

async fn render(visitor: Visitor, chosen: Option<String>, pager: Pager, moved: Pager) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let mine = organizations::ops::choices(&actor, &mut conn, &pager.wanted(ORGANIZATIONS)).await?;
    let currency = server::services().currency;
    let balance = ledger::ops::balance(&actor, &mut conn, currency, &moved.wanted(MOVEMENTS)).await?;
    let chosen = chosen.or_else(|| mine.items.first().map(|one| one.organization_id.to_string()));
    let Some(chosen) = chosen else {
        let credit = (!balance.entries.items.is_empty()).then(|| credit(words, balance, &moved));
        return Ok(Content::new(view! { {nothing_yet(words)} {credit} }));
    };
    let member = organizations::ops::member_of(&actor, &mut conn, &chosen).await?;
    let shown = organizations::ops::one(&member, &mut conn).await?;
    Ok(Content::new(view! {
        <Title text=shown.name.clone()/>
        {refresh(words, &shown)}
        <div class="stack">{switcher(words, &mine, &shown, &pager)} {head(words, &shown)}</div>
        <div class="console-grid">
            <div>{applications(words, &shown)}</div>
            <aside class="stack">{credit(words, balance, &moved)}</aside>
        </div>
    }))
}

fn nothing_yet(words: &'static Messages) -> impl IntoView {
    let c = &words.console;
    view! {
        <Heading title=c.welcome/>
        <Empty icon="layers" title=c.empty_title text=c.empty_text>
            <a class="button button--primary" href="/plans">{c.choose_plan}</a>
            <a class="button" href="/redeem"><Icon name="ticket"/>{c.redeem}</a>
        </Empty>
    }
}

/// Without script a page that moves reads itself again every five seconds.
fn refresh(words: &'static Messages, organization: &Organization) -> impl IntoView + use<> {
    organization.is_moving().then(|| {
        view! {
            <noscript>
                <meta http-equiv="refresh" content="5"/>
                <p class="soft">{words.common.noscript_refresh}</p>
            </noscript>
        }
    })
}

/// The others stay on their page of the list.
fn switcher(
    words: &'static Messages,
    mine: &Page<Choice>,
    shown: &Organization,
    pager: &Pager,
) -> Option<AnyView> {
    let pages = pager.links(words, words.console.organizations, mine);
    if mine.items.len() < 2 && pages.is_none() {
        return None;
    }
    let links = mine
        .items
        .iter()
        .map(|one| {
            let current = (one.organization_id == shown.organization_id).then_some("true");
            let href = pager.only_with("organization", &one.slug);
            view! { <a class="chip" href=href aria-current=current><bdi>{one.name.clone()}</bdi></a> }
        })
        .collect_view();
    let chips = view! {
        <nav class="chips chips--scroll organizations" aria-label=words.console.organizations>{links}</nav>
    };
    Some(view! { {chips} {pages} }.into_any())
}

fn head(words: &'static Messages, organization: &Organization) -> impl IntoView + use<> {
    let c = &words.console;
    let sign: String = organization.name.chars().next().into_iter().flat_map(char::to_uppercase).collect();
    let host = format!("{}.{}", organization.slug, server::services().apps_domain);
    let plan = fill(c.plan, &[("name", organization.plan_name.get(words.locale))]);
    let since = fill(c.since, &[("date", &day(words.locale, organization.created_at))]);
    view! {
        <header class="organization">
            <span class="organization__sign" aria-hidden="true">{sign}</span>
            <div>
                <h1 class="organization__name"><bdi>{organization.name.clone()}</bdi></h1>
                <p class="organization__facts">
                    <span class="code">{host}</span>
                    <span>{plan}</span>
                    <span>{since}</span>
                    <State look=looks::organization(words, organization.state)/>
                </p>
            </div>
            <div class="organization__actions">
                <a class="button" href="/plans"><Icon name="plus"/>{c.new_organization}</a>
            </div>
        </header>
    }
}
