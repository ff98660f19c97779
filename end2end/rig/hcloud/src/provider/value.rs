//! A resource's state as JSON. What is not known before the apply is a text that nobody writes.

use serde_json::{Map, Value};
use tf_provider::value::ValueAny;

const UNKNOWN: &str = "\u{0}not known yet";

pub fn unknown() -> Value {
    Value::from(UNKNOWN)
}

pub fn is_unknown(value: &Value) -> bool {
    value.as_str() == Some(UNKNOWN)
}

/// Nothing, or what an API says where nothing was asked.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

pub fn from_wire(value: ValueAny) -> Value {
    match value {
        ValueAny::String(text) => Value::from(text),
        ValueAny::Number(number) => Value::from(number),
        ValueAny::Bool(flag) => Value::from(flag),
        ValueAny::List(list) => list.into_iter().map(from_wire).collect(),
        ValueAny::Map(map) => map.into_iter().map(|(key, value)| (key, from_wire(value))).collect(),
        ValueAny::Null => Value::Null,
        ValueAny::Unknown => unknown(),
    }
}

pub fn to_wire(value: Value) -> ValueAny {
    match value {
        value if is_unknown(&value) => ValueAny::Unknown,
        Value::Null => ValueAny::Null,
        Value::Bool(flag) => ValueAny::Bool(flag),
        Value::Number(number) => ValueAny::Number(number.as_i64().unwrap_or_default()),
        Value::String(text) => ValueAny::String(text),
        Value::Array(list) => ValueAny::List(list.into_iter().map(to_wire).collect()),
        Value::Object(map) => map_to_wire(map),
    }
}

fn map_to_wire(map: Map<String, Value>) -> ValueAny {
    ValueAny::Map(map.into_iter().map(|(key, value)| (key, to_wire(value))).collect())
}

/// Equal, the order of lists aside: sets come in any.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().all(|one| b.iter().any(|other| same(one, other)))
        }
        _ => a == b,
    }
}

/// What was asked agrees with what is: where nothing was asked, or it is not known yet, anything does.
pub fn agrees(asked: &Value, is: &Value) -> bool {
    match (asked, is) {
        _ if is_unknown(asked) => true,
        (Value::Object(asked), Value::Object(is)) => {
            asked.iter().all(|(key, value)| agrees(value, is.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(asked), Value::Array(is)) => {
            asked.len() == is.len() && asked.iter().all(|one| is.iter().any(|other| agrees(one, other)))
        }
        (Value::Null, _) => true,
        (asked, is) => same(asked, is) || (is_empty(asked) && is_empty(is)),
    }
}
