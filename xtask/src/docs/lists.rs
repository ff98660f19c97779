//! Lists and numbers: what a document counts or enumerates is compared with the folders and manifests.

use std::collections::BTreeSet;

use anyhow::Result;
use regex::Regex;

use super::document::Document;
use super::packages::{self, members};
use super::repository::Repository;

const ARCHITECTURE: &str = "docs/architecture.md";
const PROVISIONING: &str = "docs/sovereign-provisioning.md";
const JOURNEYS: &str = "docs/personas-and-journeys.md";
const TREE: &str = "infra/clusters/_template";

pub(super) fn check(repository: &Repository, documents: &[Document]) -> Result<Vec<String>> {
    let mut faults = counts(repository, documents)?;
    faults.extend(unknown_blueprints(repository, documents)?);
    for document in documents {
        match document.path.as_str() {
            ARCHITECTURE => faults.extend(packages::check(repository, document)?),
            PROVISIONING => faults.extend(tiers(repository, document)?),
            JOURNEYS => faults.extend(addresses(repository, document)),
            _ => {}
        }
    }
    Ok(faults)
}

/// The names of the entries of a folder.
fn entries<'a>(repository: &'a Repository, folder: &'a str) -> BTreeSet<&'a str> {
    repository.below(folder).filter_map(|path| path[folder.len() + 1..].split('/').next()).collect()
}

fn blueprints(repository: &Repository) -> BTreeSet<&str> {
    entries(repository, "charts").into_iter().filter(|name| name.starts_with("bp-")).collect()
}

fn counts(repository: &Repository, documents: &[Document]) -> Result<Vec<String>> {
    let ending =
        |folder, end: &str| entries(repository, folder).iter().filter(|name| name.ends_with(end)).count();
    let known = [
        ("charts", blueprints(repository).len()),
        ("blueprints", blueprints(repository).len()),
        ("packages", members(repository)?.len()),
        ("crates", members(repository)?.len()),
        ("migrations", ending("migrations", ".sql")),
        ("decisions", ending("docs/decisions", ".md")),
    ];
    let stated = Regex::new(r"(?i)\b(\d+)\s+(charts|blueprints|packages|crates|migrations|decisions)\b")?;
    let mut faults = Vec::new();
    for document in documents {
        for found in stated.captures_iter(&document.prose) {
            let (whole, [number, noun]) = found.extract();
            let there = known.iter().find(|(name, _)| noun.eq_ignore_ascii_case(name));
            if let Some((_, there)) = there.filter(|(_, there)| number != there.to_string()) {
                let offset = found.get(0).map_or(0, |found| found.start());
                faults.push(document.fault(offset, format!("“{whole}”: there are {there}")));
            }
        }
    }
    Ok(faults)
}

/// The names of Blueprints in a text.
fn named(text: &str) -> Result<BTreeSet<String>> {
    let name = Regex::new(r"\bbp-[a-z0-9-]*[a-z0-9]\b")?;
    Ok(name.find_iter(text).map(|name| name.as_str().to_owned()).collect())
}

fn unknown_blueprints(repository: &Repository, documents: &[Document]) -> Result<Vec<String>> {
    let known = blueprints(repository);
    let mut faults = Vec::new();
    for document in documents {
        for code in &document.codes {
            for name in named(&code.text)?.iter().filter(|name| !known.contains(name.as_str())) {
                faults.push(document.fault(code.offset, format!("there is no Blueprint {name}")));
            }
        }
    }
    Ok(faults)
}

/// A table row that begins with a tier names that tier's Blueprints, and together they name all.
fn tiers(repository: &Repository, document: &Document) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut missing = blueprints(repository);
    for row in document.tables.iter().flat_map(|table| &table.rows) {
        let tier = row.cells.first().map_or("", |cell| cell.trim_matches('`'));
        let folder = format!("{TREE}/{tier}");
        if tier.is_empty() || !repository.has(&folder) {
            continue;
        }
        let files =
            repository.below(&folder).filter_map(|path| path.rsplit('/').next()?.strip_suffix(".yaml"));
        let there: BTreeSet<String> =
            files.filter(|name| name.starts_with("bp-")).map(str::to_owned).collect();
        let said = named(&row.cells.concat())?;
        missing.retain(|name| !said.contains(*name));
        for name in there.symmetric_difference(&said) {
            let what = if said.contains(name) { "is not in" } else { "is missing here; it is in" };
            faults.push(document.fault(row.offset, format!("{name} {what} {folder}")));
        }
    }
    faults.extend(missing.iter().map(|name| document.fault(0, format!("{name} is in no tier's row"))));
    Ok(faults)
}

/// Addresses of pages and forms are written somewhere in the server.
fn addresses(repository: &Repository, document: &Document) -> Vec<String> {
    let mut faults = Vec::new();
    for code in &document.codes {
        let address = code.text.split_whitespace().find(|word| word.starts_with('/')).unwrap_or_default();
        let path = address.split('?').next().unwrap_or_default();
        let quoted = format!("\"{path}\"");
        if !path.is_empty()
            && !repository.below("server/src").any(|file| repository.text(file).contains(&quoted))
        {
            faults.push(document.fault(code.offset, format!("server/src knows no address {path}")));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    const FILES: [(&str, &str); 6] = [
        ("Cargo.toml", "[workspace]\nmembers = [\"app/ui\", \"server\"]"),
        ("app/ui/Cargo.toml", "[package]\nname = \"ui\""),
        ("server/Cargo.toml", "[package]\nname = \"catalyst\""),
        ("charts/bp-one/Chart.yaml", ""),
        ("charts/bp-two/Chart.yaml", ""),
        ("infra/clusters/_template/core/deep/bp-one.yaml", ""),
    ];

    fn faults(path: &str, text: &str) -> Vec<String> {
        let mut files = FILES.to_vec();
        files.push((path, text));
        let (repository, documents) = made_up(&files);
        check(&repository, &documents).expect("manifests")
    }

    #[test]
    fn numbers_and_names_that_are_wrong_are_found() {
        assert_eq!(
            faults(
                "docs/x.md",
                "2 charts, 2 packages, `bp-two` and `bp-<name>`.\n3 Blueprints; 1\ncrates\n`bp-three`"
            ),
            [
                "docs/x.md:2: “3 Blueprints”: there are 2",
                "docs/x.md:2: “1 crates”: there are 2",
                "docs/x.md:4: there is no Blueprint bp-three",
            ]
        );
    }

    #[test]
    fn a_tier_with_other_blueprints_than_its_folder_is_found() {
        let head = "| Tier | Blueprints |\n|---|---|\n";
        assert_eq!(
            faults("docs/sovereign-provisioning.md", &format!("{head}| `core` | `bp-two` |")),
            [
                "docs/sovereign-provisioning.md:3: bp-one is missing here; it is in infra/clusters/_template/core",
                "docs/sovereign-provisioning.md:3: bp-two is not in infra/clusters/_template/core",
                "docs/sovereign-provisioning.md:1: bp-one is in no tier's row",
            ]
        );
    }

    #[test]
    fn a_page_that_the_server_does_not_know_is_found() {
        let mut files = FILES.to_vec();
        files.push(("server/src/web/router.rs", "(\"/plans\", Public)"));
        files.push(("docs/personas-and-journeys.md", "`/plans?x=1`, `POST /plans`\n`/plan`"));
        let (repository, documents) = made_up(&files);
        assert_eq!(
            check(&repository, &documents).expect("manifests"),
            ["docs/personas-and-journeys.md:2: server/src knows no address /plan"]
        );
    }
}
