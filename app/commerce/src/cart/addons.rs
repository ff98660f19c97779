//! `/addons`: the name of the Organization, its address, what is included and what can be added.

use domain::catalog::Addon;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::{
    form::Form,
    icon::Icon,
    messages::Messages,
    money::Amount,
    server,
    shop::{self, Place, Step},
};

use super::{
    address::{AddressField, Texts},
    cost::{cost, no_cost},
};
use crate::catalog::Shelf;

const ACTION: &str = "/do/cart/organization";

#[component]
pub fn AddonsPage() -> impl IntoView {
    shop::page(Place::Step(Step::Addons), |mut shop| async move {
        let shelf = Shelf::read(&mut shop.conn).await?;
        let (words, c) = (shop.words, &shop.words.checkout);
        let form = Form::of(ACTION);
        let selection = shop.selection();
        let (name, slug) = shop
            .cart
            .as_ref()
            .map(|cart| (cart.organization_name.clone(), cart.organization_slug.clone()))
            .unwrap_or_default();
        let texts = texts(words, &form, selection.apps.first().cloned());
        let aside = match shelf.price(&selection) {
            Ok(priced) => {
                let plan = shelf.plan(&selection);
                cost(words, c.month_of_it, &priced.quote, plan, Vec::new(), c.cost_note.into_any())
            }
            Err(error) => no_cost(words, &error),
        };
        let chosen =
            |addon: &Addon| form.chosen("addons[]", &addon.slug, selection.addons.contains(&addon.slug));
        let extras = shelf
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
                <form class="split" method="post" action=ACTION>
                    <div>
                        <section class="section section--plain form">
                            <AddressField
                                texts
                                name=form.value("organization_name", &name)
                                slug=form.value("organization_slug", &slug)
                            />
                        </section>
                        {included(words, &shelf.addons)}
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

fn texts(words: &'static Messages, form: &Form, app: Option<String>) -> Texts {
    let c = &words.checkout;
    Texts {
        name: c.organization_name.to_owned(),
        address: c.address.to_owned(),
        hint: c.address_hint.to_owned(),
        address_at: c.address_at.to_owned(),
        available: c.slug_available.to_owned(),
        taken: c.slug_taken.to_owned(),
        reserved: c.slug_reserved.to_owned(),
        invalid: c.slug_invalid.to_owned(),
        checking: c.slug_checking.to_owned(),
        domain: server::services().apps_domain.clone(),
        app: app.unwrap_or_else(|| "wordpress".to_owned()),
        name_problem: form.problem("organization_name"),
        slug_problem: form.problem("organization_slug"),
    }
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
