//! What the text of one module names: what it defines, imports and mentions.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItemFn, Item, ItemUse, LitStr, Macro, Meta, Path, UseTree, Visibility};

use super::tokens::{Found, Mention, plain};

/// What a module says of itself and of others.
#[derive(Default)]
pub(crate) struct Names {
    /// Functions, types and so on; no imports.
    pub(crate) defined: BTreeSet<String>,
    /// Macros that reach the modules below by their bare names.
    pub(crate) macros: BTreeSet<String>,
    pub(crate) imports: Vec<Import>,
    /// All that is written in code; of a macro that is called also its name with the mark, `view!`.
    pub(crate) paths: Vec<Mention<Vec<String>>>,
    /// String literals.
    pub(crate) texts: Vec<Mention<String>>,
}

/// One name of a `use`.
pub(crate) struct Import {
    /// `*` for all there is.
    pub(crate) name: String,
    pub(crate) path: Mention<Vec<String>>,
    /// `pub use`: others find the name here.
    pub(crate) passed_on: bool,
}

impl Names {
    pub(super) fn of(items: &[Item]) -> Names {
        let mut names = Names::default();
        items.iter().for_each(|item| names.visit_item(item));
        names
    }

    fn import(&mut self, item: &ItemUse) {
        let passed_on = !matches!(item.vis, Visibility::Inherited);
        let begin = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        self.import_tree(&item.tree, begin, passed_on);
    }

    fn import_tree(&mut self, tree: &UseTree, mut path: Vec<String>, passed_on: bool) {
        let (name, word) = match tree {
            UseTree::Path(step) => {
                path.push(plain(&step.ident));
                return self.import_tree(&step.tree, path, passed_on);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import_tree(tree, path.clone(), passed_on));
            }
            UseTree::Glob(star) => ("*".to_owned(), star.star_token.spans[0]),
            UseTree::Rename(rename) => {
                path.extend((rename.ident != "self").then(|| plain(&rename.ident)));
                (plain(&rename.rename), rename.ident.span())
            }
            UseTree::Name(leaf) => {
                path.extend((leaf.ident != "self").then(|| plain(&leaf.ident)));
                (path.last().cloned().unwrap_or_default(), leaf.ident.span())
            }
        };
        let path = Mention { what: path, line: word.start().line };
        self.imports.push(Import { name, path, passed_on });
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        let (name, attributes) = described(item);
        if is_for_tests(attributes) {
            return;
        }
        match item {
            // A module of its own.
            Item::Mod(_) => return,
            Item::Use(item) => return self.import(item),
            Item::Macro(item) => self.macros.extend(item.ident.as_ref().map(plain)),
            _ => {}
        }
        self.defined.extend(name.map(plain));
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let begin = path.leading_colon.is_some().then(String::new);
        let what =
            begin.into_iter().chain(path.segments.iter().map(|segment| plain(&segment.ident))).collect();
        let line = path.segments.first().map_or(0, |segment| segment.ident.span().start().line);
        self.paths.push(Mention { what, line });
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(name) = call.path.get_ident() {
            self.paths
                .push(Mention { what: vec![format!("{}!", plain(name))], line: name.span().start().line });
        }
        visit::visit_macro(self, call);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        let mut found = Found::default();
        found.read(tokens.clone());
        self.paths.extend(found.paths);
        self.texts.extend(found.texts);
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.texts.push(Mention { what: text.value(), line: text.span().start().line });
    }

    /// A comment is no text.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if !attribute.path().is_ident("doc") {
            visit::visit_attribute(self, attribute);
        }
    }

    /// `pub(super)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

/// `#[cfg(test)]`, alone or with more.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}

/// An item's name and attributes.
fn described(item: &Item) -> (Option<&Ident>, &[Attribute]) {
    match item {
        Item::Const(item) => (Some(&item.ident), &item.attrs),
        Item::Enum(item) => (Some(&item.ident), &item.attrs),
        Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
        Item::Impl(item) => (None, &item.attrs),
        Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
        Item::Mod(item) => (None, &item.attrs),
        Item::Static(item) => (Some(&item.ident), &item.attrs),
        Item::Struct(item) => (Some(&item.ident), &item.attrs),
        Item::Trait(item) => (Some(&item.ident), &item.attrs),
        Item::Type(item) => (Some(&item.ident), &item.attrs),
        Item::Union(item) => (Some(&item.ident), &item.attrs),
        Item::Use(item) => (None, &item.attrs),
        _ => (None, &[]),
    }
}
