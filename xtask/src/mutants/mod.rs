//! `cargo xtask mutants`: in a copy of the repository, takes away one guard of the domain after another and sees that
//! the test of `races` that it is named with fails. A guard that no test misses is none.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::commands::{cargo, root, step, target};
use crate::lint::project_files;
use crate::postgres::{self, TestCluster};

mod list;

use list::Mutant;

/// A test that waits for what never comes has noticed, too.
const PATIENCE: &str = "[profile.default]\nslow-timeout = { period = \"60s\", terminate-after = 2 }\n";
/// How nextest says that it ran the tests and one of them failed.
const A_TEST_FAILED: i32 = 100;

pub(crate) fn run(names: &[String]) -> Result<()> {
    let mutants = list::chosen(names)?;
    let bench = Bench::new()?;
    bench.check(&mutants)?;
    let mut results = Vec::new();
    for (number, mutant) in (1..).zip(&mutants) {
        println!("\n▸ {number}/{}: {}: {}", mutants.len(), mutant.name, mutant.why);
        let since = Instant::now();
        let outcome = bench.try_out(mutant).unwrap_or_else(|error| Outcome::Broken(format!("{error:#}")));
        let seconds = since.elapsed().as_secs_f64();
        println!("  {}: {seconds:.1} s", outcome.word());
        if let Outcome::Caught(how) | Outcome::Broken(how) = &outcome {
            println!("{how}");
        }
        results.push((mutant, outcome, seconds));
    }
    println!("\n────────────\n{}", table(&results));
    let not_caught: Vec<&str> = results
        .iter()
        .filter(|(_, outcome, _)| !matches!(outcome, Outcome::Caught(_)))
        .map(|(mutant, ..)| mutant.name.as_str())
        .collect();
    ensure!(not_caught.is_empty(), "not caught: {}", not_caught.join(", "));
    Ok(())
}

enum Outcome {
    /// The test failed, as it should, and how.
    Caught(String),
    /// Nobody noticed.
    Survived,
    /// It could not be tried out, and why.
    Broken(String),
}

impl Outcome {
    const fn word(&self) -> &'static str {
        match self {
            Self::Caught(_) => "caught",
            Self::Survived => "SURVIVED",
            Self::Broken(_) => "BROKEN",
        }
    }
}

/// The copy, and what its tests run on.
struct Bench {
    copy: PathBuf,
    cluster: TestCluster,
    /// What the queries are checked against while they are compiled.
    database: String,
}

impl Bench {
    fn new() -> Result<Self> {
        let copy = target().join("mutants");
        copy_project(&copy)?;
        let bench = Self {
            copy,
            cluster: TestCluster::start()?,
            database: format!("mutants_{}", std::process::id()),
        };
        bench.migrate()?;
        Ok(bench)
    }

    fn migrate(&self) -> Result<()> {
        postgres::recreate(&self.cluster, &self.database)?;
        postgres::migrate_from(&self.copy.join("migrations"), &self.cluster, &self.database)
    }

    /// All the tests pass as long as nothing is taken away.
    fn check(&self, mutants: &[Mutant]) -> Result<()> {
        let tests: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.test.as_str()).collect();
        step("the tests, as long as nothing is taken away", &mut self.tests(tests))
    }

    fn try_out(&self, mutant: &Mutant) -> Result<Outcome> {
        let paths: Vec<PathBuf> =
            mutant.changes().iter().map(|change| self.copy.join(&change.file)).collect();
        let read = |path: &PathBuf| fs::read_to_string(path).with_context(|| path.display().to_string());
        let before: Vec<String> = paths.iter().map(read).collect::<Result<_>>()?;
        let outcome = self.mutate(mutant).and_then(|()| self.run(mutant));
        for (path, text) in paths.iter().zip(before) {
            fs::write(path, text)?;
        }
        if mutant.migrates() {
            self.migrate()?;
        }
        outcome
    }

    fn mutate(&self, mutant: &Mutant) -> Result<()> {
        for change in mutant.changes() {
            let path = self.copy.join(&change.file);
            let text = fs::read_to_string(&path)?;
            fs::write(path, change.apply(&text)?)?;
        }
        if mutant.migrates() {
            self.migrate().context("the migrations do not apply any more")?;
        }
        Ok(())
    }

    fn run(&self, mutant: &Mutant) -> Result<Outcome> {
        let output = self.tests([mutant.test.as_str()]).output().context("cargo did not run")?;
        let told = String::from_utf8_lossy(&output.stderr);
        Ok(match output.status.code() {
            Some(0) => Outcome::Survived,
            Some(A_TEST_FAILED) => Outcome::Caught(panic_of(&told)),
            _ => Outcome::Broken(told.into_owned()),
        })
    }

    fn tests<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Command {
        let filters: Vec<String> = names.into_iter().map(|name| format!("test(={name})")).collect();
        let mut command = cargo();
        command
            .current_dir(&self.copy)
            .args(["nextest", "run", "--no-fail-fast", "-p", "domain", "--features", "testing"])
            .args(["--test", "races", "-E", &filters.join(" | ")])
            .env("CARGO_TARGET_DIR", target().join("mutants-target"))
            .env("CATALYST_TEST_DATABASE_URL", self.cluster.url("postgres"))
            // What is committed in .sqlx says nothing of a query that is another now.
            .env("SQLX_OFFLINE", "false")
            .env("DATABASE_URL", self.cluster.url(&self.database));
        command
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = postgres::drop_database(&self.cluster, &self.database) {
            eprintln!("{} was not dropped: {error:#}", self.database);
        }
    }
}

/// What a test said when it failed: where, and a few lines.
fn panic_of(told: &str) -> String {
    let lines = told.lines().skip_while(|line| !line.contains("panicked at"));
    lines.take(4).map(|line| format!("  {}\n", line.trim())).collect()
}

/// The files of the project and no others, so that the tree itself is never touched.
fn copy_project(to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    for path in project_files()? {
        let place = to.join(&path);
        fs::create_dir_all(place.parent().unwrap_or(to))?;
        fs::copy(root().join(&path), place).with_context(|| format!("{} was not copied", path.display()))?;
    }
    fs::create_dir_all(to.join(".config"))?;
    fs::write(to.join(".config/nextest.toml"), PATIENCE)?;
    Ok(())
}

fn table(results: &[(&Mutant, Outcome, f64)]) -> String {
    let widest = |of: fn(&Mutant) -> &str| {
        results.iter().map(|(mutant, ..)| of(mutant).chars().count()).max().unwrap_or_default()
    };
    let (names, tests) = (widest(|mutant| &mutant.name), widest(|mutant| &mutant.test));
    let lines = results.iter().map(|(mutant, outcome, seconds)| {
        format!("{:names$}  {:tests$}  {:8}  {seconds:5.1} s", mutant.name, mutant.test, outcome.word())
    });
    let count = |word| results.iter().filter(|(_, outcome, _)| outcome.word() == word).count();
    let counts = ["caught", "SURVIVED", "BROKEN"].map(|word| format!("{} {word}", count(word)));
    lines.chain([counts.join(", ")]).collect::<Vec<_>>().join("\n")
}
