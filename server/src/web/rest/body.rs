//! Reading a request's body: at most 64 KiB of JSON, one object, no field that is not known. What is
//! wrong with it is told by the name of the field.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};
use domain::error::Problem;
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};

use super::error::Failure;
use crate::web::encoding::BODY_MAX;

/// A body that was received and not read yet: who asks is found out first.
pub struct Body(Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if let Some(kind) = request.headers().get(CONTENT_TYPE) {
            let kind = kind.to_str().unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if kind != "application/json" && !kind.ends_with("+json") {
                let message = "send the body as application/json";
                return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message));
            }
        }
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let message = format!("the body is longer than {BODY_MAX} bytes");
                Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            } else {
                Failure::bad_request("not_received", "the body was not received whole")
            }
        })
    }
}

impl Body {
    /// Errors are 400 and name the field where there is one to name.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let text = std::str::from_utf8(&self.0).map_err(|_| not_utf8(&self.0))?;
        if !text.trim_start().starts_with('{') {
            return Err(Failure::bad_request("malformed_json", "the body is not a JSON object"));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            explain(&path, error.inner())
        })?;
        reader.end().map_err(|error| explain("", &error))?;
        Ok(value)
    }
}

/// Turns a reader's error into words; of its text only what holds nothing of the request is kept.
fn explain(path: &str, error: &serde_json::Error) -> Failure {
    if error.classify() != Category::Data {
        let (line, column) = (error.line(), error.column());
        let message = format!("the body is not JSON: line {line}, column {column}");
        return Failure::bad_request("malformed_json", message);
    }
    let text = error.to_string();
    let inside =
        |name: &str| if path.is_empty() || path == "." { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(name) = quoted(&text, "missing field `") {
        return Failure::required(&inside(name));
    }
    if let Some(name) = quoted(&text, "duplicate field `") {
        let message = format!("{name} is given twice");
        return Failure::bad_request("duplicate_field", message).at(inside(name));
    }
    if text.starts_with("unknown field `") {
        return Failure::bad_request("unknown_field", format!("{} is not a field", shorten(path)))
            .at(shorten(path));
    }
    let expected = text.rsplit_once("expected ").map_or("another type", |(_, expected)| expected);
    let expected = expected.split(" at line ").next().unwrap_or(expected);
    let expected = if expected.starts_with("struct ") { "an object" } else { expected };
    Failure::bad_request("wrong_type", format!("{path} is of the wrong type; expected {expected}")).at(path)
}

fn quoted<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.split('`').next()
}

/// A field's name as somebody sent it, short enough to be told back.
fn shorten(name: &str) -> String {
    name.chars().take(100).collect()
}

/// Finds the field whose text is not UTF-8.
fn not_utf8(bytes: &[u8]) -> Failure {
    let failure = Failure::bad_request("not_utf8", "the body is not UTF-8");
    let lossy = String::from_utf8_lossy(bytes);
    match serde_json::from_str::<Value>(&lossy).ok().and_then(|value| replaced(&value)) {
        Some(path) => failure.at(shorten(&path)),
        None => failure,
    }
}

fn replaced(value: &Value) -> Option<String> {
    let bad = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    match value {
        Value::String(text) => bad(text).then(String::new),
        Value::Array(items) => items.iter().find_map(replaced),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            if bad(name) {
                return Some(name.clone());
            }
            let rest = replaced(value)?;
            Some(if rest.is_empty() { name.clone() } else { format!("{name}.{rest}") })
        }),
        _ => None,
    }
}

/// At most `max` texts, each one line of at most 64 characters: slugs and ids.
pub fn names(texts: &[String], max: usize) -> Result<Vec<String>, Problem> {
    if texts.len() > max {
        return Err(Problem::OutOfRange { min: 0, max: i64::try_from(max).unwrap_or(i64::MAX) });
    }
    texts.iter().map(|text| domain::text::plain_text(text, 64)).collect()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        code: String,
        count: Option<i64>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        name: String,
    }

    async fn refusal(body: impl Into<Bytes>) -> Value {
        let failure = Body(body.into()).read::<Outer>().expect_err("a refusal").into_response();
        assert_eq!(failure.status(), StatusCode::BAD_REQUEST);
        let bytes = axum::body::to_bytes(failure.into_body(), BODY_MAX).await.expect("a body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[tokio::test]
    async fn each_mistake_is_told_by_its_fields_name() {
        for (body, error, field) in [
            (r#"{"code":"A","count":"1"}"#, "wrong_type", "count"),
            (r#"{"code":"A","count":1.5}"#, "wrong_type", "count"),
            (r#"{"code":1}"#, "wrong_type", "code"),
            (r#"{"code":null}"#, "wrong_type", "code"),
            (r#"{"count":1}"#, "required", "code"),
            (r#"{"code":"A","else":1}"#, "unknown_field", "else"),
            (r#"{"code":"A","code":"B"}"#, "duplicate_field", "code"),
            (r#"{"code":"A","inner":{}}"#, "required", "inner.name"),
            (r#"{"code":"A","inner":{"name":"A","x":1}}"#, "unknown_field", "inner.x"),
            (r#"{"code":"A","inner":{"name":[]}}"#, "wrong_type", "inner.name"),
            (r#"{"code":"A","inner":5}"#, "wrong_type", "inner"),
        ] {
            let told = refusal(body).await;
            assert_eq!(
                (told["error"].as_str(), told["field"].as_str()),
                (Some(error), Some(field)),
                "{body}"
            );
        }
        for body in ["", "{", "[]", "5", r#"{"code":"A"} x"#, "{\"code\":\"A\n\"}"] {
            assert_eq!(refusal(body).await["error"], "malformed_json", "{body}");
        }
    }

    #[tokio::test]
    async fn what_is_not_utf_8_is_told_by_its_fields_name() {
        let told = refusal(b"{\"code\":\"A\",\"inner\":{\"name\":\"\xff\"}}".to_vec()).await;
        assert_eq!((&told["error"], &told["field"]), (&"not_utf8".into(), &"inner.name".into()));
    }
}
