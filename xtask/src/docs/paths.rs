//! What stands in backticks and begins like a path of the repository is one. `…`, `*` and `<name>` stand for
//! any part of a name, `{a,b}` for both.

use regex::Regex;

use super::document::Document;
use super::repository::{Repository, resolve};

const NEVER_IN_A_PATH: [char; 14] = ['"', '\'', '(', ')', '[', ']', '$', '=', ':', '|', '&', ';', '?', '@'];

pub(super) fn check(repository: &Repository, documents: &[Document]) -> Vec<String> {
    let mut faults = Vec::new();
    for document in documents {
        for code in &document.codes {
            for word in code.text.split_whitespace().filter(|word| !word.contains(NEVER_IN_A_PATH)) {
                let alternatives = alternatives(word);
                for path in alternatives.iter().filter(|path| !is_there(repository, document.folder(), path))
                {
                    faults.push(document.fault(code.offset, format!("`{path}` is not there")));
                }
            }
        }
    }
    faults
}

/// True for what does not begin like a path from the root or from the document's folder, too.
fn is_there(repository: &Repository, folder: &str, word: &str) -> bool {
    let Some((first, _)) = word.split_once('/') else { return true };
    let begins = |path: Option<String>| path.is_some_and(|path| repository.has(&path));
    let known = !first.is_empty() && (begins(resolve("", first)) || begins(resolve(folder, first)));
    let up = first == "..";
    if !known && !up {
        return true;
    }
    let places = [resolve("", word), resolve(folder, word)];
    places.into_iter().flatten().any(|path| matches(repository, &path))
}

fn matches(repository: &Repository, path: &str) -> bool {
    if !path.contains(['*', '…', '<']) {
        return repository.has(path);
    }
    let parts = path.split('/').map(|part| {
        let open =
            Regex::new("<[^>]*>|…").map_or(part.to_owned(), |any| any.replace_all(part, "*").into_owned());
        regex::escape(&open).replace("\\*", "[^/]*")
    });
    let pattern = format!("^{}(?:/|$)", parts.collect::<Vec<_>>().join("/"));
    Regex::new(&pattern).is_ok_and(|pattern| repository.files().any(|file| pattern.is_match(file)))
}

/// `a/{b,c}` → `a/b`, `a/c`.
fn alternatives(word: &str) -> Vec<String> {
    let parts = word.split_once('{').and_then(|(before, rest)| {
        let (inside, after) = rest.split_once('}')?;
        inside.contains(',').then_some((before, inside, after))
    });
    match parts {
        None => vec![word.to_owned()],
        Some((before, inside, after)) => {
            inside.split(',').flat_map(|one| alternatives(&format!("{before}{one}{after}"))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    #[test]
    fn paths_that_are_not_there_are_found_and_nothing_else() {
        let text = "`src/a.rs` `src/{a,b}.rs` `src/*.rs` `src/<noun>.rs` `src/…` `src/a.rs NAME`\n\
                    `docs/deep/x` `deep/x/` `../src` `/src/none` `oci://src/none` `other/none`\n\
                    `src/none.rs` `src/{a,c}.rs`\n`src/*.md` `deep/none` `../none`";
        let (repository, documents) =
            made_up(&[("docs/x.md", text), ("docs/deep/x", ""), ("src/a.rs", ""), ("src/b.rs", "")]);
        assert_eq!(
            check(&repository, &documents),
            [
                "docs/x.md:3: `src/none.rs` is not there",
                "docs/x.md:3: `src/c.rs` is not there",
                "docs/x.md:4: `src/*.md` is not there",
                "docs/x.md:4: `deep/none` is not there",
                "docs/x.md:4: `../none` is not there",
            ]
        );
    }
}
