//! docs/status.md: each row has a state and, if something is there, a command; the tests that its traps name exist.

use std::collections::BTreeSet;

use regex::Regex;

use super::document::Document;
use super::repository::Repository;

const FILE: &str = "docs/status.md";
const STATES: [&str; 3] = ["designed", "built", "verified"];

pub(super) fn check(repository: &Repository, documents: &[Document]) -> Vec<String> {
    let Some(status) = documents.iter().find(|document| document.path == FILE) else {
        return vec![format!("{FILE}:1: is missing")];
    };
    let mut faults = Vec::new();
    for table in &status.tables {
        let head = table.rows.first().map(|row| row.cells.concat()).unwrap_or_default();
        for row in table.rows.iter().skip(1) {
            let whats = match head.as_str() {
                "WhatStateVerified by" => state(&row.cells),
                "TrapHeld by" => tests(repository, status, row.cells.get(1).map_or("", String::as_str)),
                _ => vec![format!("a table with unknown columns: {head}")],
            };
            faults.extend(whats.into_iter().map(|what| status.fault(row.offset, what)));
        }
    }
    faults
}

fn state(cells: &[String]) -> Vec<String> {
    let [_, state, command] = cells else { return vec!["not three cells".to_owned()] };
    let first = state.split([' ', ';', ',']).next().unwrap_or_default();
    let mut faults = Vec::new();
    if !STATES.contains(&first) {
        faults.push(format!("“{first}” is none of {}", STATES.join(", ")));
    }
    if first != "designed" && !command.contains('`') {
        faults.push(format!("{first}, and no command shows it"));
    }
    faults
}

/// "H `name`, C `other…`": the letter's folder or file, as the legend has it, holds such a test.
fn tests(repository: &Repository, status: &Document, cell: &str) -> Vec<String> {
    let Ok(named) = Regex::new("([A-Z]) `([^`]+)`") else { return Vec::new() };
    let legend = legend(repository, status);
    let mut faults = Vec::new();
    let mut any = false;
    for (_, [letter, name]) in named.captures_iter(cell).map(|found| found.extract()) {
        any = true;
        let Some((_, place)) = legend.iter().find(|(known, _)| *known == letter) else {
            faults.push(format!("{letter} stands for no folder of tests"));
            continue;
        };
        if !holds(repository, place, name) {
            faults.push(format!("{place} has no test {name}"));
        }
    }
    if !any {
        faults.push("no test is named".to_owned());
    }
    faults
}

/// Letters, each before a path in the text: "H `infra/checks/tests/hetzner`".
fn legend<'a>(repository: &Repository, status: &'a Document) -> Vec<(&'a str, &'a str)> {
    let paths = status.codes.iter().filter(|code| code.text.contains('/') && repository.has(&code.text));
    let lettered = paths.filter_map(|code| {
        let letter = status.prose.get(..code.offset)?.split_whitespace().next_back()?;
        let lone = letter.len() == 1 && letter.starts_with(|c: char| c.is_ascii_uppercase());
        lone.then_some((letter, code.text.as_str()))
    });
    lettered.collect()
}

/// `module::*` is a file of the folder; `…` in a name stands for what was left out.
fn holds(repository: &Repository, place: &str, name: &str) -> bool {
    if let Some(module) = name.strip_suffix("::*") {
        return repository.has(&format!("{place}/{module}.rs"));
    }
    let pattern = format!("^{}$", regex::escape(name).replace('…', ".+"));
    let files = repository.below(place).chain([place]);
    let names: BTreeSet<&str> = files.flat_map(|file| test_names(repository.text(file))).collect();
    Regex::new(&pattern).is_ok_and(|pattern| names.iter().any(|name| pattern.is_match(name)))
}

/// The functions below an attribute that makes them tests.
pub(super) fn test_names(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("#[") {
            marked |= line.contains("test]") || line.contains("test(");
        } else if let Some((before, rest)) = line.split_once("fn ") {
            if marked && before.len() < 12 {
                names.extend(rest.split('(').next());
            }
            marked = false;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    #[test]
    fn a_row_without_a_state_or_a_command_is_found() {
        let text = "| What | State | Verified by |\n|---|---|---|\n| a | verified | `make test` |\n| b | designed | |\n\
                    | c | done | `make test` |\n| d | built; never run | soon |\n\n| X |\n|---|\n| y |\n";
        let (repository, documents) = made_up(&[("docs/status.md", text)]);
        assert_eq!(
            check(&repository, &documents),
            [
                "docs/status.md:5: “done” is none of designed, built, verified",
                "docs/status.md:6: built, and no command shows it",
                "docs/status.md:10: a table with unknown columns: X",
            ]
        );
    }

    #[test]
    fn tests_that_do_not_exist_are_found() {
        let text = "H `a/tests`, V `a/v.rs`.\n\n| Trap | Held by |\n|---|---|\n\
                    | one | H `a_long_name`, H `a_long…`, H `…name`, V `other`, H `deep::*` |\n\
                    | two | H `a_long`, H `helper`, V `a_long_name`, H `flat::*` |\n\
                    | three | X `other` |\n| four | |\n";
        let source = "#[test]\n#[ignore = \"slow\"]\nfn a_long_name() {\n    fn helper() {}\n}\n";
        let (repository, documents) = made_up(&[
            ("docs/status.md", text),
            ("a/tests/deep.rs", source),
            ("a/v.rs", "#[tokio::test]\nasync fn other() {}"),
        ]);
        assert_eq!(
            check(&repository, &documents),
            [
                "docs/status.md:6: a/tests has no test a_long",
                "docs/status.md:6: a/tests has no test helper",
                "docs/status.md:6: a/v.rs has no test a_long_name",
                "docs/status.md:6: a/tests has no test flat::*",
                "docs/status.md:7: X stands for no folder of tests",
                "docs/status.md:8: no test is named",
            ]
        );
    }
}
