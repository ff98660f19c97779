//! Commands in backticks and in shell blocks: the target of `make`, the step of `cargo xtask`, the package and
//! the test that they name exist, and their filters let some test through.

use anyhow::Result;
use clap::CommandFactory as _;

use super::document::Document;
use super::packages::members;
use super::repository::Repository;
use super::status::test_names;
use crate::arguments::Arguments;

pub(super) fn check(repository: &Repository, documents: &[Document]) -> Result<Vec<String>> {
    let members = members(repository)?;
    let mut faults = Vec::new();
    for document in documents {
        let blocks = document.blocks.iter().map(|block| &block.at);
        for written in document.codes.iter().chain(blocks) {
            let faulty = written.text.lines().filter_map(|line| fault(repository, &members, line));
            faults.extend(faulty.map(|what| document.fault(written.offset, what)));
        }
    }
    Ok(faults)
}

fn fault(repository: &Repository, members: &[(String, String)], line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |word: &str| {
        words.iter().position(|one| *one == word).and_then(|place| words.get(place + 1).copied())
    };
    if words.first() == Some(&"make") {
        let target = after("make")?;
        let known = repository.text("Makefile").lines().any(|line| line.starts_with(&format!("{target}:")));
        return (!known).then(|| format!("the Makefile has no target {target}"));
    }
    if !words.contains(&"cargo") {
        return None;
    }
    if let Some(task) = after("xtask") {
        let known = Arguments::command().find_subcommand(task).is_some();
        return (!known).then(|| format!("cargo xtask has no step {task}"));
    }
    let package = after("-p")?;
    let Some((folder, _)) = members.iter().find(|(_, name)| name == package) else {
        return Some(format!("there is no package {package}"));
    };
    let Tests { named, filters } = Tests::asked_for(&words);
    for test in named.iter().map(|name| format!("{folder}/tests/{name}")) {
        if !repository.has(&format!("{test}.rs")) && !repository.has(&format!("{test}/main.rs")) {
            return Some(format!("there is no test {test}"));
        }
    }
    let there = test_paths(repository, folder, &named);
    let idle = filters.into_iter().find(|filter| !there.iter().any(|path| path.contains(filter)));
    idle.map(|filter| format!("no test of {package} has {filter} in its name"))
}

/// What `cargo test` and `cargo nextest run` are asked to run of a package.
#[derive(Default)]
struct Tests<'a> {
    named: Vec<&'a str>,
    filters: Vec<&'a str>,
}

impl<'a> Tests<'a> {
    fn asked_for(words: &[&'a str]) -> Self {
        let mut tests = Self::default();
        let step = words.iter().position(|word| matches!(*word, "test" | "nextest"));
        let rest = step.map_or(&[][..], |at| &words[at + 1..]);
        let mut rest = rest.iter().take_while(|word| !matches!(**word, "--" | "#" | "&&" | "|" | ";"));
        while let Some(word) = rest.next() {
            match *word {
                "--test" => tests.named.extend(rest.next()),
                "-p" | "--features" => _ = rest.next(),
                option if option == "run" || option.starts_with('-') => {}
                filter => tests.filters.push(filter),
            }
        }
        tests
    }
}

/// `module::name` of each test, as filters see it; of the integration tests that are named, or of all there are.
fn test_paths(repository: &Repository, folder: &str, named: &[&str]) -> Vec<String> {
    let mut paths = Vec::new();
    for place in ["src", "tests"] {
        let above = format!("{folder}/{place}");
        for file in repository.below(&above) {
            let Some(inner) = file[above.len() + 1..].strip_suffix(".rs") else { continue };
            let mut modules: Vec<&str> = inner.split('/').collect();
            let test = (place == "tests").then(|| modules.remove(0));
            if !named.is_empty() && !test.is_some_and(|test| named.contains(&test)) {
                continue;
            }
            modules.retain(|module| !matches!(*module, "mod" | "main" | "lib"));
            let text = repository.text(file);
            if text.contains("\nmod tests {") {
                modules.push("tests");
            }
            let module = modules.join("::");
            paths.extend(test_names(text).into_iter().map(|name| format!("{module}::{name}")));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    #[test]
    fn commands_that_name_what_is_not_there_are_found() {
        let text = "`make test`, `cargo xtask lint`, `cargo test -p ui --test it deep`, `make`\n\
                    `make tea`\n`cargo xtask tea`\n`cargo test -p tea`\n`cargo nextest run -p ui --test tea`\n\n\
                    ```sh\nmake test\nmake cake\n```\n";
        let (repository, documents) = made_up(&[
            ("x.md", text),
            ("Makefile", "test: ## All\n"),
            ("Cargo.toml", "[workspace]\nmembers = [\"app/ui\"]"),
            ("app/ui/Cargo.toml", "[package]\nname = \"ui\""),
            ("app/ui/tests/it/main.rs", "mod deep;"),
            ("app/ui/tests/it/deep.rs", "#[test]\nfn a_name() {}"),
        ]);
        assert_eq!(
            check(&repository, &documents).expect("manifests"),
            [
                "x.md:2: the Makefile has no target tea",
                "x.md:3: cargo xtask has no step tea",
                "x.md:4: there is no package tea",
                "x.md:5: there is no test app/ui/tests/tea",
                "x.md:7: the Makefile has no target cake",
            ]
        );
    }

    #[test]
    fn a_filter_that_lets_no_test_through_is_found() {
        let text = "`cargo nextest run -p ui vouchers:: kill::` `cargo test -p ui a_unit # one` `cargo run -p ui tea`\n\
                    `cargo test -p ui --test it vouchers::a_na -- --nocapture` `cargo test -p ui page::tests::`\n\
                    `cargo nextest run -p ui vouchers:: tea::`\n`cargo test -p ui --test it a_unit`\n\
                    `cargo test -p ui --test other vouchers::`\n`cargo test -p ui helper`\n\
                    `cargo test -p ui --test it --test tea`\n";
        let test = "#[test]\nfn a_name() {}\nfn helper() {}";
        let (repository, documents) = made_up(&[
            ("x.md", text),
            ("Cargo.toml", "[workspace]\nmembers = [\"app/ui\"]"),
            ("app/ui/Cargo.toml", "[package]\nname = \"ui\""),
            ("app/ui/src/page/mod.rs", "mod tests;\nmod tests {\n    #[test]\n    fn a_unit() {}\n}"),
            ("app/ui/tests/it/main.rs", "mod vouchers;"),
            ("app/ui/tests/it/vouchers.rs", test),
            ("app/ui/tests/it/kill.rs", test),
            ("app/ui/tests/other.rs", test),
            ("app/ui/crates/tea/src/tea.rs", test),
        ]);
        assert_eq!(
            check(&repository, &documents).expect("manifests"),
            [
                "x.md:3: no test of ui has tea:: in its name",
                "x.md:4: no test of ui has a_unit in its name",
                "x.md:5: no test of ui has vouchers:: in its name",
                "x.md:6: no test of ui has helper in its name",
                "x.md:7: there is no test app/ui/tests/tea",
            ]
        );
    }
}
