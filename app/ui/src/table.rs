//! The one table. On phones each row is a sheet of names and values: a cell says its column's name in
//! `data-label` and holds exactly one element.

use leptos::prelude::*;

/// A column's heading.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    label: &'static str,
    end: bool,
    hidden: bool,
}

impl Column {
    pub const fn new(label: &'static str) -> Self {
        Self { label, end: false, hidden: false }
    }

    /// Numbers, which line up at the end of the line.
    pub const fn end(label: &'static str) -> Self {
        Self { label, end: true, hidden: false }
    }

    /// Read aloud only: the column of the buttons.
    pub const fn hidden(label: &'static str) -> Self {
        Self { label, end: false, hidden: true }
    }
}

/// `children` are the rows.
#[component]
pub fn Table(columns: Vec<Column>, children: Children) -> impl IntoView {
    let head = columns
        .into_iter()
        .map(|Column { label, end, hidden }| {
            let text = if hidden {
                view! { <span class="sr-only">{label}</span> }.into_any()
            } else {
                label.into_any()
            };
            view! { <th scope="col" data-align=end.then_some("end")>{text}</th> }
        })
        .collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
