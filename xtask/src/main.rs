//! What the Makefile calls: builds the site, runs and tests everything, holds the rules that need
//! more than a compiler.

mod bench;
mod commands;
mod docs;
mod lint;
mod packages;
mod postgres;
mod prepare;
mod run;
mod site;
mod size;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "The project's own build steps", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build target/site: WebAssembly, style sheet, assets
    Site {
        /// Optimized, without comments, and compressed beforehand
        #[arg(long)]
        release: bool,
    },
    /// Build what changed and serve it with development defaults
    Run,
    /// The release: target/release/catalyst and target/site
    Build,
    /// Measure the release and write docs/benchmarks.md
    Bench,
    /// Sizes of the release's WebAssembly and JavaScript against the budget
    Size,
    /// Every test: Rust, then the browser's
    Test {
        /// Leave the browser out
        #[arg(long)]
        rust_only: bool,
        /// Only the Rust tests that take minutes, which are left out otherwise
        #[arg(long)]
        slow: bool,
        /// Only Rust tests whose name contains one of these
        filter: Vec<String>,
    },
    /// Formatting, clippy, and the project's own rules
    Lint {
        /// Only the project's own rules, which compile nothing
        #[arg(long)]
        rules: bool,
    },
    /// Compare what the documents say with what is there, and run their marked snippets
    Docs,
    /// Print where to go once the server answers
    #[command(hide = true)]
    Announce,
    /// Renew app/domain/.sqlx from the migrations and the queries
    Prepare {
        /// Write nothing; fail if something would change
        #[arg(long)]
        check: bool,
    },
    /// A PostgreSQL cluster in a folder, for work by hand
    Postgres(postgres::Arguments),
}

fn build() -> Result<()> {
    site::build(site::Mode::Release)?;
    let mut release = commands::cargo();
    release.args(["build", "--release", "-p", "catalyst", "--bin", "catalyst"]);
    commands::step("the server", &mut release)?;
    size::run()?;
    println!(
        "\nThe release: {} and {}",
        commands::target().join("release/catalyst").display(),
        site::root().display()
    );
    Ok(())
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Site { release: false } => site::build(site::Mode::Development),
        Task::Site { release: true } => site::build(site::Mode::Release),
        Task::Run => run::run(),
        Task::Build => build(),
        Task::Bench => build().and_then(|()| bench::run()),
        Task::Size => size::run(),
        Task::Test { rust_only, slow, filter } => {
            test::run(!rust_only && !slow && filter.is_empty(), slow, &filter)
        }
        Task::Lint { rules } => lint::run(rules),
        Task::Docs => docs::run(),
        Task::Announce => {
            run::announce();
            Ok(())
        }
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
