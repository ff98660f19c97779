//! Sentences of the catalogue that hold more than text: an amount, a code, a link.

use leptos::prelude::*;

/// Puts a view in the place of each `{name}` of a message; a place without a view stays as it is.
pub fn rich(message: &str, views: Vec<(&str, AnyView)>) -> AnyView {
    let mut parts: Vec<AnyView> = Vec::new();
    let mut views: Vec<_> = views.into_iter().map(|(name, view)| (name, Some(view))).collect();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        parts.push(before.to_owned().into_any());
        match views.iter_mut().find(|(wanted, view)| *wanted == name && view.is_some()) {
            Some((_, view)) => parts.extend(view.take()),
            None => parts.push(format!("{{{name}}}").into_any()),
        }
        rest = behind;
    }
    parts.push(rest.to_owned().into_any());
    parts.collect_view().into_any()
}
