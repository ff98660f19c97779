//! What an order comes to, line by line: the same object in the cart, at checkout and after the order.

use domain::{
    catalog::Plan,
    checkout::Quote,
    error::{Error, Refusal},
    money::Money,
    orders::{Line, LineKind},
    text::Locale,
};
use leptos::prelude::*;
use ui::{
    icon::Icon,
    messages::{Messages, explain, fill},
    money::Amount,
    number::counted,
};

use crate::catalog::plan_size;

/// A line of its own: name, amount, `data-kind` and class.
pub fn line(
    name: String,
    note: Option<String>,
    amount: Money,
    kind: &'static str,
    locale: Locale,
) -> AnyView {
    let note = note.map(|note| view! { <small>{note}</small> });
    let class = match kind {
        "total" => "cost__line cost__line--total",
        "due" => "cost__line cost__line--due",
        _ => "cost__line",
    };
    let kind = matches!(kind, "free" | "credit").then_some(kind);
    view! {
        <div class=class data-kind=kind>
            <dt>{name}{note}</dt>
            <dd><Amount of=amount locale/></dd>
        </div>
    }
    .into_any()
}

/// The plan, the apps in one line, the add-ons, the discount.
pub fn lines(words: &'static Messages, lines: &[Line], plan: Option<&Plan>) -> Vec<AnyView> {
    let locale = words.locale;
    let apps = lines.iter().filter(|line| line.kind == LineKind::App).count();
    let mut apps_said = false;
    let mut views = Vec::new();
    for each in lines {
        let name = each.name.get(locale).to_owned();
        views.push(match each.kind {
            LineKind::Plan => {
                let name = fill(words.marketplace.plan_named, &[("name", &name)]);
                let size = plan.map(|plan| plan_size(words, plan)).filter(|size| !size.is_empty());
                line(name, size, each.amount, "", locale)
            }
            LineKind::App if apps_said => continue,
            LineKind::App => {
                apps_said = true;
                let count = i64::try_from(apps).unwrap_or_default();
                line(counted(locale, words.marketplace.count_apps, count), None, each.amount, "free", locale)
            }
            LineKind::Addon => line(name, None, each.amount, "", locale),
            LineKind::Discount => {
                line(fill(words.checkout.discount, &[("name", &name)]), None, each.amount, "credit", locale)
            }
        });
    }
    views
}

/// The breakdown. `after` follows the total, `note` the lines.
pub fn cost(
    words: &'static Messages,
    title: &'static str,
    quote: &Quote,
    plan: Option<&Plan>,
    after: Vec<AnyView>,
    note: AnyView,
) -> AnyView {
    let total = line(words.checkout.total.to_owned(), None, quote.total, "total", words.locale);
    view! {
        <section class="cost" id="cost" aria-labelledby="cost-title">
            <h2 class="cost__title" id="cost-title">{title}</h2>
            <dl class="cost__lines">{lines(words, &quote.lines, plan)} {total} {after}</dl>
            <p class="cost__note">{note}</p>
        </section>
    }
    .into_any()
}

/// In the place of the breakdown: why there is no price yet, and the page that helps.
pub fn no_cost(words: &'static Messages, error: &Error) -> AnyView {
    let c = &words.checkout;
    let way = match error {
        Error::Refused(Refusal::AppsMissing | Refusal::AppUnknown(_) | Refusal::AppNotDeployable(_)) => {
            ("/apps", c.missing_apps)
        }
        Error::Refused(Refusal::AddonUnknown(_)) => ("/addons", c.change),
        _ => ("/plans", c.missing_plan),
    };
    view! {
        <section class="cost" id="cost" aria-labelledby="cost-title">
            <h2 class="cost__title" id="cost-title">{c.month_of_it}</h2>
            <p class="cost__note">{explain(words, error)}</p>
            <p><a class="button" href=way.0>{way.1}<Icon name="arrow-right" class="icon--point"/></a></p>
        </section>
    }
    .into_any()
}
