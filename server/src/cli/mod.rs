//! The command line: one file a command, with its arguments, its help and its work.

mod admin;
pub mod backup;
mod cluster;
mod database;
mod healthcheck;
pub mod migrate;
mod openapi;
pub mod restore;
mod serve;
mod token;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{Config, config::Audience};

#[derive(Parser)]
#[command(version, about = "A cloud marketplace", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Settings are environment variables: see .env.example.
#[derive(Subcommand)]
enum Command {
    /// Serve pages and REST, and work on jobs (CATALYST_WORKER=off: not)
    Serve,
    /// Work on jobs only
    Worker,
    /// Bring the database and the catalog to this version
    Migrate,
    /// Administrators
    #[command(subcommand)]
    Admin(admin::Admin),
    /// API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// The Flux tree of a Sovereign
    #[command(subcommand)]
    Cluster(cluster::Cluster),
    /// Write the whole product into a new folder: database, repositories, key. Beside a running server
    Backup { folder: PathBuf },
    /// Read a backup into an installation that is empty
    Restore { folder: PathBuf },
    /// Ask the server at CATALYST_LISTEN whether it is alive
    Healthcheck,
    /// Print the description of REST
    Openapi,
}

/// Does what the arguments of the process say.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // 2, clap's own, is a finding of `cluster audit`.
        Err(error) => {
            let wrong = error.use_stderr();
            _ = error.print();
            return if wrong { ExitCode::from(::cluster::exit::UNUSABLE) } else { ExitCode::SUCCESS };
        }
    };
    let done = match arguments.command {
        Command::Cluster(command) => return command.run(),
        Command::Openapi => openapi::run(),
        command => run_with_settings(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run_with_settings(command: Command) -> Result<()> {
    let audience = match command {
        Command::Serve | Command::Worker => Audience::People,
        _ => Audience::Nobody,
    };
    let config = Config::from_env(audience)?;
    let _log = config.log.begin()?;
    match command {
        Command::Serve => serve::serve(config).await,
        Command::Worker => serve::work(config).await,
        Command::Migrate => migrate::run(&config).await,
        Command::Admin(command) => admin::run(&config, command).await,
        Command::Token(command) => token::run(&config, command).await,
        Command::Backup { folder } => backup::make(&config, &folder).await,
        Command::Restore { folder } => restore::restore(&config, &folder).await,
        Command::Healthcheck => healthcheck::run(&config),
        Command::Cluster(_) | Command::Openapi => Ok(()),
    }
}
