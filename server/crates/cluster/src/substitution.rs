//! Flux' own substitution (`postBuild.substituteFrom`): `${NAME}` and `${NAME:=default}`.
//!
//! Two things are stricter here. A name without a value is an error, where Flux puts nothing in its
//! place and applies the hole. And of the many forms that Flux knows only these two are accepted.
//! The escape `$${` stays as it is: Flux reads what is rendered once more, and takes the escape away.

use std::collections::BTreeMap;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SubstitutionError {
    #[error("line {line}: ${{{name}}} has no value and no default")]
    Unset { line: usize, name: String },
    #[error("line {line}: {text:?} is neither ${{NAME}} nor ${{NAME:=default}}")]
    Malformed { line: usize, text: String },
}

/// One placeholder of a text.
pub(crate) struct Placeholder<'a> {
    /// From `$` to `}`.
    pub(crate) range: std::ops::Range<usize>,
    pub(crate) line: usize,
    pub(crate) inner: Option<&'a str>,
}

/// The placeholders of a text, escaped ones left out. `inner` is missing where nothing closes them.
pub(crate) fn placeholders(text: &str) -> Vec<Placeholder<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("${").map(|at| from + at) {
        let line = text[..at].matches('\n').count() + 1;
        if at > 0 && text.as_bytes()[at - 1] == b'$' {
            from = at + 2;
            continue;
        }
        let rest = &text[at + 2..];
        let line_end = rest.find('\n').unwrap_or(rest.len());
        let inner = rest[..line_end].find('}').map(|end| &rest[..end]);
        let end = at + 2 + inner.map_or(line_end, |inner| inner.len() + 1);
        found.push(Placeholder { range: at..end, line, inner });
        from = end;
    }
    found
}

/// The text with every placeholder replaced.
pub fn substitute(text: &str, values: &BTreeMap<String, String>) -> Result<String, SubstitutionError> {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for Placeholder { range, line, inner } in placeholders(text) {
        let malformed = || SubstitutionError::Malformed { line, text: text[range.clone()].to_owned() };
        let inner = inner.ok_or_else(malformed)?;
        let (name, default) = match inner.split_once(":=") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let first = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        if !first || !name.chars().all(|each| each.is_ascii_alphanumeric() || each == '_') {
            return Err(malformed());
        }
        // As in a shell, the colon means: an empty value counts as none.
        let value = match (values.get(name).map(String::as_str), default) {
            (Some(""), Some(default)) | (None, Some(default)) => default,
            (Some(value), _) => value,
            (None, None) => return Err(SubstitutionError::Unset { line, name: name.to_owned() }),
        };
        out.push_str(&text[from..range.start]);
        out.push_str(value);
        from = range.end;
    }
    out.push_str(&text[from..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<String, SubstitutionError> {
        let values = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("EMPTY".to_owned(), String::new())]);
        substitute(text, &values)
    }

    #[test]
    fn values_and_defaults_are_put_in() {
        assert_eq!(with("a: ${A}\nb: ${B:=two}/${A}\n").unwrap(), "a: 1\nb: two/1\n");
        assert_eq!(with("${EMPTY:=full} ${EMPTY}|").unwrap(), "full |");
    }

    #[test]
    fn an_escaped_placeholder_stays_for_flux() {
        assert_eq!(with("$${A} $A $${").unwrap(), "$${A} $A $${");
    }

    #[test]
    fn a_name_without_a_value_is_an_error_and_not_a_hole() {
        let unset = SubstitutionError::Unset { line: 2, name: "B".to_owned() };
        assert_eq!(with("\n${B}").unwrap_err(), unset);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["${A:?no}", "${A/1/2}", "${}", "${1A}", "${A\n}", "${#A}"] {
            assert!(matches!(with(text), Err(SubstitutionError::Malformed { .. })), "{text}");
        }
    }
}
