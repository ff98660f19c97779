//! `/apps?q=&category=`: everything that can run, to be searched, filtered and chosen.

use domain::catalog::{App, Catalog, Footprint, Industry};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{
    form::Form,
    icon::{AppMark, Icon},
    messages::{Messages, fill},
    number::{counted, number, percent},
    shop::{self, Place, Step},
};

use super::{plan_name, speaks_of, tile::tile};

/// What search and categories change.
const SHELF: &str = "app-results app-count app-chips app-kept";

#[component]
pub fn AppsPage() -> impl IntoView {
    let query = use_query_map().read_untracked();
    let text: String = query.get("q").unwrap_or_default().chars().take(80).collect();
    let category: String = query.get("category").unwrap_or_default().chars().take(80).collect();
    shop::page(Place::Step(Step::Apps), |mut shop| async move {
        let catalog = shop.catalog().await?;
        let (words, m) = (shop.words, &shop.words.marketplace);
        let chosen = shop.selection().apps;
        let look = Look { words, text, category };
        let found: Vec<&App> = catalog.applications().filter(|app| look.shows(app)).collect();
        let failures: Vec<_> =
            ["/do/cart/apps/add", "/do/cart/apps/remove", "/do/cart/template", "/do/cart/apps/clear"]
                .map(|action| Form::of(action).summary())
                .into_iter()
                .collect();
        Ok(view! {
            <Title text=words.common.apps/>
            <main id="main" class="page">
                <div class="page__header">
                    <h1 class="page__title">{m.apps_title}</h1>
                    <p class="page__lede">{m.apps_lede}</p>
                </div>
                <div class="refusal" id="refusal">{failures}</div>
                <div class="app-tools">
                    <div class="app-tools__row">{look.search()} {template(words, &catalog.industries)}</div>
                    {look.chips(&catalog)}
                    {count(words, &found, &chosen)}
                </div>
                {look.results(&found, &chosen)}
                {sum(words, &catalog, &shop.selection(), &look.here())}
            </main>
        })
    })
}

