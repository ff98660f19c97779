//! `/admin/catalog`: plans, apps, services and add-ons as the database has them. To be read only, so far.

use domain::{
    catalog::{self, Addon, App, AppKind, Plan},
    error::Result,
};
use leptos::prelude::*;
use ui::{
    areas,
    icon::AppMark,
    messages::{Messages, fill},
    money::Amount,
    number::{cores, number},
    shell::{self, Content, Heading, Visitor},
    sizes::{disk, memory},
    state::{Look, State},
    table::{Column, Table},
};

#[component]
pub fn CatalogPage() -> impl IntoView {
    shell::page(areas::admin, render)
}

async fn render(visitor: Visitor) -> Result<Content> {
    let Visitor { mut conn, actor, words, .. } = visitor;
    actor.superadmin()?;
    let plans = catalog::ops::plans(&mut conn).await?;
    let apps = catalog::ops::apps(&mut conn).await?;
    let addons = catalog::ops::addons(&mut conn).await?;
    let (services, apps): (Vec<_>, Vec<_>) = apps.into_iter().partition(|app| app.kind == AppKind::Service);
    let a = &words.admin;
    let note = view! { <p class="section__note">{a.services_note}</p> };
    Ok(Content::new(view! {
        <Heading title=a.catalog lede=a.catalog_lede/>
        {section("plans", a.plans, (), plan_table(words, plans))}
        {section("apps", a.apps, (), app_table(words, apps))}
        {section("services", a.services, note, app_table(words, services))}
        {section("addons", a.addons, (), addon_table(words, addons))}
    }))
}

fn section(
    id: &'static str,
    title: &'static str,
    note: impl IntoView + 'static,
    table: impl IntoView + 'static,
) -> AnyView {
    view! {
        <section class=if id == "plans" { "section section--plain" } else { "section" } aria-labelledby=id>
            <h2 class="section__title" id=id>{title}</h2>
            {note.into_any()}
            {table.into_any()}
        </section>
    }
    .into_any()
}

fn plan_table(words: &'static Messages, plans: Vec<Plan>) -> impl IntoView {
    let (a, locale) = (&words.admin, words.locale);
    let columns =
        vec![Column::new(a.name), Column::end(a.price), Column::new(a.limits), Column::new(a.state)];
    let rows = plans
        .into_iter()
        .map(|plan| {
            let look = if plan.orderable {
                Look::new("active", "ok", a.orderable)
            } else {
                Look::new("paused", "pause", a.not_orderable)
            };
            let popular =
                plan.popular.then(|| view! { " "<span class="badge" data-tone="info">{a.popular}</span> });
            view! {
                <tr>
                    <th scope="row">
                        <span>
                            {plan.name.get(locale).to_owned()}
                            {popular}
                            <span class="table__note code">{plan.slug.clone()}</span>
                        </span>
                    </th>
                    <td data-label=a.price data-align="end"><Amount of=plan.price locale/></td>
                    <td data-label=a.limits><span>{limits(words, &plan)}</span></td>
                    <td data-label=a.state><State look/></td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table columns>{rows}</Table> }
}

fn limits(words: &'static Messages, plan: &Plan) -> String {
    match (plan.vcpu, plan.memory_mb, plan.disk_gb) {
        (Some(cpu), Some(mb), Some(gb)) => fill(
            words.admin.limits_of,
            &[
                ("cpu", &number(words.locale, cpu)),
                ("memory", &memory(words, mb)),
                ("disk", &disk(words, gb)),
            ],
        ),
        _ => words.admin.metered.to_owned(),
    }
}

fn app_table(words: &'static Messages, apps: Vec<App>) -> impl IntoView {
    let (a, locale) = (&words.admin, words.locale);
    let columns = vec![
        Column::new(a.name),
        Column::new(a.category),
        Column::new(a.limits),
        Column::new(a.version),
        Column::new(a.state),
    ];
    let rows = apps
        .into_iter()
        .map(|app| {
            let look = if app.deployable {
                Look::new("active", "ok", a.deployable)
            } else {
                Look::new("queued", "queued", a.coming_soon)
            };
            let size = fill(
                a.limits_of,
                &[
                    ("cpu", &cores(locale, app.cpu_milli)),
                    ("memory", &memory(words, app.ram_mb)),
                    ("disk", &disk(words, app.disk_gb)),
                ],
            );
            view! {
                <tr>
                    <th scope="row">
                        <span class="row">
                            <AppMark slug=app.slug.clone() size="small"/>
                            <span>
                                <bdi>{app.name}</bdi>
                                <span class="table__note code">{app.slug}</span>
                            </span>
                        </span>
                    </th>
                    <td data-label=a.category><span>{app.category_name.get(locale).to_owned()}</span></td>
                    <td data-label=a.limits><span>{size}</span></td>
                    <td data-label=a.version><span class="code">{app.blueprint_version}</span></td>
                    <td data-label=a.state><State look/></td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table columns>{rows}</Table> }
}

fn addon_table(words: &'static Messages, addons: Vec<Addon>) -> impl IntoView {
    let (a, locale) = (&words.admin, words.locale);
    let columns = vec![Column::new(a.name), Column::end(a.price), Column::new(a.state)];
    let rows = addons
        .into_iter()
        .map(|addon| {
            let look = if addon.included {
                Look::new("done", "gift", a.included)
            } else {
                Look::new("active", "ok", a.orderable)
            };
            view! {
                <tr>
                    <th scope="row">
                        <span>
                            {addon.name.get(locale).to_owned()}
                            <span class="table__note code">{addon.slug}</span>
                        </span>
                    </th>
                    <td data-label=a.price data-align="end"><Amount of=addon.price locale/></td>
                    <td data-label=a.state><State look/></td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table columns>{rows}</Table> }
}
