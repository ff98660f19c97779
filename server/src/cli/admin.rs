//! `catalyst admin`: who works in the admin area.

use anyhow::Result;
use clap::Subcommand;
use domain::{
    access::{Operator, PlatformRole},
    identity::ops::grant_role,
};

use super::database::{on_database, parse_email};
use crate::Config;

#[derive(Subcommand)]
pub enum Admin {
    /// Give an address a role: superadmin, sovereign-admin, support or customer
    Grant { email: String, role: String },
}

pub(super) async fn run(config: &Config, command: Admin) -> Result<()> {
    match command {
        Admin::Grant { email, role } => grant(config, &email, &role).await,
    }
}

/// Gives an address a role; makes the account if there is none.
async fn grant(config: &Config, email: &str, role: &str) -> Result<()> {
    let email = parse_email(email)?;
    let known = PlatformRole::ALL.map(PlatformRole::name).join(", ");
    let role: PlatformRole =
        role.parse().map_err(|_| anyhow::anyhow!("there is no role {role}. Roles: {known}"))?;
    on_database(config, async |conn| {
        let account = grant_role(&Operator::at_the_command_line(), conn, &email, role).await?;
        println!("{} is {}", account.email, account.role.name());
        Ok(())
    })
    .await
}
