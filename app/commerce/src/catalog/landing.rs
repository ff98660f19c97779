//! `/`: what this is, how it goes, what there is.

use domain::catalog::Catalog;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::{
    icon::{AppMark, Icon},
    messages::{Messages, fill},
    money::Amount,
    number::{counted, number, percent},
    rich::rich,
    server,
    shop::{self, Place},
};

use super::plan_name;

#[component]
pub fn LandingPage() -> impl IntoView {
    shop::page(Place::Open("/"), |mut shop| async move {
        let catalog = shop.catalog().await?;
        let words = shop.words;
        Ok(view! {
            <Title text=words.marketplace.home_title/>
            <main id="main" class="page">{hero(words, &catalog)} {how(words)} {wall(words, &catalog)} {closing(words)}</main>
        })
    })
}

fn hero(words: &'static Messages, catalog: &Catalog) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let cheapest = catalog
        .plans
        .iter()
        .filter(|plan| plan.orderable)
        .map(|plan| plan.price)
        .min_by_key(|price| price.minor());
    let from = cheapest.map(|price| {
        let amount = view! { <Amount of=price locale=words.locale/> }.into_any();
        view! { <li><Icon name="check"/><span>{rich(m.fact_from, vec![("amount", amount)])}</span></li> }
    });
    let em = view! { <em>{m.hero_em}</em> }.into_any();
    view! {
        <section class="hero">
            <div>
                <h1 class="hero__title">{rich(m.hero_title, vec![("em", em)])}</h1>
                <p class="hero__lede">{m.hero_lede}</p>
                <div class="page__actions">
                    <a class="button button--primary button--large" href="/plans">
                        {m.choose_a_plan}
                        <Icon name="arrow-right" class="icon--point"/>
                    </a>
                    <a class="button button--large" href="/apps">{words.common.look_at_apps}</a>
                </div>
                <ul class="hero__facts">
                    {from}
                    <li><Icon name="check"/>{m.fact_every_app}</li>
                    <li><Icon name="check"/>{m.fact_leave}</li>
                </ul>
            </div>
            {specimen(words, catalog)}
        </section>
    }
}

/// What somebody's own cloud may look like: an example with the figures of the plan that most choose.
fn specimen(words: &'static Messages, catalog: &Catalog) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let host = format!("dune-house.{}", server::services().apps_domain);
    let apps = [
        ("wordpress", m.use_website),
        ("nextcloud", m.use_files),
        ("cal-com", m.use_bookings),
        ("invoiceshelf", m.use_invoices),
        ("listmonk", m.use_newsletter),
        ("umami", m.use_visitors),
        ("vaultwarden", m.use_passwords),
        ("bookstack", m.use_handbook),
    ];
    let chosen: Vec<String> = apps.iter().map(|(slug, _)| (*slug).to_owned()).collect();
    let need = domain::catalog::Footprint::of(&chosen, &catalog.apps);
    let plan = catalog.plans.iter().find(|plan| plan.popular && plan.memory_mb.is_some());
    let bar = plan.map(|plan| {
        let limit = plan.memory_mb.unwrap_or(1).max(1);
        let taken = need.ram_mb * 100 / limit;
        let (n, _) = ui::sizes::memory_parts(words, need.ram_mb);
        let (all, unit) = ui::sizes::memory_parts(words, limit);
        let label = fill(
            words.checkout.bar_label,
            &[("name", m.row_memory), ("percent", &percent(words.locale, taken))],
        );
        let thirds = [(1, 0, taken / 2), (2, taken / 2, taken / 4), (3, taken / 2 + taken / 4, taken / 4)];
        let parts = thirds.map(|(series, x, width)| {
            view! { <rect data-series=series x=format!("{x}%") width=format!("{width}%") height="100%"></rect> }
        });
        view! {
            <div class="capacity">
                <div class="capacity__row">
                    <p class="capacity__name"><Icon name="memory"/>{m.row_memory}</p>
                    <p class="capacity__value">
                        <b>{n}</b>" "{words.checkout.of}" "<span class="figures">{all}</span>" "{unit}
                    </p>
                    <svg class="capacity__bar" role="img" aria-label=label>
                        {parts.into_iter().collect_view()}
                        <line x1="80%" x2="80%" y2="100%"></line>
                    </svg>
                </div>
            </div>
            <p class="specimen__sum">
                <span class="soft">{fill(m.example_sum, &[("plan", &plan_name(words, plan))])}</span>
                <Amount of=plan.price locale=words.locale/>
            </p>
        }
    });
    let apps = apps.map(|(slug, text)| view! { <li><AppMark slug=slug/>{text}</li> });
    view! {
        <figure class="specimen" aria-label=m.example>
            <div class="specimen__head">
                <p class="specimen__name">{m.example_name}<small class="code">{host}</small></p>
                <span class="state" data-state="running"><Icon name="ok"/>{m.running}</span>
            </div>
            <ul class="specimen__apps">{apps.into_iter().collect_view()}</ul>
            {bar}
        </figure>
    }
}

fn how(words: &'static Messages) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let steps =
        [(m.how_size, m.how_size_text), (m.how_apps, m.how_apps_text), (m.how_watch, m.how_watch_text)];
    let steps = steps
        .into_iter()
        .zip(1..)
        .map(|((title, text), position)| {
            view! {
                <li class="steps__item">
                    <span class="steps__number" aria-hidden="true">{number(words.locale, position)}</span>
                    <h3 class="steps__title">{title}</h3>
                    <p class="steps__text">{text}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="band" aria-labelledby="how">
            <div class="band__head"><h2 class="band__title" id="how">{m.how_title}</h2></div>
            <ol class="steps">{steps}</ol>
        </section>
    }
}

fn wall(words: &'static Messages, catalog: &Catalog) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let count = i64::try_from(catalog.applications().count()).unwrap_or_default();
    let marks = catalog.applications().map(|app| view! { <AppMark slug=app.slug.clone()/> }).collect_view();
    view! {
        <section class="band band--side" aria-labelledby="apps-band">
            <div class="band__head">
                <h2 class="band__title" id="apps-band">{counted(words.locale, m.wall_title, count)}</h2>
                <p class="band__text">{m.wall_text}</p>
                <p><a class="button" href="/apps">{m.see_all}<Icon name="arrow-right" class="icon--point"/></a></p>
            </div>
            <div class="mark-wall" aria-hidden="true">{marks}</div>
        </section>
    }
}

fn closing(words: &'static Messages) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let worth = domain::money::Money::from_minor(50_000, domain::money::Currency::OMR);
    view! {
        <section class="closing" aria-labelledby="voucher-band">
            <div class="closing__body">
                <h2 class="closing__title" id="voucher-band">{m.voucher_title}</h2>
                <p class="closing__text">{m.voucher_text}</p>
                <div class="page__actions">
                    <a class="button button--primary" href="/redeem"><Icon name="ticket"/>{words.common.redeem}</a>
                </div>
            </div>
            <div class="ticket" aria-hidden="true">
                <div class="ticket__sheet">
                    <p class="ticket__from"><Icon name="gift"/>{m.a_voucher}</p>
                    <p class="ticket__worth"><Amount of=worth locale=words.locale/></p>
                </div>
                <div class="ticket__stub">
                    <p class="ticket__label">{m.code}</p>
                    <p class="ticket__code">"WELCOME-50"</p>
                </div>
            </div>
        </section>
    }
}
