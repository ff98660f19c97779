//! The browser's program: cargo, wasm-bindgen, and for a release wasm-opt.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::{Mode, NAME};
use crate::commands::{cargo, root, step, target};

const TARGET: &str = "wasm32-unknown-unknown";

/// What rustc emits by default for this target, and every browser since 2022 understands.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

pub(super) struct Wasm {
    pub(super) script: PathBuf,
    pub(super) module: PathBuf,
    pub(super) snippets: Vec<(PathBuf, Vec<u8>)>,
}

pub(super) fn build(mode: Mode) -> Result<Wasm> {
    let profile = match mode {
        Mode::Development => "wasm-dev",
        Mode::Release => "wasm-release",
    };
    step(
        "the browser's half (WebAssembly)",
        cargo().args(["build", "-p", "frontend", "--lib", "--target", TARGET, "--profile", profile]),
    )?;
    let compiled = target().join(TARGET).join(profile).join("frontend.wasm");
    let folder = target().join("site-wasm").join(profile);
    let optimizer = match mode {
        Mode::Development => None,
        Mode::Release => Some(optimizer()?),
    };
    let made = Wasm {
        script: folder.join(format!("{NAME}.js")),
        module: folder.join(format!("{NAME}_bg.wasm")),
        snippets: Vec::new(),
    };
    let stamp = folder.join("stamp");
    let wanted = fingerprint(&compiled)?;
    if !fs::read_to_string(&stamp).is_ok_and(|last| last == wanted) {
        fs::remove_dir_all(&folder).ok();
        bind(&compiled, &folder, mode)?;
        if let Some(optimizer) = optimizer {
            optimize(&optimizer, &made.module)?;
        }
        fs::write(&stamp, wanted)?;
    }
    Ok(Wasm { snippets: snippets(&folder, &folder.join("snippets"))?, ..made })
}

fn bind(compiled: &Path, folder: &Path, mode: Mode) -> Result<()> {
    println!("\n▸ wasm-bindgen");
    let since = Instant::now();
    Bindgen::new()
        .input_path(compiled)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(mode == Mode::Release)
        .remove_producers_section(true)
        .generate(folder)
        .context("wasm-bindgen could not read what cargo built")?;
    println!("  wasm-bindgen: {:.1} s", since.elapsed().as_secs_f64());
    Ok(())
}

fn optimize(optimizer: &Path, module: &Path) -> Result<()> {
    let small = module.with_extension("small");
    let mut command = Command::new(optimizer);
    command.arg("-Oz").args(WASM_FEATURES).arg(module).arg("-o").arg(&small);
    step("wasm-opt", &mut command)?;
    fs::rename(&small, module)?;
    Ok(())
}

fn optimizer() -> Result<PathBuf> {
    let own = root().join(".tools/node_modules/.bin/wasm-opt");
    if own.is_file() {
        return Ok(own);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("wasm-opt")).find(|file| file.is_file());
    match found {
        Some(found) => Ok(found),
        None => {
            bail!("a release needs wasm-opt (npm package binaryen). Install it with: scripts/setup build")
        }
    }
}

/// Inline JavaScript of dependencies, under the names that the script imports.
fn snippets(folder: &Path, inside: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(inside) else { return Ok(found) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(snippets(folder, &path)?);
        } else {
            let content = fs::read(&path)?;
            found.push((path.strip_prefix(folder)?.to_path_buf(), content));
        }
    }
    Ok(found)
}

fn fingerprint(file: &Path) -> Result<String> {
    let found = fs::metadata(file).with_context(|| format!("cargo left no {}", file.display()))?;
    let changed = found.modified()?.duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(format!("{} bytes at {} ns\n", found.len(), changed.as_nanos()))
}