/// What the visitor looks for.
struct Look {
    words: &'static Messages,
    text: String,
    category: String,
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn address(text: &str, category: &str) -> String {
    let fields: Vec<_> = [("q", text), ("category", category)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if fields.is_empty() { "/apps".to_owned() } else { format!("/apps?{}", fields.join("&")) }
}

impl Look {
    fn here(&self) -> String {
        address(&self.text, &self.category)
    }

    fn shows(&self, app: &App) -> bool {
        (self.category.is_empty() || app.category == self.category) && speaks_of(app, &self.text)
    }

    fn search(&self) -> impl IntoView + use<> {
        let m = &self.words.marketplace;
        view! {
            <form class="field" method="get" action="/apps" role="search" data-refresh=SHELF>
                <label class="field__label" for="q">{m.search}</label>
                <div class="input-group">
                    <span class="input-group__part"><Icon name="search"/></span>
                    <input
                        class="input input--search"
                        type="search"
                        id="q"
                        name="q"
                        value=self.text.clone()
                        maxlength="80"
                        placeholder=m.search_hint
                    />
                    <span id="app-kept">
                        {(!self.category.is_empty())
                            .then(|| {
                                view! { <input type="hidden" name="category" value=self.category.clone()/> }
                            })}
                    </span>
                    <button class="button button--quiet">{m.search}</button>
                </div>
            </form>
        }
    }

    fn chips(&self, catalog: &Catalog) -> impl IntoView + use<> {
        let m = &self.words.marketplace;
        let mut categories: Vec<(&str, &str)> = vec![("", m.all)];
        for app in catalog.applications() {
            if !categories.iter().any(|(slug, _)| *slug == app.category) {
                categories.push((&app.category, app.category_name.get(self.words.locale)));
            }
        }
        let chips = categories
            .into_iter()
            .map(|(slug, name)| {
                let current = (slug == self.category).then_some("true");
                view! {
                    <a
                        class="chip"
                        id=format!("chip-{slug}")
                        href=address(&self.text, slug)
                        aria-current=current
                        data-refresh=SHELF
                    >
                        {name.to_owned()}
                    </a>
                }
            })
            .collect_view();
        view! { <nav class="chips chips--scroll" id="app-chips" aria-label=m.categories>{chips}</nav> }
    }

    fn results(&self, found: &[&App], chosen: &[String]) -> impl IntoView + use<> {
        let (words, m) = (self.words, &self.words.marketplace);
        let here = self.here();
        let is_chosen = |app: &App| chosen.contains(&app.slug);
        let list = |ready: bool, level: u8| {
            found
                .iter()
                .filter(|app| app.orderable() == ready)
                .map(|app| tile(words, app, is_chosen(app), level, &here))
                .collect::<Vec<_>>()
        };
        let (ready, soon) = (list(true, 2), list(false, 3));
        let nothing = found.is_empty().then(|| {
            view! {
                <div class="empty">
                    <span class="empty__icon"><Icon name="search"/></span>
                    <h2 class="empty__title">{m.nothing_found}</h2>
                    <p class="empty__text">{m.nothing_found_text}</p>
                    <div class="empty__actions"><a class="button" href="/apps">{m.show_all}</a></div>
                </div>
            }
        });
        let ready = (!ready.is_empty()).then(|| view! { <ul class="app-grid">{ready}</ul> });
        let soon = (!soon.is_empty()).then(|| {
            view! {
                <section class="section later" aria-labelledby="soon">
                    <div class="section__header">
                        <h2 class="section__title" id="soon">{m.coming_soon}</h2>
                        <p class="section__note">{m.soon_note}</p>
                    </div>
                    <ul class="app-grid">{soon}</ul>
                </section>
            }
        });
        view! { <div id="app-results">{nothing} {ready} {soon}</div> }
    }
}

fn template(words: &'static Messages, industries: &[Industry]) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let form = Form::of("/do/cart/template");
    let options = industries
        .iter()
        .map(|industry| {
            let selected = form.chosen("industry", &industry.slug, false);
            view! {
                <option value=industry.slug.clone() selected=selected>
                    {industry.name.get(words.locale).to_owned()}
                </option>
            }
        })
        .collect_view();
    view! {
        <form class="field" method="post" action="/do/cart/template">
            <label class="field__label" for="industry">
                {m.template}
                " "
                <span class="field__optional">{m.template_hint}</span>
            </label>
            <div class="app-tools__template">
                <span class="select-box">
                    <select class="select" id="industry" name="industry">
                        {options}
                    </select>
                    <Icon name="chevron-down"/>
                </span>
                <button class="button">{m.template_use}</button>
            </div>
        </form>
    }
}

fn count(words: &'static Messages, found: &[&App], chosen: &[String]) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let all = counted(words.locale, m.count_apps, i64::try_from(found.len()).unwrap_or_default());
    let ready = number(words.locale, found.iter().filter(|app| app.orderable()).count());
    let chosen = number(words.locale, chosen.len());
    let line = fill(m.count_line, &[("apps", &all), ("ready", &ready), ("chosen", &chosen)]);
    view! { <p class="app-tools__count" id="app-count" role="status">{line}</p> }
}

/// The bar at the end: what is chosen, how much of the plan it takes, and on.
fn sum(
    words: &'static Messages,
    catalog: &Catalog,
    selection: &domain::checkout::Selection,
    here: &str,
) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let chosen = &selection.apps;
    let title = if chosen.is_empty() {
        m.none_chosen.to_owned()
    } else {
        counted(words.locale, m.count_apps, i64::try_from(chosen.len()).unwrap_or_default())
    };
    let room = selection.plan_in(catalog).map_or_else(
        || m.no_plan_yet.to_owned(),
        |plan| match Footprint::of(chosen, &catalog.apps).percent_of(plan) {
            Some(taken) => fill(
                m.room_for,
                &[("plan", &plan_name(words, plan)), ("percent", &percent(words.locale, taken))],
            ),
            None => plan_name(words, plan),
        },
    );
    let marks =
        chosen.iter().take(6).map(|slug| view! { <AppMark slug=slug.clone() size="small"/> }).collect_view();
    let clear = (!chosen.is_empty()).then(|| {
        view! {
            <form method="post" action="/do/cart/apps/clear">
                <input type="hidden" name="return_to" value=here.to_owned()/>
                <button class="button button--quiet">{m.clear_all}</button>
            </form>
        }
    });
    view! {
        <div class="summary-bar" id="app-sum">
            <p class="summary-bar__text"><b>{title}</b><small>{room}</small></p>
            <div class="summary-bar__actions">
                <span class="summary-bar__marks" aria-hidden="true">{marks}</span>
                {clear}
                <a class="button button--primary" href="/addons">
                    {m.go_on}
                    <Icon name="arrow-right" class="icon--point"/>
                </a>
            </div>
        </div>
    }
}
