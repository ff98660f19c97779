//! The Flux tree of a Sovereign: written whole, then audited, as an administrator calls it.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::world::World;

const TIMES: usize = 20;

pub struct Tree {
    pub median: Duration,
    pub slowest: Duration,
    pub files: usize,
}

pub fn measure(world: &World) -> Result<Tree> {
    println!("the tree of a Sovereign");
    let mut all = Vec::new();
    let mut files = 0;
    for number in 0..TIMES {
        let out = world.folder.join(format!("tree-{number}"));
        let since = Instant::now();
        for arguments in [
            ["cluster", "render", "bench.omani.works", "--topology", "ha", "--out"].as_slice(),
            &["cluster", "audit"],
        ] {
            let done = world.catalyst(arguments).arg(&out).stdout(Stdio::null()).status()?;
            ensure!(done.success(), "catalyst {} failed", arguments.join(" "));
        }
        all.push(since.elapsed());
        files = count(&out)?;
        ensure!(files > 0, "the tree is empty");
    }
    all.sort();
    Ok(Tree { median: all[TIMES / 2], slowest: all[TIMES - 1], files })
}

fn count(folder: &std::path::Path) -> Result<usize> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        files += if path.is_dir() { count(&path)? } else { 1 };
    }
    Ok(files)
}
