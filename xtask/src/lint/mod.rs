//! What the compiler does not hold: formatting, clippy, and the project's own rules.

mod arrows;
mod cloud_calls;
mod exceptions;
mod files;
mod modules;
mod sources;
mod sql;
mod style;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::commands::{capture, cargo, root, step};
use crate::packages;
use exceptions::Exceptions;

const WASM: [&str; 6] = ["-p", "frontend", "--target", "wasm32-unknown-unknown", "--profile", "wasm-dev"];

pub(crate) fn run(rules_only: bool) -> Result<()> {
    let exceptions = Exceptions::read()?;
    println!("\n▸ the project's own rules (.ci/exceptions.toml holds what they let pass)");
    let mut faults = Vec::new();
    for (rule, found) in [
        ("packages depend on one another only downwards", arrows::check()?),
        ("modules use one another downwards only; no circle", modules::check()?),
        ("a browser gets a small, known set of crates", arrows::check_wasm_crates()?),
        ("SQL is written in app/domain only", sql::check(&exceptions)?),
        ("each table is written by one slice of app/domain", tables::check()?),
        ("the program calls no cloud's API, no helm and no kubectl", cloud_calls::check()?),
        ("style sheets use logical properties", style::check(&exceptions)?),
        ("a file has at most 500 lines", files::check(&exceptions)?),
    ] {
        println!("  {} {rule}", if found.is_empty() { "✓" } else { "✗" });
        faults.extend(found);
    }
    if !faults.is_empty() {
        bail!("{} against the rules:\n  {}", faults.len(), faults.join("\n  "));
    }
    if rules_only {
        return Ok(());
    }
    step("shell, the Containerfile, workflows", &mut Command::new(root().join("scripts/ci/lint")))?;
    step("formatting", cargo().args(["fmt", "--all", "--check"]))?;
    let warnings = ["--", "-D", "warnings"];
    step(
        "clippy, server side",
        cargo().args(["clippy", "--all-targets"]).args(packages::native()).args(warnings),
    )?;
    step("clippy, browser side", cargo().arg("clippy").args(WASM).args(warnings))
}

/// The project's files, without what is ignored: paths from the root.
pub(crate) fn project_files() -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = capture(&mut git)?;
    let paths = listed.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from);
    Ok(paths.filter(|path| root().join(path).is_file()).collect())
}

/// What cargo says of the workspace's packages.
fn metadata() -> Result<Value> {
    let text = capture(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    Ok(serde_json::from_str(&text)?)
}

/// The text of a project file; None if it is not text.
fn text(path: &Path) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}
