//! `/plans`: the plans side by side, one to be chosen. Everything in the comparison is out of the catalog.

use domain::catalog::Plan;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::{
    form::Form,
    icon::Icon,
    messages::Messages,
    money::Amount,
    number::{counted, number},
    shop::{self, Place, Step},
    sizes::{disk, memory},
};

#[component]
pub fn PlansPage() -> impl IntoView {
    shop::page(Place::Step(Step::Plan), |mut shop| async move {
        let catalog = shop.catalog().await?;
        let words = shop.words;
        let m = &words.marketplace;
        let chosen = shop.selection().plan.or_else(|| {
            catalog.plans.iter().find(|plan| plan.popular && plan.orderable).map(|plan| plan.slug.clone())
        });
        let form = Form::of("/do/cart/plan");
        let labels = rows(words).into_iter().map(|row| view! { <span>{row.label}</span> }).collect_view();
        let largest = catalog.plans.iter().filter_map(|plan| plan.memory_mb).max().unwrap_or(1);
        let plans = catalog
            .plans
            .iter()
            .map(|plan| {
                let checked = chosen.as_deref() == Some(plan.slug.as_str());
                card(words, plan, form.chosen("plan", &plan.slug, checked), largest)
            })
            .collect_view();
        Ok(view! {
            <Title text=words.common.plans/>
            <main id="main" class="page">
                <div class="page__header">
                    <h1 class="page__title">{m.plans_title}</h1>
                    <p class="page__lede">{m.plans_lede}</p>
                </div>
                <div class="refusal">{form.summary()}</div>
                <form method="post" action="/do/cart/plan">
                    <fieldset id="plan">
                        <legend class="sr-only">{m.plan}</legend>
                        <div class="plans">
                            <div class="plans__labels" aria-hidden="true"><span></span>{labels}</div>
                            {plans}
                        </div>
                    </fieldset>
                    <div class="summary-bar">
                        <p class="summary-bar__text"><b>{m.next_apps}</b><small>{m.next_apps_note}</small></p>
                        <div class="summary-bar__actions">
                            <button class="button button--primary">
                                {m.go_on}
                                <Icon name="arrow-right" class="icon--point"/>
                            </button>
                        </div>
                    </div>
                </form>
            </main>
        })
    })
}

/// One row of the comparison; without a value it is not part of a plan.
struct Row {
    label: &'static str,
    /// Of the capacity, set larger.
    size: bool,
    value: fn(&Messages, &Plan) -> Option<String>,
}

fn rows(words: &Messages) -> [Row; 8] {
    let m = &words.marketplace;
    [
        Row { label: m.row_cpu, size: true, value: |w, p| or_demand(w, p.vcpu.map(|n| number(w.locale, n))) },
        Row {
            label: m.row_memory,
            size: true,
            value: |w, p| or_demand(w, p.memory_mb.map(|mb| memory(w, mb))),
        },
        Row { label: m.row_disk, size: true, value: |w, p| or_demand(w, p.disk_gb.map(|gb| disk(w, gb))) },
        Row {
            label: m.row_traffic,
            size: true,
            value: |w, p| match (p.bandwidth_gb, p.vcpu) {
                (Some(gb), _) => Some(disk(w, gb)),
                (None, Some(_)) => Some(w.marketplace.unlimited.to_owned()),
                (None, None) => or_demand(w, None),
            },
        },
        Row {
            label: m.row_backups,
            size: false,
            value: |w, p| p.backup_retention_days.map(|n| counted(w.locale, w.marketplace.days, n.into())),
        },
        Row {
            label: m.row_answer,
            size: false,
            value: |w, p| p.response_hours.map(|n| counted(w.locale, w.marketplace.hours, n.into())),
        },
        Row { label: m.row_support, size: false, value: |w, p| Some(support(w, &p.support).to_owned()) },
        Row {
            label: m.row_features,
            size: false,
            value: |w, p| {
                let features: Vec<_> = p.features.iter().map(|feature| feature.get(w.locale)).collect();
                (!features.is_empty()).then(|| features.join(w.marketplace.list_comma))
            },
        },
    ]
}

fn or_demand(words: &Messages, value: Option<String>) -> Option<String> {
    value.or_else(|| Some(words.marketplace.on_demand.to_owned()))
}

fn support<'a>(words: &'a Messages, kind: &'a str) -> &'a str {
    let m = &words.marketplace;
    match kind {
        "email" => m.support_email,
        "email_chat" => m.support_email_chat,
        "phone" => m.support_phone,
        "dedicated" => m.support_dedicated,
        "community" => m.support_community,
        other => other,
    }
}

fn card(words: &'static Messages, plan: &Plan, checked: bool, largest: i32) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let id = format!("plan-{}", plan.slug);
    let name = plan.name.get(words.locale).to_owned();
    let badge = if !plan.orderable {
        view! { <span class="badge badge--line">{m.coming_soon}</span> }.into_any()
    } else if plan.popular {
        view! { <span class="badge" data-tone="info">{m.most_chosen}</span> }.into_any()
    } else {
        scale(plan, largest).into_any()
    };
    let price = if plan.orderable {
        view! { <Amount of=plan.price locale=words.locale/><small>{words.common.per_month}</small> }
            .into_any()
    } else {
        view! { <span>"–"</span><small>{m.by_use}</small> }.into_any()
    };
    let pick = plan.orderable.then(|| {
        view! {
            <span class="plan__pick" aria-hidden="true">
                <span data-when="open">{m.choose}" "<bdi>{name.clone()}</bdi></span>
                <span data-when="chosen"><Icon name="check"/>{m.chosen}</span>
            </span>
        }
    });
    let facts = rows(words)
        .into_iter()
        .map(|row| {
            let value = match (row.value)(words, plan) {
                Some(text) => view! { <dd>{text}</dd> }.into_any(),
                None => {
                    view! { <dd data-none>"–"<span class="sr-only">{m.not_included}</span></dd> }.into_any()
                }
            };
            view! {
                <div class="plan__fact" data-kind=row.size.then_some("size")><dt>{row.label}</dt>{value}</div>
            }
        })
        .collect_view();
    view! {
        <article class="plan">
            <input
                class="plan__input"
                type="radio"
                name="plan"
                value=plan.slug.clone()
                id=id.clone()
                checked=checked
                required=true
                disabled=!plan.orderable
            />
            <div class="plan__head">
                <div class="plan__top">
                    <h2 class="plan__name">
                        <label for=id><span class="sr-only">{m.plan}" "</span><bdi>{name.clone()}</bdi></label>
                    </h2>
                    {badge}
                </div>
                <p class="plan__for">{plan.description.get(words.locale).to_owned()}</p>
                <p class="plan__price">{price}</p>
                {pick}
            </div>
            <dl class="plan__facts">{facts}</dl>
        </article>
    }
}

/// Four bars, as many filled as the plan is large beside the largest.
fn scale(plan: &Plan, largest: i32) -> impl IntoView + use<> {
    let memory = plan.memory_mb.unwrap_or(0);
    let bars = (0..4).map(|k| {
        let on = memory >= largest >> (3 - k);
        view! {
            <rect
                x=k * 10
                y=18 - k * 6
                width="7"
                height=6 + k * 6
                rx="1.5"
                data-on=on.then_some("")
            ></rect>
        }
    });
    view! { <svg class="plan__scale" aria-hidden="true" viewBox="0 0 38 24">{bars.collect_view()}</svg> }
}
