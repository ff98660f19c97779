//! What `make bench` runs: starts the release as a process, measures it, and writes docs/benchmarks.md.

mod lists;
mod load;
mod orders;
mod pages;
mod plain;
mod process;
mod report;
mod tree;
mod viewers;
mod world;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{process::take_the_load_core, report::Report, world::World};

#[derive(Parser)]
#[command(disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything
    Run {
        /// The repository, which has infra/, docs/benchmarks.md and target/site
        #[arg(long)]
        root: PathBuf,
        /// The release's binary
        #[arg(long)]
        catalyst: PathBuf,
        /// The release's site
        #[arg(long)]
        site: PathBuf,
        /// A folder that may be removed
        #[arg(long)]
        folder: PathBuf,
    },
    /// Serve copies of another server's pages, and nothing else
    Plain { listen: SocketAddr, from: String },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Plain { listen, from } => plain::serve(listen, &from).await,
        Command::Run { root, catalyst, site, folder } => {
            let world = World::start(&root, &catalyst, &site, folder.join("orders"))?;
            let orders = orders::measure(&world).await?;
            drop(world);
            take_the_load_core()?;
            let world = World::start(&root, &catalyst, &site, folder)?;
            let tree = tree::measure(&world)?;
            let pages = pages::measure(&world).await?;
            let viewers = viewers::measure(&world).await?;
            Report { orders, tree, pages, viewers }.write(&world, &root)
        }
    }
}
