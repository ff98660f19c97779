//! Percent-encoding and forms, read strictly: what is not UTF-8, or holds a NUL, is refused instead of
//! being replaced.

use domain::error::{Error, Problem, Result};

/// The largest body of a request, in bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// The bytes of a percent-encoded text; none when a `%` is not followed by two hexadecimal digits.
pub fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

/// Whether a percent-encoded text is UTF-8 without NUL.
pub fn is_clean(text: &str) -> bool {
    percent_decode(text.as_bytes())
        .is_some_and(|bytes| !bytes.contains(&0) && String::from_utf8(bytes).is_ok())
}

/// The fields of an `application/x-www-form-urlencoded` body, in their order. The error names the
/// field that holds what cannot be stored.
pub fn parse_form(body: &[u8]) -> Result<Vec<(String, String)>> {
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(parse_pair).collect()
}

fn parse_pair(pair: &[u8]) -> Result<(String, String)> {
    let mut parts = pair.splitn(2, |byte| *byte == b'=');
    let name = decode_field(parts.next().unwrap_or_default())
        .filter(|name| name.len() <= 100 && !name.chars().any(char::is_control))
        .ok_or_else(|| Error::invalid("form", Problem::ControlCharacters))?;
    match decode_field(parts.next().unwrap_or_default()) {
        Some(value) => Ok((name, value)),
        None => Err(Error::invalid(&name, Problem::ControlCharacters)),
    }
}

fn decode_field(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let text = String::from_utf8(percent_decode(&spaced)?).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// The first value of a field.
pub fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_typed() {
        let pairs =
            parse_form("name=Al+Noor+%26+Co&apps=a&apps=b&empty=&city=%D9%85%D8%B3%D9%82%D8%B7".as_bytes());
        let pairs = pairs.expect("a form");
        assert_eq!(field(&pairs, "name"), "Al Noor & Co");
        assert_eq!(field(&pairs, "city"), "مسقط");
        assert_eq!(pairs.iter().filter(|(name, _)| name == "apps").count(), 2);
        assert_eq!(parse_form(b""), Ok(Vec::new()));
    }

    #[test]
    fn what_cannot_be_stored_is_refused_with_the_fields_name() {
        for body in ["a=1&city=%FF", "a=1&city=x%00y", "a=1&city=%zz", "a=1&city=%2"] {
            assert_eq!(
                parse_form(body.as_bytes()),
                Err(Error::invalid("city", Problem::ControlCharacters)),
                "{body}"
            );
        }
        assert!(parse_form(b"a=1&\xff=2").is_err());
    }

    #[test]
    fn paths_hold_text() {
        assert!(is_clean("/apps/%D9%85?x=a%20b"));
        for bad in ["/%00", "/%ff", "/%", "/%e2%82"] {
            assert!(!is_clean(bad), "{bad}");
        }
    }
}
