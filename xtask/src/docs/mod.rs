//! `make docs-audit`: what the documents say is compared with what is there.

mod commands;
mod document;
mod links;
mod lists;
mod packages;
mod paths;
mod repository;
mod snippets;
mod status;
mod words;

use anyhow::{Result, bail};

use crate::commands::{cargo, step};
use repository::Repository;

pub(crate) fn run() -> Result<()> {
    let repository = Repository::read()?;
    let documents = repository.documents();
    step("the program that the documents call", cargo().args(["build", "-q", "-p", "catalyst"]))?;
    println!("\n▸ {} documents", documents.len());
    let mut faults = Vec::new();
    for (rule, found) in [
        ("links lead somewhere", links::check(&repository, &documents)),
        ("paths are there", paths::check(&repository, &documents)),
        ("words are those of the glossary", words::check(&repository, &documents)),
        ("lists and numbers are complete", lists::check(&repository, &documents)?),
        ("commands name what there is", commands::check(&repository, &documents)?),
        ("the status names a command and tests that exist", status::check(&repository, &documents)),
        ("snippets marked `run` succeed", snippets::check(&documents)?),
    ] {
        println!("  {} {rule}", if found.is_empty() { "✓" } else { "✗" });
        faults.extend(found);
    }
    if !faults.is_empty() {
        bail!("{} against the documents:\n  {}", faults.len(), faults.join("\n  "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{document::Document, repository::Repository};

    /// A repository of files that are made up.
    pub(super) fn made_up(files: &[(&str, &str)]) -> (Repository, Vec<Document>) {
        let repository =
            Repository::of(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
        let documents = repository.documents();
        (repository, documents)
    }
}
