//! `catalyst cluster`: writes and audits a Sovereign's Flux tree. Needs no database.
//!
//! Exit codes: 0 nothing to report, 1 findings, 2 a cycle among them, 3 wrong arguments or files
//! that cannot be read or written.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use ::cluster::{Fqdn, Lock, ServerType, Topology, audit, exit, exit_code, render};
use anyhow::Result;
use clap::Subcommand;

use crate::Config;

#[derive(Subcommand)]
pub enum Cluster {
    /// Write the tree of a Sovereign
    Render {
        /// Its domain, e.g. acme.omani.works
        fqdn: String,
        /// solo: one control plane; ha: three
        #[arg(long)]
        topology: String,
        /// A folder that does not exist yet, or is empty
        #[arg(long)]
        out: PathBuf,
    },
    /// Report what is wrong with a tree. Exit code: 0 nothing, 1 findings, 2 a cycle, 3 unreadable
    Audit {
        dir: PathBuf,
        /// What its servers are, for the sum of memory
        #[arg(long, default_value = ::cluster::DEFAULT_SERVER_TYPE)]
        server_type: String,
    },
}

impl Cluster {
    pub fn run(self) -> ExitCode {
        let done = match self {
            Self::Render { fqdn, topology, out } => write(&fqdn, &topology, &out),
            Self::Audit { dir, server_type } => report(&dir, &server_type),
        };
        ExitCode::from(done.unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            exit::UNUSABLE
        }))
    }
}

fn write(fqdn: &str, topology: &str, out: &Path) -> Result<u8> {
    let infra = Config::infra_dir_from_env();
    let fqdn: Fqdn = fqdn.parse().map_err(anyhow::Error::msg)?;
    let topology: Topology = topology.parse().map_err(anyhow::Error::msg)?;
    let lock = Lock::read(&infra.join("versions.yaml"))?;
    render(&infra.join("clusters/_template"), &lock, &fqdn, topology, out)?;
    println!("{} is the tree of {fqdn} ({topology})", out.display());
    Ok(exit::OK)
}

fn report(dir: &Path, server_type: &str) -> Result<u8> {
    let server: ServerType = server_type.parse()?;
    let findings = audit(dir, server)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("{}: nothing to report", dir.display()),
        number => println!("{}: {number} finding(s)", dir.display()),
    }
    Ok(exit_code(&findings))
}
