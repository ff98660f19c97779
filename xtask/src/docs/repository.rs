//! The files of the project, without what is ignored.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;

use super::document::Document;
use crate::commands::root;
use crate::lint::project_files;

pub(super) struct Repository {
    /// By path from the root; what is not text is empty.
    texts: BTreeMap<String, String>,
}

impl Repository {
    pub(super) fn read() -> Result<Self> {
        let files = project_files()?.into_iter().map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap_or_default();
            (path.to_string_lossy().into_owned(), text)
        });
        Ok(Self::of(files))
    }

    pub(super) fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { texts: files.into_iter().collect() }
    }

    pub(super) fn documents(&self) -> Vec<Document> {
        let markdown = self.texts.iter().filter(|(path, _)| path.ends_with(".md"));
        markdown.map(|(path, text)| Document::read(path, text)).collect()
    }

    pub(super) fn text(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }

    /// A file, or a folder of files.
    pub(super) fn has(&self, path: &str) -> bool {
        path.is_empty() || self.texts.contains_key(path) || self.below(path).next().is_some()
    }

    /// The files of a folder and of its folders.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        self.texts
            .range(prefix.clone()..)
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(&prefix))
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }
}

/// A path as written in a document of `folder`; None if it leaves the repository.
pub(super) fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::docs::tests::made_up;

    #[test]
    fn folders_are_known_by_their_files_and_nothing_else_is() {
        let (repository, _) = made_up(&[("a/b/c.rs", ""), ("a/bc", "")]);
        assert!(["a", "a/b", "a/b/c.rs", "a/bc"].iter().all(|path| repository.has(path)));
        assert!(!repository.has("a/c") && !repository.has("b"));
        assert_eq!(repository.below("a/b").collect::<Vec<_>>(), ["a/b/c.rs"]);
    }

    #[test]
    fn a_path_is_read_from_its_document_and_cannot_leave() {
        assert_eq!(resolve("docs/x", "../y.md").as_deref(), Some("docs/y.md"));
        assert_eq!(resolve("docs", "../../y.md"), None);
    }
}
