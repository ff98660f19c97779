//! Line icons and the marks of apps: `<use>` of `style/assets/icons.svg` and `apps.svg`.

use std::{collections::HashSet, sync::LazyLock};

use leptos::prelude::*;

/// One icon by its name in `icons.svg`, without the `i-`. `class` adds `icon--point`, `icon--back` or `icon--spin`.
#[component]
pub fn Icon(name: &'static str, #[prop(optional)] class: &'static str) -> impl IntoView {
    let class = if class.is_empty() { "icon".to_owned() } else { format!("icon {class}") };
    view! {
        <svg class=class aria-hidden="true">
            <use href=format!("/assets/icons.svg#i-{name}")></use>
        </svg>
    }
}

static MARKS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("../../../style/assets/apps.svg")
        .split("id=\"app-")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
});

/// The mark of an app on its tile; one that has none gets a parcel. `size`: `small`, `large` or empty.
#[component]
pub fn AppMark(#[prop(into)] slug: String, #[prop(optional)] size: &'static str) -> impl IntoView {
    let class = if size.is_empty() { "app-mark".to_owned() } else { format!("app-mark app-mark--{size}") };
    let href = if MARKS.contains(slug.as_str()) {
        format!("/assets/apps.svg#app-{slug}")
    } else {
        "/assets/icons.svg#i-package".to_owned()
    };
    view! {
        <span class=class>
            <svg aria-hidden="true"><use href=href></use></svg>
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::MARKS;

    #[test]
    fn the_marks_are_read_out_of_the_sprite() {
        assert!(MARKS.contains("wordpress") && MARKS.contains("postgres"));
        assert!(!MARKS.contains("nothing-of-the-kind"));
    }
}
