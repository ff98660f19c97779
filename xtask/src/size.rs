//! The weight of a page's program, against .ci/size-budget.toml.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::commands::root;
use crate::site;
use crate::site::compress::{brotli, gzip};

const BUDGET: &str = ".ci/size-budget.toml";

pub(crate) fn run() -> Result<()> {
    let text =
        fs::read_to_string(root().join(BUDGET)).with_context(|| format!("{BUDGET} could not be read"))?;
    let budgets: toml::Table = text.parse().with_context(|| format!("{BUDGET} is not valid"))?;
    let limit = budgets.get("wasm_and_js_brotli_bytes").and_then(toml::Value::as_integer);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.with_context(|| format!("{BUDGET} has no number `wasm_and_js_brotli_bytes`"))?;

    println!("\n{:<8}{:>12}{:>12}{:>12}", "bytes", "raw", "gzip", "brotli");
    let mut total = [0; 3];
    for (kind, content) in contents()? {
        let sizes = [content.len(), gzip(&content)?.len(), brotli(&content)?.len()];
        println!("{kind:<8}{:>12}{:>12}{:>12}", sizes[0], sizes[1], sizes[2]);
        if kind != "css" {
            total.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
        }
    }
    println!("{:<8}{:>12}{:>12}{:>12}", "js+wasm", total[0], total[1], total[2]);
    println!("{:<8}{:>36}", "budget", limit);
    if total[2] > limit {
        bail!(
            "JavaScript and WebAssembly are {} bytes over the budget in {BUDGET}; make an island smaller, or \
             raise it with a reason",
            total[2] - limit
        );
    }
    Ok(())
}

/// What the site's hash.txt names.
fn contents() -> Result<BTreeMap<String, Vec<u8>>> {
    let site = site::root();
    let hashes =
        fs::read_to_string(site.join("hash.txt")).context("there is no built site; run: make build")?;
    let mut contents = BTreeMap::new();
    for line in hashes.lines() {
        let (kind, hash) = line.split_once(": ").with_context(|| format!("hash.txt says `{line}`"))?;
        let file = site.join("pkg").join(format!("{}.{hash}.{kind}", site::NAME));
        if kind == "wasm" && !file.with_extension("wasm.br").is_file() {
            bail!("target/site is a development build; run: make build");
        }
        contents.insert(kind.to_owned(), fs::read(file)?);
    }
    Ok(contents)
}
