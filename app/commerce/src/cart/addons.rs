//! `/addons`: the name of the Organization, its address, what is included and what can be added.

use domain::{catalog::Addon, checkout::price};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{
    form::Form,
    icon::Icon,
    messages::Messages,
    money::Amount,
    shop::{self, Place, Step},
};

use super::{
    address::{NAME_ORGANIZATION, Naming, fields, typed},
    cost::{cost, no_cost},
};

#[component]
pub fn AddonsPage() -> impl IntoView {
    let typed = use_query_map().with_untracked(typed);
    shop::page(Place::Step(Step::Addons), |mut shop| async move {
        let catalog = shop.catalog().await?;
        let (words, c) = (shop.words, &shop.words.checkout);
        let form = Form::of(NAME_ORGANIZATION);
        let selection = shop.selection();
        let naming = match typed {
            Some(typed) => Naming::typed(&mut shop.conn, words, typed).await?,
            None => Naming::of(&form, shop.cart.as_ref()),
        };
        let aside = match price(&selection, &catalog) {
            Ok(priced) => {
                let plan = selection.plan_in(&catalog);
                cost(words, c.month_of_it, &priced.quote, plan, Vec::new(), c.cost_note.into_any())
            }
            Err(error) => no_cost(words, &error),
        };
        let naming = fields(words, &form, naming, selection.apps.first());
        let chosen =
            |addon: &Addon| form.chosen("addons[]", &addon.slug, selection.addons.contains(&addon.slug));
        let extras = catalog
            .addons
            .iter()
            .filter(|addon| !addon.included)
            .map(|addon| extra(words, addon, chosen(addon)))
            .collect_view();
        Ok(view! {
            <Title text=c.addons_head/>
            <main id="main" class="page">
                <div class="page__header">
                    <h1 class="page__title">{c.addons_title}</h1>
                    <p class="page__lede">{c.addons_lede}</p>
                </div>
                <div class="refusal">{form.summary()}</div>
                <form class="split" method="post" action=NAME_ORGANIZATION>
                    <div>
                        <section class="section section--plain">{naming}</section>
                        {included(words, &catalog.addons)}
                        <section class="section">
                            <h2 class="section__title" id="extras">{c.extras}</h2>
                            <div class="choices" role="group" aria-labelledby="extras">{extras}</div>
                        </section>
                    </div>
                    <aside class="split__aside">
                        {aside}
                        <button class="button button--primary button--wide button--large">
                            {c.to_review}
                            <Icon name="arrow-right" class="icon--point"/>
                        </button>
                    </aside>
                </form>
            </main>
        })
    })
}

fn included(words: &'static Messages, addons: &[Addon]) -> impl IntoView + use<> {
    let c = &words.checkout;
    let items: Vec<_> = addons
        .iter()
        .filter(|addon| addon.included)
        .map(|addon| {
            view! {
                <li class="choice choice--included">
                    <span class="choice__title">{addon.name.get(words.locale).to_owned()}</span>
                    <span class="badge" data-tone="success">{c.included}</span>
                    <span class="choice__note">{addon.description.get(words.locale).to_owned()}</span>
                </li>
            }
        })
        .collect();
    (!items.is_empty()).then(|| {
        view! {
            <section class="section">
                <div class="section__header">
                    <h2 class="section__title">{c.included}</h2>
                    <p class="section__note">{c.included_note}</p>
                </div>
                <ul class="choices">{items}</ul>
            </section>
        }
    })
}

fn extra(words: &'static Messages, addon: &Addon, checked: bool) -> impl IntoView + use<> {
    view! {
        <label class="choice">
            <input
                class="choice__input"
                type="checkbox"
                name="addons[]"
                value=addon.slug.clone()
                checked=checked
            />
            <span class="choice__title">{addon.name.get(words.locale).to_owned()}</span>
            <span class="choice__mark"><Icon name="check"/></span>
            <span class="choice__note">{addon.description.get(words.locale).to_owned()}</span>
            <span class="choice__price">
                <Amount of=addon.price locale=words.locale/>
                " "
                {words.common.per_month}
            </span>
        </label>
    }
}
