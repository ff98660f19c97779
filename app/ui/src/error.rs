//! The error of every server function. It keeps the variant on the wire; no database text is in it.

use domain::error::{Error, Problem};
use leptos::{
    prelude::FromServerFnError,
    server_fn::{codec::JsonEncoding, error::ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error(transparent)]
#[serde(transparent)]
pub struct WireError(#[from] pub Error);

impl FromServerFnError for WireError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Error::invalid("form", Problem::Unknown),
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => {
                Error::Unavailable { what: "server".to_owned() }
            }
            _ => Error::Internal,
        })
    }
}
