//! `make test`: everything, on one PostgreSQL cluster, with a count at the end.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::commands::{capture, cargo, root, step, target};
use crate::packages;
use crate::postgres::TestCluster;
use crate::site;

pub(crate) fn run(browser: bool, slow: bool, filter: &[String]) -> Result<()> {
    let since = Instant::now();
    println!("\n▸ a PostgreSQL cluster for the tests");
    let cluster = TestCluster::start()?;
    let url = cluster.url("postgres");
    println!("  {url}");

    let mut results = vec![rust(&url, slow, filter)?];
    if browser && root().join("end2end/package.json").is_file() {
        results.push(in_browser(&url)?);
    }
    drop(cluster);

    println!("\n────────────");
    for result in &results {
        println!("{}: {}", result.what, result.closing.join("\n  "));
    }
    println!("{:.0} s in all", since.elapsed().as_secs_f64());
    match results.iter().filter(|result| !result.passed).map(|result| result.what).collect::<Vec<_>>() {
        failed if failed.is_empty() => Ok(()),
        failed => bail!("failed: {}", failed.join(", ")),
    }
}

struct Outcome {
    what: &'static str,
    passed: bool,
    closing: Vec<String>,
}

/// cargo-nextest where it is installed (each test a process, three times as fast); else cargo's own.
fn rust(url: &str, slow: bool, filter: &[String]) -> Result<Outcome> {
    let nextest = capture(cargo().args(["nextest", "--version"])).is_ok();
    let mut command = cargo();
    if nextest {
        command.args(["nextest", "run", "--no-fail-fast", "--no-tests=pass", "--color=always"]);
        command.args(["--run-ignored", if slow { "only" } else { "default" }]);
        command.args(packages::native()).args(filter);
    } else {
        println!("  cargo-nextest is not installed: cargo test runs them instead");
        command.args(["test", "--no-fail-fast", "--bins", "--lib", "--tests"]).args(packages::native());
        command.arg("--").args(slow.then_some("--ignored")).args(filter);
    }
    command.env("CATALYST_TEST_DATABASE_URL", url).env("CARGO_TERM_COLOR", "always");
    let closing = |line: &str| line.contains("Summary [") || line.starts_with("test result:");
    watch("Rust tests", &mut command, closing)
}

/// The binary is the one that the Rust tests have just built.
fn in_browser(url: &str) -> Result<Outcome> {
    let folder = root().join("end2end");
    if !folder.join("node_modules").is_dir() {
        bail!("end2end/node_modules is missing. Install it with: scripts/setup test");
    }
    site::build(site::Mode::Development)?;
    let binary = target().join("debug/catalyst");
    if !binary.is_file() {
        step("the server", cargo().args(["build", "-p", "catalyst"]))?;
    }
    let mut command = Command::new("node");
    command
        .current_dir(folder)
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .env("CATALYST_BIN", binary)
        .env("CATALYST_SITE_ROOT", site::root())
        .env("CATALYST_TEST_DATABASE_URL", url);
    watch("Browser tests", &mut command, is_playwright_count)
}

/// `  12 passed (1.2m)`, `  1 flaky`, `  3 failed`
fn is_playwright_count(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let number = words.next().is_some_and(|word| word.parse::<u32>().is_ok());
    number && words.next().is_some_and(|word| matches!(word, "passed" | "failed" | "flaky" | "skipped"))
}

/// Runs it with its output passed on as it comes, and keeps the lines that say how it ended.
fn watch(what: &'static str, command: &mut Command, closing: impl Fn(&str) -> bool) -> Result<Outcome> {
    println!("\n▸ {what}");
    let (reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| {
        format!("{} did not run. Install it with: scripts/setup test", command.get_program().display())
    })?;
    // The command holds the pipe's other end open; reading ends only without it.
    *command = Command::new("true");
    let mut kept = Vec::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let mut out = std::io::stdout().lock();
        out.write_all(&line)?;
        out.write_all(b"\n")?;
        let plain = without_colour(&String::from_utf8_lossy(&line));
        if closing(&plain) {
            kept.push(plain.trim().to_owned());
        }
    }
    let passed = child.wait()?.success();
    if kept.is_empty() {
        kept.push(if passed { "passed".to_owned() } else { "did not run to the end".to_owned() });
    }
    Ok(Outcome { what, passed, closing: kept })
}

fn without_colour(line: &str) -> String {
    let mut plain = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{is_playwright_count, without_colour};

    #[test]
    fn closing_lines_are_found_among_the_others() {
        assert_eq!(without_colour("\u{1b}[32;1m  Summary\u{1b}[0m [ 1s]"), "  Summary [ 1s]");
        assert!(is_playwright_count("  12 passed (1.2m)"));
        assert!(!is_playwright_count("  ✓  12 [chromium] › voucher.spec.ts"));
    }
}
