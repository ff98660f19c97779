//! `make bench`: measures the release.

use std::process::Command;

use anyhow::Result;

use crate::commands::{cargo, root, step, target};
use crate::site;

pub(crate) fn run() -> Result<()> {
    step("the benchmark", cargo().args(["build", "--release", "-p", "bench"]))?;
    let mut bench = Command::new(target().join("release/bench"));
    bench.arg("run").arg("--root").arg(root()).arg("--catalyst").arg(target().join("release/catalyst"));
    bench.arg("--site").arg(site::root()).arg("--folder").arg(target().join("bench"));
    step("measuring", &mut bench)
}
