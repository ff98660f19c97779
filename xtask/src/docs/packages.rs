//! The drawing of the packages in docs/architecture.md, against the manifests. An arrow that follows from others
//! need not be drawn.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use toml::Table;

use super::document::Document;
use super::repository::Repository;

const DRAWING: &str = "mermaid";
const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

type Arrows = BTreeSet<(String, String)>;

/// The folders and names of the workspace's packages.
pub(super) fn members(repository: &Repository) -> Result<Vec<(String, String)>> {
    let workspace = manifest(repository, "Cargo.toml")?;
    let members = workspace.get("workspace").and_then(|workspace| workspace.get("members"));
    let folders = members.and_then(|members| members.as_array()).context("Cargo.toml names no members")?;
    let mut found = Vec::new();
    for folder in folders.iter().filter_map(|folder| folder.as_str()) {
        let path = format!("{folder}/Cargo.toml");
        let manifest = manifest(repository, &path)?;
        let name = manifest.get("package").and_then(|package| package.get("name")?.as_str());
        found.push((folder.to_owned(), name.with_context(|| format!("{path} names no package"))?.to_owned()));
    }
    Ok(found)
}

fn manifest(repository: &Repository, path: &str) -> Result<Table> {
    repository.text(path).parse().with_context(|| format!("{path} is not valid"))
}

pub(super) fn check(repository: &Repository, document: &Document) -> Result<Vec<String>> {
    let members = members(repository)?;
    let Some(drawing) = document.blocks.iter().find(|block| block.info == DRAWING) else {
        return Ok(vec![document.fault(0, format!("has no drawing of the packages ({DRAWING})"))]);
    };
    let drawn = drawn(&drawing.at.text);
    let there = dependencies(repository, &members)?;
    let names = |arrows: &Arrows| -> BTreeSet<String> {
        arrows.iter().flat_map(|(from, to)| [from.clone(), to.clone()]).collect()
    };
    let packages: BTreeSet<String> = members.into_iter().map(|(_, name)| name).collect();
    let mut faults = Vec::new();
    let in_drawing = names(&drawn);
    faults.extend(in_drawing.difference(&packages).map(|name| format!("there is no package {name}")));
    faults.extend(packages.difference(&in_drawing).map(|name| format!("the package {name} is not drawn")));
    for (from, to) in drawn.difference(&there) {
        faults.push(format!("{from} --> {to} is drawn; no manifest has it"));
    }
    for (from, to) in there.iter().filter(|(from, to)| !leads(&drawn, from, to)) {
        faults.push(format!("{from} --> {to} is not drawn"));
    }
    Ok(faults.into_iter().map(|what| document.fault(drawing.at.offset, what)).collect())
}

/// Each line `a & b --> c & d`.
fn drawn(text: &str) -> Arrows {
    let ends = |side: &str| side.split('&').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    let mut arrows = Arrows::new();
    for (left, right) in text.lines().filter_map(|line| line.split_once("-->")) {
        for from in ends(left) {
            arrows.extend(ends(right).into_iter().map(|to| (from.clone(), to)));
        }
    }
    arrows
}

fn dependencies(repository: &Repository, members: &[(String, String)]) -> Result<Arrows> {
    let mut arrows = Arrows::new();
    for (folder, name) in members {
        let manifest = manifest(repository, &format!("{folder}/Cargo.toml"))?;
        let tables = KINDS.iter().filter_map(|kind| manifest.get(*kind)?.as_table());
        // A package's tests may turn on more of what it uses, or of itself.
        let to = tables.flat_map(Table::keys).filter(|to| *to != name);
        let ours = to.filter(|to| members.iter().any(|(_, member)| member == *to));
        arrows.extend(ours.map(|to| (name.clone(), to.clone())));
    }
    Ok(arrows)
}

/// Whether arrows lead from one to the other.
fn leads(arrows: &Arrows, from: &str, to: &str) -> bool {
    let mut reached = BTreeSet::from([from]);
    loop {
        let next = arrows.iter().filter(|(from, _)| reached.contains(from.as_str()));
        let more: BTreeSet<&str> = next.map(|(_, to)| to.as_str()).collect();
        let before = reached.len();
        reached.extend(more);
        if reached.len() == before {
            return from != to && reached.contains(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    fn faults(text: &str) -> Vec<String> {
        let (repository, documents) = made_up(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"app\", \"app/ui\", \"app/domain\", \"server\"]"),
            (
                "app/Cargo.toml",
                "[package]\nname = \"app\"\n[dependencies]\nui.workspace = true\ndomain = { workspace = true }",
            ),
            ("app/ui/Cargo.toml", "[package]\nname = \"ui\"\n[dependencies]\ndomain.workspace = true"),
            ("app/domain/Cargo.toml", "[package]\nname = \"domain\"\n[dependencies]\nserde = \"1\""),
            (
                "server/Cargo.toml",
                "[package]\nname = \"catalyst\"\n[dependencies]\napp.workspace = true\n\
                 [dev-dependencies]\nui.workspace = true",
            ),
            ("docs/architecture.md", text),
        ]);
        check(&repository, &documents[0]).expect("manifests")
    }

    #[test]
    fn a_drawing_may_leave_out_what_follows_from_it() {
        assert_eq!(
            faults("```mermaid\nflowchart TD\n  catalyst --> app\n  app --> ui\n  ui --> domain\n```"),
            [""; 0]
        );
        assert_eq!(
            faults("```mermaid\n  catalyst --> app & ui\n  app & ui --> domain\n  app --> ui\n```"),
            [""; 0]
        );
    }

    #[test]
    fn an_arrow_or_a_package_too_many_or_too_few_is_found() {
        assert_eq!(
            faults("\n```mermaid\n  app --> ui & catalyst\n  domain --> tea\n```"),
            [
                "there is no package tea",
                "app --> catalyst is drawn; no manifest has it",
                "domain --> tea is drawn; no manifest has it",
                "app --> domain is not drawn",
                "catalyst --> app is not drawn",
                "catalyst --> ui is not drawn",
                "ui --> domain is not drawn",
            ]
            .map(|what| format!("docs/architecture.md:2: {what}"))
        );
        assert_eq!(
            faults("```mermaid\n  app --> ui\n  ui --> domain\n```"),
            [
                "docs/architecture.md:1: the package catalyst is not drawn",
                "docs/architecture.md:1: catalyst --> app is not drawn",
                "docs/architecture.md:1: catalyst --> ui is not drawn",
            ]
        );
        assert_eq!(faults("none"), ["docs/architecture.md:1: has no drawing of the packages (mermaid)"]);
    }
}
