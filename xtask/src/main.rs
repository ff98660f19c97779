//! What the Makefile calls: builds the site, runs and tests everything, holds the rules that need
//! more than a compiler.

mod commands;
mod postgres;
mod prepare;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "The project's own build steps", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Renew app/domain/.sqlx from the migrations and the queries
    Prepare {
        /// Write nothing; fail if something would change
        #[arg(long)]
        check: bool,
    },
    /// A PostgreSQL cluster in a folder, for work by hand
    Postgres(postgres::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Prepare { check } => prepare::run(check),
        Task::Postgres(arguments) => postgres::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
