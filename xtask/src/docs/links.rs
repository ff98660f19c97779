//! Relative links lead to a file of the repository, and their anchors to a heading.

use super::document::Document;
use super::repository::{Repository, resolve};

pub(super) fn check(repository: &Repository, documents: &[Document]) -> Vec<String> {
    let mut faults = Vec::new();
    for document in documents {
        for link in &document.links {
            if link.text.contains("://") || link.text.starts_with("mailto:") {
                continue;
            }
            if let Some(what) = fault(repository, documents, document, &link.text) {
                faults.push(document.fault(link.offset, what));
            }
        }
    }
    faults
}

fn fault(repository: &Repository, documents: &[Document], from: &Document, link: &str) -> Option<String> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = match path {
        "" => Some(from.path.clone()),
        path => resolve(from.folder(), path).filter(|path| repository.has(path)),
    };
    let Some(target) = target else { return Some(format!("({link}) leads nowhere")) };
    let anchors = documents.iter().find(|document| document.path == target).map(|document| &document.anchors);
    match (anchor, anchors) {
        (Some(anchor), Some(anchors)) if !anchors.contains(anchor) => {
            Some(format!("({link}): {target} has no heading #{anchor}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    #[test]
    fn links_and_anchors_that_lead_nowhere_are_found() {
        let (repository, documents) = made_up(&[
            ("README.md", "[a](docs/a.md#there) [b](docs) [c](https://x.example/y) [d](#one)\n\n# One"),
            ("docs/a.md", "# There\n\n[a](../README.md) [b](b.md)\n[c](#gone) [d](../../x)"),
        ]);
        assert_eq!(
            check(&repository, &documents),
            [
                "docs/a.md:3: (b.md) leads nowhere",
                "docs/a.md:4: (#gone): docs/a.md has no heading #gone",
                "docs/a.md:4: (../../x) leads nowhere",
            ]
        );
    }
}
