//! `catalyst token`: API tokens.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use domain::{
    access::{Operator, Scope},
    identity::ops::create_api_token,
};

use super::database::{on_database, parse_email};
use crate::Config;

#[derive(Subcommand)]
pub enum Token {
    /// Make a token and print it, alone and once
    Create {
        email: String,
        /// What it may be used for: vouchers, orders. Without: whatever the account may do
        #[arg(long)]
        scope: Vec<String>,
    },
}

pub(super) async fn run(config: &Config, command: Token) -> Result<()> {
    match command {
        Token::Create { email, scope } => create(config, &email, &scope).await,
    }
}

/// Prints a new token, and nothing else.
async fn create(config: &Config, email: &str, scopes: &[String]) -> Result<()> {
    let email = parse_email(email)?;
    let known = Scope::ALL.map(Scope::name).join(", ");
    let find = |name: &String| Scope::ALL.into_iter().find(|scope| scope.name() == name);
    let scopes: Vec<Scope> = scopes
        .iter()
        .map(|name| find(name).with_context(|| format!("there is no scope {name}. Scopes: {known}")))
        .collect::<Result<_>>()?;
    on_database(config, async |conn| {
        println!("{}", create_api_token(&Operator::at_the_command_line(), conn, &email, &scopes).await?);
        Ok(())
    })
    .await
}
