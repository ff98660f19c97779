//! `app/domain/tests/mutants.toml` and what goes on from it: what is taken away, and which test has to notice.

use std::fs;

use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

use crate::commands::root;

pub(super) const FILE: &str = "app/domain/tests/mutants.toml";
/// One list with the first.
const MORE: [&str; 1] = ["app/domain/tests/mutants_of_returns.toml"];
/// Where guards are.
const PLACES: [&str; 2] = ["app/domain/src/", "migrations/"];

/// Another text in place of one that its file has once.
#[derive(Debug)]
pub(super) struct Change {
    pub file: String,
    from: String,
    to: String,
}

/// A guard that is taken away: by one change, or by several where it is one of several.
#[derive(Debug)]
pub(super) struct Mutant {
    pub name: String,
    pub why: String,
    /// `module::name` in `races`.
    pub test: String,
    changes: Vec<Change>,
}

impl Change {
    fn read(table: &Table) -> Result<Self> {
        let file = text(table, "file")?;
        ensure!(PLACES.iter().any(|place| file.starts_with(place)), "{file} is in none of {PLACES:?}");
        let (from, to) =
            (text(table, "from")?, table.get("to").and_then(Value::as_str).context("`to` is missing")?);
        ensure!(from != to, "nothing would change in {file}");
        Ok(Self { file, from, to: to.to_owned() })
    }

    /// Errors: the text is not there, or more than once.
    pub(super) fn apply(&self, text: &str) -> Result<String> {
        let times = text.matches(&self.from).count();
        ensure!(times == 1, "this is {times} times in {}, not once:\n{}", self.file, self.from);
        Ok(text.replacen(&self.from, &self.to, 1))
    }
}

impl Mutant {
    fn read(table: &Table) -> Result<Self> {
        let name = text(table, "name")?;
        let read = || -> Result<Self> {
            let mut changes = vec![Change::read(table)?];
            for also in table.get("also").and_then(Value::as_array).into_iter().flatten() {
                changes.push(Change::read(also.as_table().context("`also` is no table")?)?);
            }
            Ok(Self { name: name.clone(), why: text(table, "why")?, test: text(table, "test")?, changes })
        };
        read().with_context(|| format!("{FILE}: {name}"))
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether the database is another one.
    pub(super) fn migrates(&self) -> bool {
        self.changes.iter().any(|change| change.file.starts_with("migrations/"))
    }
}

fn text(table: &Table, name: &str) -> Result<String> {
    let text = table.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).with_context(|| format!("`{name}` is missing"))
}

/// Those of these names, or all of them.
pub(super) fn chosen(names: &[String]) -> Result<Vec<Mutant>> {
    let mut listed = String::new();
    for file in [FILE].into_iter().chain(MORE) {
        let text = fs::read_to_string(root().join(file));
        listed += &text.with_context(|| format!("{file} could not be read"))?;
    }
    let mut mutants = parse(&listed)?;
    for name in names {
        ensure!(mutants.iter().any(|mutant| mutant.name == *name), "{FILE} has no mutant {name}");
    }
    mutants.retain(|mutant| names.is_empty() || names.contains(&mutant.name));
    Ok(mutants)
}

fn parse(listed: &str) -> Result<Vec<Mutant>> {
    let table: Table = listed.parse().with_context(|| format!("{FILE} is not valid"))?;
    let entries =
        table.get("mutant").and_then(Value::as_array).with_context(|| format!("{FILE} has no mutant"))?;
    let mut mutants: Vec<Mutant> = Vec::new();
    for entry in entries {
        let mutant = Mutant::read(entry.as_table().context("a mutant is no table")?)?;
        let known = mutants.iter().any(|other| other.name == mutant.name);
        ensure!(!known, "{FILE} has {} twice", mutant.name);
        mutants.push(mutant);
    }
    Ok(mutants)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"
        [[mutant]]
        name = "unlocked"
        why = "one after another"
        test = "orders::a_sentence"
        file = "app/domain/src/orders.rs"
        from = " for update"
        to = ""
    "#;

    #[test]
    fn each_mutant_of_this_repository_changes_a_text_that_is_there_once_and_has_a_test() {
        for mutant in chosen(&[]).expect("the list") {
            for change in mutant.changes() {
                let text = fs::read_to_string(root().join(&change.file)).expect("a file");
                change.apply(&text).unwrap_or_else(|error| panic!("{}: {error}", mutant.name));
            }
            let (module, name) = mutant.test.split_once("::").expect("a module and a name");
            let tests = fs::read_to_string(root().join(format!("app/domain/tests/races/{module}.rs")));
            let there = tests.is_ok_and(|tests| tests.contains(&format!("async fn {name}()")));
            assert!(there, "{}: there is no test {}", mutant.name, mutant.test);
        }
    }

    #[test]
    fn a_text_that_is_not_there_once_is_an_error() {
        let mutant = parse(ONE).expect("a list").pop().expect("a mutant");
        let change = &mutant.changes()[0];
        assert_eq!(change.apply("select for update").expect("a text"), "select");
        for text in ["select", "select for update; select for update"] {
            let error = change.apply(text).expect_err("not once").to_string();
            assert!(error.ends_with("not once:\n for update"), "{error}");
        }
        assert!(!mutant.migrates());
    }

    #[test]
    fn a_list_says_what_it_lacks() {
        let error = |listed: &str| format!("{:#}", parse(listed).expect_err("not a list"));
        assert!(error(&ONE.replace("why", "because")).ends_with("unlocked: `why` is missing"));
        assert!(
            error(&ONE.replace("app/domain/src/", "server/src/"))
                .contains("server/src/orders.rs is in none of")
        );
        assert!(error(&ONE.repeat(2)).ends_with("has unlocked twice"));
    }
}
