//! `/review?usage=`: everything once more, with room and price, each part with the way to change it.

use domain::{
    carts::Cart,
    catalog::{Catalog, sizing::Usage},
    checkout::price,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{
    form::Form,
    icon::{AppMark, Icon},
    messages::{Messages, fill},
    number::counted,
    server,
    shop::{self, Place, Step},
};

use super::{
    capacity::capacity,
    cost::{cost, no_cost},
};

#[component]
pub fn ReviewPage() -> impl IntoView {
    let usage = Usage::from_name(&use_query_map().read_untracked().get("usage").unwrap_or_default());
    shop::page(Place::Step(Step::Review), move |mut shop| async move {
        let catalog = shop.catalog().await?;
        let (words, c) = (shop.words, &shop.words.checkout);
        let selection = shop.selection();
        let Some(cart) = shop.cart.filter(|_| selection.plan.is_some() || !selection.apps.is_empty()) else {
            return Ok(empty(words).into_any());
        };
        let plan = selection.plan_in(&catalog);
        let capacity = plan.map(|plan| capacity(words, &catalog, plan, &selection.apps, usage));
        let aside = match price(&selection, &catalog) {
            Ok(priced) => {
                let cost =
                    cost(words, c.month_of_it, &priced.quote, plan, Vec::new(), c.cost_note.into_any());
                view! {
                    {cost}
                    <a class="button button--primary button--wide button--large" href="/checkout">
                        {c.to_checkout}
                        <Icon name="arrow-right" class="icon--point"/>
                    </a>
                }
                .into_any()
            }
            Err(error) => no_cost(words, &error),
        };
        let refusal = ["/do/cart/plan", "/do/cart/apps/remove"].map(|action| Form::of(action).summary());
        Ok(view! {
            <Title text=c.review_head/>
            <main id="main" class="page">
                <div class="page__header">
                    <h1 class="page__title">{c.review_title}</h1>
                    <p class="page__lede">{c.review_lede}</p>
                </div>
                <div class="refusal">{refusal.into_iter().collect_view()}</div>
                <div class="split">
                    <div>{capacity} {apps(words, &catalog, &cart, usage)} {named(words, &catalog, &cart)}</div>
                    <aside class="split__aside">{aside}</aside>
                </div>
            </main>
        }
        .into_any())
    })
}

/// Nothing is chosen yet.
pub fn empty(words: &'static Messages) -> impl IntoView + use<> {
    let c = &words.checkout;
    view! {
        <Title text=words.common.your_order/>
        <main id="main" class="page">
            <div class="empty">
                <span class="empty__icon"><Icon name="bag"/></span>
                <h1 class="empty__title">{c.empty_title}</h1>
                <p class="empty__text">{c.empty_text}</p>
                <div class="empty__actions">
                    <a class="button button--primary" href="/plans">{words.marketplace.choose_a_plan}</a>
                    <a class="button" href="/apps">{words.common.look_at_apps}</a>
                </div>
            </div>
        </main>
    }
}

fn apps(words: &'static Messages, catalog: &Catalog, cart: &Cart, usage: Usage) -> impl IntoView + use<> {
    let (c, m) = (&words.checkout, &words.marketplace);
    let chosen = &cart.selection.apps;
    let back =
        if usage == Usage::Low { "/review".to_owned() } else { format!("/review?usage={}", usage.name()) };
    let items = chosen
        .iter()
        .map(|slug| {
            let app = catalog.app(slug);
            let name = app.map_or_else(|| slug.clone(), |app| app.name.clone());
            let category = app.map(|app| app.category_name.get(words.locale).to_owned());
            view! {
                <li class="chosen__item">
                    <AppMark slug=slug.clone() size="small"/>
                    <p class="chosen__name"><bdi>{name.clone()}</bdi><small>{category}</small></p>
                    <form method="post" action="/do/cart/apps/remove">
                        <input type="hidden" name="app" value=slug.clone()/>
                        <input type="hidden" name="return_to" value=back.clone()/>
                        <button
                            class="button button--quiet button--icon"
                            aria-label=fill(m.remove_named, &[("name", &name)])
                        >
                            <Icon name="close"/>
                        </button>
                    </form>
                </li>
            }
        })
        .collect_view();
    let title = if chosen.is_empty() {
        m.none_chosen.to_owned()
    } else {
        counted(words.locale, m.count_apps, i64::try_from(chosen.len()).unwrap_or_default())
    };
    view! {
        <section class="section">
            <div class="section__header">
                <h2 class="section__title">{title}</h2>
                <a href="/apps">{c.change_apps}</a>
            </div>
            <ul class="chosen">{items}</ul>
        </section>
    }
}

fn named(words: &'static Messages, catalog: &Catalog, cart: &Cart) -> impl IntoView + use<> {
    let c = &words.checkout;
    let name = if cart.organization_name.is_empty() {
        c.not_named.to_owned()
    } else {
        cart.organization_name.clone()
    };
    let address = (!cart.organization_slug.is_empty()).then(|| {
        let host = format!("{}.{}", cart.organization_slug, server::services().apps_domain);
        view! { <div><dt>{c.address}</dt><dd><bdi class="code">{host}</bdi></dd></div> }
    });
    let extras: Vec<_> = catalog
        .addons
        .iter()
        .filter(|addon| cart.selection.addons.contains(&addon.slug))
        .map(|addon| addon.name.get(words.locale))
        .collect();
    let extras =
        if extras.is_empty() { c.no_extras.to_owned() } else { extras.join(words.marketplace.list_comma) };
    view! {
        <section class="section">
            <div class="section__header">
                <h2 class="section__title">{c.name_and_extras}</h2>
                <a href="/addons">{c.change}</a>
            </div>
            <dl class="facts">
                <div><dt>{c.organization}</dt><dd><bdi>{name}</bdi></dd></div>
                {address}
                <div><dt>{c.extras}</dt><dd>{extras}</dd></div>
            </dl>
        </section>
    }
}
