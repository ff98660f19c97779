//! `/apps/{slug}`: one app: what it is, what it takes, what comes with it.

use domain::{
    Error,
    catalog::{App, Catalog},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{
    form::Form,
    icon::{AppMark, Icon},
    messages::{Messages, fill},
    number::cores,
    shop::{self, Place, Step},
    sizes::{disk, memory},
};

use super::{plan_name, tile::tile};

#[component]
pub fn AppPage() -> impl IntoView {
    let slug = use_params_map().read_untracked().get("slug").unwrap_or_default();
    shop::page(Place::Step(Step::Apps), |mut shop| async move {
        let catalog = shop.catalog().await?;
        let app = catalog.app(&slug).ok_or(Error::NotFound)?;
        let chosen = shop.selection().apps;
        let (words, m) = (shop.words, &shop.words.marketplace);
        let refusal = ["/do/cart/apps/add", "/do/cart/apps/remove"].map(|action| Form::of(action).summary());
        let here = format!("/apps/{}", app.slug);
        Ok(view! {
            <Title text=app.name.clone()/>
            <main id="main" class="page">
                <a class="back" href="/apps"><Icon name="arrow-right" class="icon--back"/>{m.all_apps}</a>
                <div class="refusal" id="refusal">{refusal.into_iter().collect_view()}</div>
                <div class="split">
                    <div>
                        {hero(words, app)} {about(words, app)} {services(words, app, &catalog)}
                        {others(words, app, &catalog, &chosen, &here)}
                    </div>
                    <aside class="split__aside">{takes(words, app, &catalog, chosen.contains(&app.slug), &here)}</aside>
                </div>
            </main>
        })
    })
}

fn hero(words: &'static Messages, app: &App) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let state = if app.orderable() {
        view! { <span class="badge" data-tone="success"><Icon name="ok"/>{m.ready}</span> }.into_any()
    } else {
        view! { <span class="badge badge--line">{m.coming_soon}</span> }.into_any()
    };
    view! {
        <header class="section section--plain">
            <div class="app-hero">
                <AppMark slug=app.slug.clone() size="large"/>
                <div>
                    <h1 class="app-hero__title"><bdi>{app.name.clone()}</bdi></h1>
                    <p class="app-hero__text">{app.tagline.get(words.locale).to_owned()}</p>
                </div>
                <div class="badges app-hero__badges">
                    {state}
                    <span class="badge badge--line">{app.category_name.get(words.locale).to_owned()}</span>
                    <span class="badge badge--line"><bdi>{app.license.clone()}</bdi></span>
                    <span class="badge badge--line">
                        <span class="code">{format!("bp-{}@{}", app.slug, app.blueprint_version)}</span>
                    </span>
                </div>
            </div>
        </header>
    }
}

fn about(words: &'static Messages, app: &App) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let features = app
        .features
        .iter()
        .map(|text| view! { <li><Icon name="check"/><span>{text.get(words.locale).to_owned()}</span></li> })
        .collect::<Vec<_>>();
    let features = (!features.is_empty()).then(|| {
        view! {
            <section class="section">
                <h2 class="section__title">{m.what_it_does}</h2>
                <ul class="features">{features}</ul>
            </section>
        }
    });
    view! {
        <section class="section">
            <h2 class="section__title">{m.about}</h2>
            <div class="prose"><p>{app.description.get(words.locale).to_owned()}</p></div>
        </section>
        {features}
    }
}

fn services(words: &'static Messages, app: &App, catalog: &Catalog) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let items = app
        .dependencies
        .iter()
        .filter_map(|slug| catalog.app(slug))
        .map(|service| {
            let what = memory(words, service.ram_mb);
            view! {
                <li class="chosen__item">
                    <AppMark slug=service.slug.clone() size="small"/>
                    <p class="chosen__name"><bdi>{service.name.clone()}</bdi><small>{what}</small></p>
                </li>
            }
        })
        .collect::<Vec<_>>();
    (!items.is_empty()).then(|| {
        view! {
            <section class="section">
                <h2 class="section__title">{m.comes_with}</h2>
                <p class="section__note">{fill(m.comes_with_note, &[("name", &app.name)])}</p>
                <ul class="chosen">{items}</ul>
            </section>
        }
    })
}

fn others(
    words: &'static Messages,
    app: &App,
    catalog: &Catalog,
    chosen: &[String],
    here: &str,
) -> impl IntoView + use<> {
    let tiles: Vec<_> = catalog
        .applications()
        .filter(|other| other.category == app.category && other.slug != app.slug)
        .take(4)
        .map(|other| tile(words, other, chosen.contains(&other.slug), 3, here))
        .collect();
    (!tiles.is_empty()).then(|| {
        view! {
            <section class="section">
                <h2 class="section__title">{words.marketplace.others}</h2>
                <ul class="app-grid">{tiles}</ul>
            </section>
        }
    })
}

fn takes(
    words: &'static Messages,
    app: &App,
    catalog: &Catalog,
    chosen: bool,
    here: &str,
) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let plan = catalog.plan(&app.minimum_plan).map(|plan| plan_name(words, plan));
    let plan = plan.map(|plan| view! { <div><dt>{m.smallest_plan}</dt><dd>{plan}</dd></div> });
    let website = (!app.website.is_empty()).then(|| {
        let shown = app.website.trim_start_matches("https://").trim_end_matches('/').to_owned();
        view! {
            <div>
                <dt>{m.website}</dt>
                <dd><a class="code" href=app.website.clone() rel="noreferrer">{shown}</a></dd>
            </div>
        }
    });
    let (action, class, icon, text) = if chosen {
        ("/do/cart/apps/remove", "button button--wide", "close", m.remove_from_order)
    } else {
        ("/do/cart/apps/add", "button button--primary button--wide", "plus", m.add_to_order)
    };
    let button = app.orderable().then(|| {
        view! {
            <form method="post" action=action data-refresh="app-takes cart refusal toasts">
                <input type="hidden" name="app" value=app.slug.clone()/>
                <input type="hidden" name="return_to" value=here.to_owned()/>
                <button class=class id="app-button"><Icon name=icon/>{text}</button>
            </form>
        }
    });
    let next = chosen.then(|| {
        view! {
            <a class="button button--primary button--wide" href="/addons">
                {m.to_addons}
                <Icon name="arrow-right" class="icon--point"/>
            </a>
        }
    });
    view! {
        <div class="panel" id="app-takes">
            <h2 class="panel__title">{m.what_it_takes}</h2>
            <dl class="facts">
                <div><dt>{m.row_memory}</dt><dd class="figures">{memory(words, app.ram_mb)}</dd></div>
                <div>
                    <dt>{m.processor}</dt>
                    <dd><span class="figures">{cores(words.locale, app.cpu_milli)}</span>" "{words.common.unit_cpu}</dd>
                </div>
                <div><dt>{m.row_disk}</dt><dd class="figures">{disk(words, app.disk_gb)}</dd></div>
                <div><dt>{m.price}</dt><dd>{m.in_every_plan}</dd></div>
                {plan}
                {website}
            </dl>
            {button}
            {next}
        </div>
    }
}
