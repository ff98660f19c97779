//! One app on the catalog: the name leads to its page, the button puts it into the cart or takes it out.

use domain::catalog::App;
use leptos::prelude::*;
use ui::{
    icon::{AppMark, Icon},
    messages::{Messages, fill},
    sizes::{disk, memory},
};

/// What a tile's button changes besides the tile.
const AROUND: &str = "app-count app-sum cart refusal toasts";

/// A tile; `below` is the level of its heading's parent section: two, or three under "coming soon".
pub fn tile(words: &'static Messages, app: &App, chosen: bool, level: u8, here: &str) -> AnyView {
    let m = &words.marketplace;
    let link = view! { <a href=format!("/apps/{}", app.slug)><bdi>{app.name.clone()}</bdi></a> };
    let name = if level == 2 {
        view! { <h2 class="app-tile__name">{link}</h2> }.into_any()
    } else {
        view! { <h3 class="app-tile__name">{link}</h3> }.into_any()
    };
    let id = format!("app-{}", app.slug);
    let foot = if app.orderable() {
        let size = format!("{} · {}", memory(words, app.ram_mb), disk(words, app.disk_gb));
        view! {
            <p class="app-tile__size">
                <span class="app-tile__category">{app.category_name.get(words.locale).to_owned()}</span>
                <span class="figures">{size}</span>
            </p>
            {toggle(words, app, chosen, &id, here)}
        }
        .into_any()
    } else {
        view! { <p class="app-tile__size"><span class="badge badge--line">{m.coming_soon}</span></p> }
            .into_any()
    };
    view! {
        <li
            class="app-tile"
            id=id
            data-selected=chosen.then_some("")
            data-unavailable=(!app.orderable()).then_some("")
        >
            <AppMark slug=app.slug.clone()/>
            {name}
            <p class="app-tile__text">{app.tagline.get(words.locale).to_owned()}</p>
            <div class="app-tile__foot">{foot}</div>
        </li>
    }
    .into_any()
}

fn toggle(words: &'static Messages, app: &App, chosen: bool, id: &str, here: &str) -> impl IntoView + use<> {
    let m = &words.marketplace;
    let (action, label, icon, text) = if chosen {
        ("/do/cart/apps/remove", m.remove_named, "check", m.added)
    } else {
        ("/do/cart/apps/add", m.add_named, "plus", m.add)
    };
    view! {
        <form method="post" action=action data-refresh=format!("{id} {AROUND}")>
            <input type="hidden" name="app" value=app.slug.clone()/>
            <input type="hidden" name="return_to" value=format!("{here}#{id}")/>
            <button class="button" id=format!("{id}-button") aria-label=fill(label, &[("name", &app.name)])>
                <Icon name=icon/>
                {text}
            </button>
        </form>
    }
}
