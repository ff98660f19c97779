//! Commands in backticks and in shell blocks: the target of `make`, the step of `cargo xtask`, the package and
//! the test that they name exist.

use anyhow::Result;
use clap::CommandFactory as _;

use super::document::Document;
use super::lists::members;
use super::repository::Repository;
use crate::Arguments;

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
    let test = format!("{folder}/tests/{}", after("--test")?);
    let known = repository.has(&format!("{test}.rs")) || repository.has(&format!("{test}/main.rs"));
    (!known).then(|| format!("there is no test {test}"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    #[test]
    fn commands_that_name_what_is_not_there_are_found() {
        let text = "`make test`, `cargo xtask lint`, `cargo test -p ui --test it name`, `make`\n\
                    `make tea`\n`cargo xtask tea`\n`cargo test -p tea`\n`cargo nextest run -p ui --test tea`\n\n\
                    ```sh\nmake test\nmake cake\n```\n";
        let (repository, documents) = made_up(&[
            ("x.md", text),
            ("Makefile", "test: ## All\n"),
            ("Cargo.toml", "[workspace]\nmembers = [\"app/ui\"]"),
            ("app/ui/Cargo.toml", "[package]\nname = \"ui\""),
            ("app/ui/tests/it/main.rs", ""),
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
}
