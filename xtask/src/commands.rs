//! Running other programs, visibly.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The cargo that runs this program, or the one on PATH.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // `cargo run` describes xtask's own package in these; a nested build must not see them.
    for (name, _) in env::vars_os() {
        let leaks = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || matches!(name, "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH")
        });
        if leaks {
            command.env_remove(name);
        }
    }
    command
}

/// Announces a step, runs it, and turns its failure into an error that names it.
pub(crate) fn step(what: &str, command: &mut Command) -> Result<()> {
    println!("\n▸ {what}");
    let since = Instant::now();
    let program = Path::new(command.get_program()).display().to_string();
    let status =
        command.status().with_context(|| format!("{program} did not run; `scripts/setup` installs it"))?;
    if !status.success() {
        bail!("{what}: `{}` failed ({status})", spelled(command));
    }
    println!("  {what}: {:.1} s", since.elapsed().as_secs_f64());
    Ok(())
}

/// Runs quietly and gives what it printed.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("`{}` did not run", spelled(command)))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", spelled(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn spelled(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_else(|| command.get_program());
    let words = std::iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy);
    words.collect::<Vec<_>>().join(" ")
}
