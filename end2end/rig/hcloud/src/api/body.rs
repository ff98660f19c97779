//! Reading a request's body: the field's name in every refusal, as the API does it.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::labels;

type Result<T> = std::result::Result<T, ApiError>;

#[derive(Clone, Copy, Debug)]
pub struct Body<'a>(pub &'a Value);

impl<'a> Body<'a> {
    /// A field that was sent and is not null.
    pub fn get(self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    pub fn text(self, field: &str) -> Result<&'a str> {
        self.maybe_text(field)?.ok_or_else(|| ApiError::invalid(field, "Missing data for required field."))
    }

    pub fn maybe_text(self, field: &str) -> Result<Option<&'a str>> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::invalid(field, "Not a valid string.")),
        }
    }

    pub fn one_of(self, field: &str, allowed: &[&str]) -> Result<&'a str> {
        let text = self.text(field)?;
        if allowed.contains(&text) {
            return Ok(text);
        }
        Err(ApiError::invalid(field, &format!("Must be one of: {}.", allowed.join(", "))))
    }

    pub fn number(self, field: &str) -> Result<u64> {
        self.maybe_number(field)?.ok_or_else(|| ApiError::invalid(field, "Missing data for required field."))
    }

    pub fn maybe_number(self, field: &str) -> Result<Option<u64>> {
        match self.get(field) {
            None => Ok(None),
            Some(value) => {
                value.as_u64().map(Some).ok_or_else(|| ApiError::invalid(field, "Not a valid integer."))
            }
        }
    }

    pub fn port(self, field: &str) -> Result<u64> {
        Some(self.number(field)?)
            .filter(|port| (1..=65535).contains(port))
            .ok_or_else(|| ApiError::invalid(field, "Must be between 1 and 65535."))
    }

    pub fn flag(self, field: &str, default: bool) -> Result<bool> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| ApiError::invalid(field, "Not a valid boolean.")),
        }
    }

    pub fn list(self, field: &str) -> Result<&'a [Value]> {
        match self.get(field) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(ApiError::invalid(field, "Not a valid list.")),
        }
    }

    pub fn labels(self) -> Result<Value> {
        let Some(value) = self.get("labels") else {
            return Ok(Value::Object(Map::new()));
        };
        let map =
            value.as_object().ok_or_else(|| ApiError::invalid("labels", "Not a valid mapping type."))?;
        labels::check(map)?;
        Ok(value.clone())
    }

    /// A network with no bits set behind its prefix.
    pub fn range(self, field: &str) -> Result<Ipv4Net> {
        let net: Ipv4Net =
            self.text(field)?.parse().map_err(|_| ApiError::invalid(field, "Not a valid CIDR."))?;
        if net.trunc() == net { Ok(net) } else { Err(ApiError::invalid(field, "Has host bits set.")) }
    }

    pub fn address(self, field: &str) -> Result<Option<Ipv4Addr>> {
        self.maybe_text(field)?
            .map(|text| text.parse().map_err(|_| ApiError::invalid(field, "Not a valid IPv4 address.")))
            .transpose()
    }
}
