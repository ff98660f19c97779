//! Makes a part of the page what the server says it is, and leaves alone what is that already: what has the
//! focus keeps it, what was typed stays, a live region is still the one that is listened to.

use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, Node};

/// Gives `old` the tag, attributes and children of `new`, which comes to pieces by it.
pub(crate) fn morph(old: &Node, new: &Node) {
    if old.is_equal_node(Some(new)) {
        return;
    }
    match (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        (Some(old), Some(new)) if old.tag_name() == new.tag_name() && old.id() == new.id() => {
            attributes(old, new);
            children(old, new);
        }
        (None, None) if old.node_type() == new.node_type() => {
            old.set_node_value(new.node_value().as_deref());
        }
        _ => {
            if let Some(parent) = old.parent_node() {
                parent.replace_child(new, old).ok();
            }
        }
    }
}

fn attributes(old: &Element, new: &Element) {
    for name in old.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        if !new.has_attribute(&name) {
            old.remove_attribute(&name).ok();
        }
    }
    for name in new.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        let value = new.get_attribute(&name).unwrap_or_default();
        if old.get_attribute(&name).as_ref() != Some(&value) {
            old.set_attribute(&name, &value).ok();
        }
    }
}

fn children(old: &Element, new: &Element) {
    let (mut mine, mut theirs) = (old.first_child(), new.first_child());
    loop {
        // Their next ones are asked for before either moves.
        let after = (next(mine.as_ref()), next(theirs.as_ref()));
        match (&mine, &theirs) {
            (Some(mine), Some(theirs)) => morph(mine, theirs),
            (Some(mine), None) => {
                old.remove_child(mine).ok();
            }
            (None, Some(theirs)) => {
                old.append_child(theirs).ok();
            }
            (None, None) => return,
        }
        (mine, theirs) = after;
    }
}

fn next(node: Option<&Node>) -> Option<Node> {
    node?.next_sibling()
}
