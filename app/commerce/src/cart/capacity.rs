//! How much of the plan the chosen apps take: three bars, part by part, a verdict, and the plan that fits.

use domain::catalog::{
    Catalog, PLATFORM_OVERHEAD, Plan,
    sizing::{Need, TIGHT_PERCENT, Usage, needs, suggest, total},
};
use leptos::prelude::*;
use ui::{
    icon::Icon,
    messages::{Messages, fill},
    number::{cores, number, percent},
    sizes::memory_parts,
};

use crate::catalog::plan_name;

/// As many series as there are colours; what is beyond them is drawn as one.
const SERIES: usize = 6;

/// One resource: what the platform, each app and the plan have of it.
struct Resource {
    name: &'static str,
    icon: &'static str,
    /// Of all needs together, as text; the limit likewise, with its unit.
    needed: String,
    limit: (String, &'static str),
    /// Percent of the plan: the platform, then each app.
    parts: Vec<f64>,
    percent: i32,
}

pub fn capacity(
    words: &'static Messages,
    catalog: &Catalog,
    plan: &Plan,
    apps: &[String],
    usage: Usage,
) -> AnyView {
    let needs = needs(apps, &catalog.apps, usage);
    let resources = resources(words, plan, &needs);
    let rows = resources.iter().map(|resource| row(words, resource)).collect_view();
    view! {
        <section class="section section--plain" id="room">
            <div class="section__header">
                <h2 class="section__title">
                    {fill(words.checkout.room_in, &[("plan", &plan_name(words, plan))])}
                </h2>
                <a href="/plans">{words.checkout.change_plan}</a>
            </div>
            {people(words, usage)}
            <div class="panel">
                <div class="capacity">
                    {rows} {legend(words, &needs)} {verdict(words, catalog, plan, &needs, &resources)}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn resources(words: &'static Messages, plan: &Plan, needs: &[Need]) -> Vec<Resource> {
    let m = &words.marketplace;
    let all = total(needs);
    let share = |n: i32, limit: i32| f64::from(n) * 100.0 / f64::from(limit.max(1));
    let resource =
        |name, icon, limit: i32, needed: String, limit_text, pick: fn(&domain::catalog::Footprint) -> i32| {
            let parts = std::iter::once(&PLATFORM_OVERHEAD)
                .chain(needs.iter().map(|need| &need.footprint))
                .map(|footprint| share(pick(footprint), limit))
                .collect();
            let percent = (pick(&all) * 100 + limit.max(1) - 1) / limit.max(1);
            Resource { name, icon, needed, limit: limit_text, parts, percent }
        };
    let mut found = Vec::new();
    if let Some(limit) = plan.vcpu {
        let (needed, limit_text) =
            (cores(words.locale, all.cpu_milli), (number(words.locale, limit), words.common.unit_cpu));
        found.push(resource(m.processor, "cpu", limit * 1000, needed, limit_text, |f| f.cpu_milli));
    }
    if let Some(limit) = plan.memory_mb {
        let (needed, unit) = memory_parts(words, all.ram_mb);
        let (limit_number, limit_unit) = memory_parts(words, limit);
        let needed = if unit == limit_unit { needed } else { format!("{needed} {unit}") };
        found.push(resource(m.row_memory, "memory", limit, needed, (limit_number, limit_unit), |f| f.ram_mb));
    }
    if let Some(limit) = plan.disk_gb {
        let limit_text = (number(words.locale, limit), words.common.unit_gb);
        found.push(resource(m.row_disk, "disk", limit, number(words.locale, all.disk_gb), limit_text, |f| {
            f.disk_gb
        }));
    }
    found
}

/// The series of the `index`-th app of `count`.
fn series(index: usize, count: usize) -> usize {
    if count > SERIES { index.min(SERIES - 1) + 1 } else { index + 1 }
}

fn row(words: &'static Messages, resource: &Resource) -> impl IntoView + use<> {
    let c = &words.checkout;
    let count = resource.parts.len() - 1;
    let mut x = 0.0_f64;
    let rects = resource
        .parts
        .iter()
        .enumerate()
        .map(|(position, width)| {
            let name =
                if position == 0 { "platform".to_owned() } else { series(position - 1, count).to_string() };
            let (from, width) = (x, *width);
            x += width;
            view! {
                <rect
                    data-series=name
                    x=format!("{from:.2}%")
                    width=format!("{width:.2}%")
                    height="100%"
                ></rect>
            }
        })
        .collect_view();
    let taken = percent(words.locale, resource.percent);
    let label = fill(c.bar_label, &[("name", resource.name), ("percent", &taken)]);
    let (limit, unit) = resource.limit.clone();
    view! {
        <div class="capacity__row" data-over=(resource.percent > 100).then_some("")>
            <p class="capacity__name"><Icon name=resource.icon/>{resource.name}</p>
            <p class="capacity__value">
                <b>{resource.needed.clone()}</b>" "{c.of}" "<span class="figures">{limit}</span>" "{unit}
            </p>
            <svg class="capacity__bar" role="img" aria-label=label>
                {rects}
                <line x1="80%" x2="80%" y2="100%"></line>
            </svg>
        </div>
    }
}

fn legend(words: &'static Messages, needs: &[Need]) -> impl IntoView + use<> {
    let c = &words.checkout;
    let shown = if needs.len() > SERIES { SERIES - 1 } else { needs.len() };
    let apps = needs
        .iter()
        .take(shown)
        .zip(1..)
        .map(|(need, series)| view! { <li data-series=series><bdi>{need.name.clone()}</bdi></li> })
        .collect_view();
    let others = (needs.len() > shown).then(|| view! { <li data-series=SERIES>{c.others}</li> });
    view! { <ul class="legend">{apps} {others} <li data-series="platform">{c.platform}</li></ul> }
}

fn verdict(
    words: &'static Messages,
    catalog: &Catalog,
    plan: &Plan,
    needs: &[Need],
    resources: &[Resource],
) -> impl IntoView + use<> {
    let c = &words.checkout;
    let worst = resources.iter().max_by_key(|resource| resource.percent);
    let (taken, name) = worst.map_or((0, ""), |worst| (worst.percent, worst.name));
    let (tone, icon, title) = if taken > 100 {
        ("danger", "failed", fill(c.over, &[("name", name)]))
    } else if taken > TIGHT_PERCENT {
        ("warning", "warning", fill(c.tight, &[("name", name)]))
    } else {
        ("success", "ok", c.fits.to_owned())
    };
    let share =
        fill(c.share, &[("percent", &percent(words.locale, taken)), ("plan", &plan_name(words, plan))]);
    let better = (taken > TIGHT_PERCENT)
        .then(|| suggest(&catalog.plans, &total(needs)))
        .flatten()
        .filter(|better| better.slug != plan.slug);
    let advice = match better {
        Some(better) => fill(c.suggest, &[("plan", &plan_name(words, better))]),
        None if taken > 100 => c.too_large.to_owned(),
        None => String::new(),
    };
    let switch = better.map(|better| {
        view! {
            <form method="post" action="/do/cart/plan">
                <input type="hidden" name="plan" value=better.slug.clone()/>
                <input type="hidden" name="return_to" value="/review"/>
                <button class="button">{fill(c.take_plan, &[("plan", &plan_name(words, better))])}</button>
            </form>
        }
    });
    view! {
        <div class="capacity__verdict" data-tone=tone>
            <Icon name=icon/>
            <p><strong>{title}</strong>" "<span class="soft">{share}" "{advice}</span></p>
        </div>
        {switch}
    }
}

fn people(words: &'static Messages, now: Usage) -> impl IntoView + use<> {
    let c = &words.checkout;
    let links = Usage::ALL.map(|usage| {
        let text = match usage {
            Usage::Low => c.people_low,
            Usage::Medium => c.people_medium,
            Usage::High => c.people_high,
        };
        let current = (usage == now).then_some("true");
        view! {
            <a
                id=format!("usage-{}", usage.name())
                href=format!("/review?usage={}", usage.name())
                aria-current=current
                data-refresh="room"
            >
                {text}
            </a>
        }
    });
    view! {
        <nav class="row" aria-labelledby="people">
            <span class="field__label" id="people">{c.people}</span>
            <span class="segmented">{links.into_iter().collect_view()}</span>
        </nav>
    }
}
