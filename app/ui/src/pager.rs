//! The way through a long list: links to its next page and back to its newest, which keep what else the address says.

use domain::page::{Cursor, Page, PageRequest};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use crate::{
    icon::Icon,
    messages::{Messages, fill},
    page::encode,
};

/// Where a page reads a list.
#[derive(Clone, Debug)]
pub struct Pager {
    path: &'static str,
    /// The list's own name in the address: a page may have several lists.
    name: &'static str,
    after: Option<Cursor>,
    kept: Vec<(&'static str, String)>,
    anchor: &'static str,
}

impl Pager {
    /// A cursor that was never given out shows the newest.
    pub fn of(path: &'static str, query: &ParamsMap, name: &'static str) -> Self {
        let after = query.get(name).and_then(|text| Cursor::parse(&text).ok());
        Self { path, name, after, kept: Vec::new(), anchor: "" }
    }

    /// Keeps another part of the address, if it is there.
    #[must_use]
    pub fn keeping(mut self, query: &ParamsMap, name: &'static str) -> Self {
        self.kept.extend(query.get(name).map(|value| (name, value)));
        self
    }

    /// Leads to this element of the page.
    #[must_use]
    pub fn to(self, anchor: &'static str) -> Self {
        Self { anchor, ..self }
    }

    /// So many rows, from where the address says.
    pub const fn wanted(&self, limit: i64) -> PageRequest {
        PageRequest { after: self.after, limit }
    }

    /// Whether this is the newest page, so that a list without rows has none at all.
    pub const fn is_newest(&self) -> bool {
        self.after.is_none()
    }

    /// The address of a page, with one more part of it, such as `("edit", code)`.
    pub fn here_with(&self, name: &'static str, value: &str) -> String {
        self.address(self.after, Some((name, value)))
    }

    /// The same without what else is kept.
    pub fn only_with(&self, name: &'static str, value: &str) -> String {
        Self { kept: Vec::new(), ..self.clone() }.here_with(name, value)
    }

    /// The address of this page.
    pub fn here(&self) -> String {
        self.address(self.after, None)
    }

    fn address(&self, after: Option<Cursor>, more: Option<(&str, &str)>) -> String {
        let kept = self.kept.iter().map(|(name, value)| (*name, encode(value)));
        let after = after.map(|cursor| (self.name, cursor.to_string()));
        let more = more.map(|(name, value)| (name, encode(value)));
        let parts: Vec<_> =
            kept.chain(after).chain(more).map(|(name, value)| format!("{name}={value}")).collect();
        if parts.is_empty() { self.path.to_owned() } else { format!("{}?{}", self.path, parts.join("&")) }
    }

    /// The links, where there is somewhere to go. `list`: what is listed, for those who hear the page.
    pub fn links<T>(&self, words: &'static Messages, list: &str, page: &Page<T>) -> Option<AnyView> {
        let c = &words.common;
        if self.is_newest() && page.next.is_none() {
            return None;
        }
        let at = |after| match self.anchor {
            "" => self.address(after, None),
            anchor => format!("{}#{anchor}", self.address(after, None)),
        };
        let newest = (!self.is_newest()).then(|| {
            view! {
                <a class="button button--quiet" href=at(None)>
                    <Icon name="arrow-right" class="icon--back"/>
                    {c.newest}
                </a>
            }
        });
        let older = page.next.map(|next| {
            view! {
                <a class="button button--quiet" rel="next" href=at(Some(next))>
                    {c.older}
                    <Icon name="arrow-right" class="icon--point"/>
                </a>
            }
        });
        let label = fill(c.pages_of, &[("list", list)]);
        let nothing = page.items.is_empty().then_some(c.nothing_older);
        Some(
            view! {
                <nav class="pager" aria-label=label><span>{nothing}</span><span class="row">{newest} {older}</span></nav>
            }
            .into_any(),
        )
    }
}
