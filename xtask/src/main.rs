//! What the Makefile calls: builds the site, runs and tests everything, holds the rules that need
//! more than a compiler.

mod arguments;
mod bench;
mod commands;
mod docs;
mod lint;
mod mutants;
mod packages;
mod postgres;
mod prepare;
mod run;
mod site;
mod size;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use arguments::{Arguments, Task};

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
            let tested = test::run(!rust_only && !slow && filter.is_empty(), slow, &filter);
            if slow && filter.is_empty() { tested.and_then(|()| mutants::run(&[])) } else { tested }
        }
        Task::Mutants { names } => mutants::run(&names),
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
