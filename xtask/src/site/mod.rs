//! The static half: WebAssembly, style sheet and assets, in the folder that the server hands out.
//!
//! target/site/hash.txt          `js: …`, `wasm: …`, `css: …`, as Leptos reads it
//! target/site/pkg/catalyst.*    named by content, so that a browser may keep them for ever
//! target/site/assets/           style/assets, as it is

mod assets;
pub(crate) mod compress;
mod css;
mod wasm;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::commands::target;

pub(crate) const NAME: &str = "catalyst";
const HASH_BYTES: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Development,
    Release,
}

pub(crate) fn root() -> PathBuf {
    target().join("site")
}

pub(crate) fn build(mode: Mode) -> Result<()> {
    let site = root();
    let package = site.join("pkg");
    fs::create_dir_all(&package).with_context(|| format!("{} could not be made", package.display()))?;

    let wasm = wasm::build(mode)?;
    let mut kept = Vec::new();
    let mut hashes = String::new();
    for (kind, content) in [
        ("js", fs::read(&wasm.script)?),
        ("wasm", fs::read(&wasm.module)?),
        ("css", css::build(mode)?.into_bytes()),
    ] {
        let hash = hash(&content);
        let name = format!("{NAME}.{hash}.{kind}");
        write_if_new(&package.join(&name), &content, mode, &mut kept)?;
        hashes.push_str(&format!("{kind}: {hash}\n"));
    }
    for (name, content) in &wasm.snippets {
        write_if_new(&package.join(name), content, mode, &mut kept)?;
    }
    assets::copy(&site, mode, &mut kept)?;
    // The names change hands last: until here a running server still finds what it names.
    write_changed(&site.join("hash.txt"), hashes.as_bytes())?;
    remove_others(&site, &kept)?;
    println!("  site: {}", site.display());
    Ok(())
}

fn write_if_new(path: &Path, content: &[u8], mode: Mode, kept: &mut Vec<PathBuf>) -> Result<()> {
    write_changed(path, content)?;
    kept.push(path.to_path_buf());
    if mode == Mode::Release {
        kept.extend(compress::siblings(path)?);
    }
    Ok(())
}

fn write_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("{} could not be written", path.display()))
}

/// What earlier builds left, compressed siblings of changed files before all.
fn remove_others(folder: &Path, kept: &[PathBuf]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if path.file_name().is_some_and(|name| name != "hash.txt") && !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    // A leading `-` or `.` never stands in a name, as the prefix is `catalyst.`.
    BASE64_URL_SAFE_NO_PAD.encode(&digest[..HASH_BYTES])
}
