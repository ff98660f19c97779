//! `/console`: the Organizations of whoever is signed in, one of them in full (`?organization=`), their credit.
//! While something moves, the page is live; without script it reads itself again.

use domain::{
    error::{Error, Result},
    ledger,
    organizations::{self, Organization},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{
    areas,
    dates::day,
    icon::Icon,
    messages::{Messages, fill},
    server,
    shell::{self, Content, Heading, Visitor},
    state::{Empty, State},
};

use crate::{applications::applications, credit::credit, looks};

#[component]
pub fn DashboardPage() -> impl IntoView {
    let chosen = use_query_map().with_untracked(|query| query.get("organization"));
    shell::page(areas::console, |visitor| render(visitor, chosen))
}

async fn render(visitor: Visitor, chosen: Option<String>) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    let mine = organizations::ops::mine(&actor, &mut conn).await?;
    let balance = ledger::ops::balance(&actor, &mut conn, server::services().currency).await?;
    let shown = match &chosen {
        None => mine.first(),
        Some(id) => Some(mine.iter().find(|one| is_meant(one, id)).ok_or(Error::NotFound)?),
    };
    let Some(shown) = shown else {
        let credit = (!balance.entries.is_empty()).then(|| credit(words, balance));
        return Ok(Content::new(view! { {nothing_yet(words)} {credit} }));
    };
    Ok(Content::new(view! {
        <Title text=shown.name.clone()/>
        {refresh(words, shown)}
        <div class="stack">{switcher(words, &mine, shown)} {head(words, shown)}</div>
        <div class="console-grid">
            <div>{applications(words, shown)}</div>
            <aside class="stack">{credit(words, balance)}</aside>
        </div>
    }))
}

/// An Organization is named by its slug in links; its id works as well.
fn is_meant(organization: &Organization, text: &str) -> bool {
    organization.slug == text || organization.organization_id.to_string() == text
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

fn switcher(words: &'static Messages, mine: &[Organization], shown: &Organization) -> impl IntoView + use<> {
    (mine.len() > 1).then(|| {
        let links = mine
            .iter()
            .map(|one| {
                let current = (one.organization_id == shown.organization_id).then_some("true");
                let href = format!("/console?organization={}", one.slug);
                view! { <a class="chip" href=href aria-current=current><bdi>{one.name.clone()}</bdi></a> }
            })
            .collect_view();
        view! {
            <nav class="chips chips--scroll organizations" aria-label=words.console.organizations>{links}</nav>
        }
    })
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
