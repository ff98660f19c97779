//! `catalyst openapi`: prints the description of REST.

use anyhow::Result;

use crate::web::rest;

pub(super) fn run() -> Result<()> {
    println!("{}", serde_json::to_string_pretty(&rest::openapi())?);
    Ok(())
}
