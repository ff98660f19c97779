//! What `cargo xtask` is asked to do.

use clap::{Parser, Subcommand};

use crate::postgres;

#[derive(Parser)]
#[command(name = "xtask", about = "The project's own build steps", disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
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
        /// Only the Rust tests that take minutes, which are left out otherwise; then the mutants
        #[arg(long)]
        slow: bool,
        /// Only Rust tests whose name contains one of these
        filter: Vec<String>,
    },
    /// Take the domain's guards away, one by one, and see that its tests of races notice
    Mutants {
        /// Only these of app/domain/tests/mutants.toml
        names: Vec<String>,
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
