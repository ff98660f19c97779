//! JSON values to YAML text with an order of keys that does not depend on build features.

use super::DeliveryError;
use serde_json::Value;
use serde_yaml_ng::{Mapping, Value as Yaml};

/// What a reader looks for first comes first; the rest is alphabetical.
const FIRST: [&str; 6] = ["apiVersion", "kind", "metadata", "name", "op", "path"];

/// Words that are booleans in YAML 1.1, which kubectl and many libraries read, but not in 1.2.
const WORDS_OF_YAML_1_1: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "=", "<<"];

/// One YAML document that ends in a newline. Strings stay strings for readers of YAML 1.1 and 1.2.
pub(super) fn write_yaml(value: &Value) -> Result<String, DeliveryError> {
    let Some(mark) = ('\u{e000}'..='\u{f8ff}').find(|mark| !contains(value, *mark)) else {
        return Err(DeliveryError::Yaml("it uses every private character".to_owned()));
    };
    let text = serde_yaml_ng::to_string(&convert(value, mark));
    // serde_yaml_ng quotes for YAML 1.2; the marked scalars, and they alone, get their quotes here.
    text.map(|text| text.replace(mark, "'")).map_err(|error| DeliveryError::Yaml(error.to_string()))
}

fn contains(value: &Value, mark: char) -> bool {
    match value {
        Value::String(text) => text.contains(mark),
        Value::Array(items) => items.iter().any(|item| contains(item, mark)),
        Value::Object(fields) => fields.iter().any(|(key, item)| key.contains(mark) || contains(item, mark)),
        _ => false,
    }
}

fn is_ambiguous(text: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '_' | ':' | '.' | '+' | '-' | 'T' | 'Z');
    WORDS_OF_YAML_1_1.contains(&text.to_ascii_lowercase().as_str())
        || (text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(number))
}

fn convert(value: &Value, mark: char) -> Yaml {
    match value {
        Value::Null => Yaml::Null,
        Value::Bool(value) => Yaml::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Yaml::Number(integer.into()),
            None => Yaml::String(number.to_string()),
        },
        Value::String(text) if is_ambiguous(text) => Yaml::String(format!("{mark}{text}{mark}")),
        Value::String(text) => Yaml::String(text.clone()),
        Value::Array(items) => Yaml::Sequence(items.iter().map(|item| convert(item, mark)).collect()),
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_by_key(|key| {
                (FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()), *key)
            });
            let pairs = keys.into_iter().map(|key| (Yaml::String(key.clone()), convert(&fields[key], mark)));
            Yaml::Mapping(pairs.collect::<Mapping>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_string_is_read_back_as_it_was() {
        for text in [
            "yes",
            "Off",
            "y",
            "1_000",
            "12:30:45",
            "2020-01-01",
            "1e3",
            "0x1F",
            "1.0",
            "null",
            "~",
            "-",
            "-1",
            "",
            "1:",
            ":1",
            "-:1",
            "a: b",
            "'",
            "\u{e000}yes\u{e000}",
            "\u{e000}",
            "a\nyes\n",
            "# no",
            "1.",
            "<<",
            "=",
        ] {
            let written = write_yaml(&json!({ "key": text, "list": [text] })).expect("YAML");
            let read: Value = serde_yaml_ng::from_str(&written).unwrap_or_else(|e| panic!("{written}: {e}"));
            assert_eq!(read, json!({ "key": text, "list": [text] }), "{written}");
        }
        assert_eq!(write_yaml(&json!({ "a": "no", "b": "12:30" })), Ok("a: 'no'\nb: '12:30'\n".to_owned()));
    }
}
