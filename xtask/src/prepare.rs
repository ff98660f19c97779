//! `.sqlx`: what the database says about each query, committed so that a build needs no database.
//! The macros write it themselves when SQLX_OFFLINE_DIR is set, so no other tool is needed.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::commands::{cargo, root, step, target};
use crate::postgres::{self, TestCluster};

type Queries = BTreeMap<String, Vec<u8>>;

pub(crate) fn run(check: bool) -> Result<()> {
    let committed = root().join("app/domain/.sqlx");
    let cluster = TestCluster::start()?;
    let database = format!("prepare_{}", std::process::id());
    postgres::recreate(&cluster, &database)?;
    let described = describe(&cluster, &database, &committed, check);
    postgres::drop_database(&cluster, &database)?;
    let fresh = described?;

    let old = read(&committed)?;
    let different = differences(&old, &fresh);
    if check && !different.is_empty() {
        bail!("app/domain/.sqlx is not what the queries need; run: make prepare\n{}", different.join("\n"));
    }
    if !check {
        for name in old.keys().filter(|name| !fresh.contains_key(*name)) {
            fs::remove_file(committed.join(name))?;
        }
    }
    println!("app/domain/.sqlx: {} queries, {} changed", fresh.len(), different.len());
    Ok(())
}

/// The library first and its results kept at once, so that a test which does not compile does not
/// hold up the rest.
fn describe(cluster: &TestCluster, database: &str, committed: &Path, check: bool) -> Result<Queries> {
    postgres::migrate(cluster, database).context("the migrations do not apply to an empty database")?;
    let written = target().join("sqlx-prepare");
    fs::remove_dir_all(&written).ok();
    fs::create_dir_all(&written)?;
    for (what, part) in [("queries of domain", "--lib"), ("queries of domain's tests", "--tests")] {
        compile(what, part, &cluster.url(database), &written)?;
        if !check {
            fs::create_dir_all(committed)?;
            for (name, content) in read(&written)? {
                let to = committed.join(name);
                if fs::read(&to).ok().as_ref() != Some(&content) {
                    fs::write(to, content)?;
                }
            }
        }
    }
    read(&written)
}

fn compile(what: &str, part: &str, url: &str, written: &Path) -> Result<()> {
    // A newer file makes cargo expand the macros again; its own time goes back afterwards, so
    // that no other build has to follow.
    let file = File::options().append(true).open(root().join("app/domain/src/lib.rs"))?;
    let before = file.metadata()?.modified()?;
    file.set_modified(std::time::SystemTime::now())?;
    let done = step(
        what,
        cargo()
            .args(["check", "--quiet", "-p", "domain", "--features", "testing", part])
            .env("DATABASE_URL", url)
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", written),
    );
    file.set_times(FileTimes::new().set_modified(before))?;
    done
}

fn read(folder: &Path) -> Result<Queries> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Queries::new()) };
    let mut queries = Queries::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") && name.ends_with(".json") {
            queries.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(queries)
}

fn differences(old: &Queries, fresh: &Queries) -> Vec<String> {
    let gone = old.keys().filter(|name| !fresh.contains_key(*name)).map(|name| format!("  not used: {name}"));
    let new = fresh.iter().filter_map(|(name, content)| match old.get(name) {
        None => Some(format!("  missing: {name}")),
        Some(before) if before != content => Some(format!("  changed: {name}")),
        Some(_) => None,
    });
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::{Queries, differences};

    fn queries(all: &[(&str, &str)]) -> Queries {
        all.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn each_kind_of_difference_is_named() {
        let old = queries(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let fresh = queries(&[("b", "1"), ("c", "2"), ("d", "1")]);
        assert_eq!(differences(&old, &fresh), ["  not used: a", "  changed: c", "  missing: d"]);
        assert!(differences(&old, &old).is_empty());
    }
}
