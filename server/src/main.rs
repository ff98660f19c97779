//! The program: one binary, its subcommands in `catalyst::commands`.

mod cluster;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use catalyst::{Config, backup, commands, config::Audience};
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
    Admin(Admin),
    /// API tokens
    #[command(subcommand)]
    Token(Token),
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

#[derive(Subcommand)]
enum Admin {
    /// Give an address a role: superadmin, sovereign-admin, support or customer
    Grant { email: String, role: String },
}

#[derive(Subcommand)]
enum Token {
    /// Make a token and print it, alone and once
    Create {
        email: String,
        /// What it may be used for: vouchers, orders. Without: whatever the account may do
        #[arg(long)]
        scope: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // 2, clap's own, is a finding of `cluster audit`.
        Err(error) => {
            let wrong = error.use_stderr();
            _ = error.print();
            return if wrong { ExitCode::from(::cluster::exit::UNUSABLE) } else { ExitCode::SUCCESS };
        }
    };
    if let Command::Cluster(command) = arguments.command {
        return command.run();
    }
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> Result<()> {
    if let Command::Openapi = command {
        println!("{}", serde_json::to_string_pretty(&catalyst::rest::openapi())?);
        return Ok(());
    }
    let audience = match command {
        Command::Serve | Command::Worker => Audience::People,
        _ => Audience::Nobody,
    };
    let config = Config::from_env(audience)?;
    let _log = config.log.begin()?;
    match command {
        Command::Serve => commands::serve(config).await,
        Command::Worker => commands::work(config).await,
        Command::Migrate => commands::migrate(&config).await,
        Command::Admin(Admin::Grant { email, role }) => commands::grant(&config, &email, &role).await,
        Command::Token(Token::Create { email, scope }) => {
            commands::create_token(&config, &email, &scope).await
        }
        Command::Backup { folder } => backup::make(&config, &folder).await,
        Command::Restore { folder } => backup::restore(&config, &folder).await,
        Command::Healthcheck => commands::healthcheck(&config),
        Command::Cluster(_) | Command::Openapi => Ok(()),
    }
}
