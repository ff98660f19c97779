//! Labels and label selectors.
//!
//! Imitated: the documented form of keys (optional DNS prefix, name of at most 63 characters) and
//! values, and the selectors `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`.

use serde_json::{Map, Value};

use super::error::ApiError;

pub fn check(labels: &Map<String, Value>) -> Result<(), ApiError> {
    for (key, value) in labels {
        let (prefix, name) = match key.split_once('/') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, key.as_str()),
        };
        let prefix_ok = prefix.is_none_or(|prefix| {
            !prefix.is_empty()
                && prefix.len() <= 253
                && prefix.split('.').all(|part| word(part, "-"))
                && !prefix.ends_with("hetzner.cloud")
        });
        if !prefix_ok || name.is_empty() || !word(name, "-_.") {
            return Err(ApiError::invalid(
                "labels",
                &format!("label key '{key}' is not correctly formatted"),
            ));
        }
        let value_ok = value.as_str().is_some_and(|value| value.is_empty() || word(value, "-_."));
        if !value_ok {
            return Err(ApiError::invalid(
                "labels",
                &format!("label value of '{key}' is not correctly formatted"),
            ));
        }
    }
    Ok(())
}

/// At most 63 characters, letters and digits at both ends, `inside` between them too.
pub fn word(text: &str, inside: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || inside.contains(c))
}

pub fn matches(selector: &str, labels: &Value) -> Result<bool, ApiError> {
    for term in terms(selector) {
        if !term_matches(term.trim(), labels)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Splits at the commas that stand outside parentheses.
fn terms(selector: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in selector.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&selector[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&selector[start..]);
    found
}

fn term_matches(term: &str, labels: &Value) -> Result<bool, ApiError> {
    let value = |key: &str| labels.get(key.trim()).and_then(Value::as_str);
    let malformed = || ApiError::invalid("label_selector", "is not a valid label selector");
    if let Some((key, set)) = term.split_once(" notin ") {
        return Ok(!members(set).ok_or_else(malformed)?.contains(&value(key).unwrap_or_default()));
    }
    if let Some((key, set)) = term.split_once(" in ") {
        let set = members(set).ok_or_else(malformed)?;
        return Ok(value(key).is_some_and(|value| set.contains(&value)));
    }
    if let Some((key, wanted)) = term.split_once("!=") {
        return Ok(value(key) != Some(wanted.trim()));
    }
    if let Some((key, wanted)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Ok(value(key) == Some(wanted.trim()));
    }
    match term.strip_prefix('!') {
        Some(key) => Ok(value(key).is_none()),
        None if term.is_empty() => Err(malformed()),
        None => Ok(value(term).is_some()),
    }
}

fn members(set: &str) -> Option<Vec<&str>> {
    let inner = set.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_choose_by_label() {
        let labels = json!({"role": "worker", "catalyst.openova.io/sovereign": "a.example"});
        for (selector, chosen) in [
            ("role", true),
            ("!role", false),
            ("role=worker", true),
            ("role==control-plane", false),
            ("role!=control-plane", true),
            ("role in (worker, edge)", true),
            ("role notin (worker,edge)", false),
            ("catalyst.openova.io/sovereign=a.example,role=worker", true),
        ] {
            assert_eq!(matches(selector, &labels).unwrap(), chosen, "{selector}");
        }
        assert!(matches("", &labels).is_err());
    }

    #[test]
    fn labels_that_the_cloud_would_refuse_are_refused() {
        for (key, value) in
            [("role", "a b"), ("role", "-a"), ("/role", "a"), ("hetzner.cloud/x", "a"), ("", "a")]
        {
            let map = json!({ key: value });
            assert!(check(map.as_object().unwrap()).is_err(), "{key}={value}");
        }
        assert!(check(&"x".repeat(64).chars().map(|c| (c.to_string(), json!("ok"))).collect()).is_ok());
    }
}
