//! The words that docs/glossary.md bans, and where it allows them all the same. Its table has the columns
//! Not, Say and Except; an exception in backticks is a path, or a phrase of which the word may be a part.

use regex::Regex;

use super::document::{Document, Table};
use super::repository::Repository;

const GLOSSARY: &str = "docs/glossary.md";
/// What people read on pages and in mails.
const MESSAGES: &str = "app/ui/src/messages";
const COLUMNS: [&str; 3] = ["Not", "Say", "Except"];

struct Ban {
    word: Regex,
    instead: String,
    paths: Vec<String>,
    phrases: Vec<Regex>,
}

pub(super) fn check(repository: &Repository, documents: &[Document]) -> Vec<String> {
    let table = documents.iter().find(|document| document.path == GLOSSARY).and_then(banned);
    let Some((table, bans)) = table.map(|table| (table, bans(repository, table))) else {
        return vec![format!("{GLOSSARY}:1: has no table with the columns {}", COLUMNS.join(", "))];
    };
    let mut faults = Vec::new();
    for document in documents {
        for (offset, what) in found(&bans, &document.path, &document.prose) {
            if document.path != GLOSSARY || !table.range.contains(&offset) {
                faults.push(document.fault(offset, what));
            }
        }
    }
    for path in repository.below(MESSAGES) {
        for (number, line) in repository.text(path).lines().enumerate() {
            // Quotes alternate: what stands between them is every second part.
            for text in line.split('"').skip(1).step_by(2) {
                let whats = found(&bans, path, text).into_iter().map(|(_, what)| what);
                faults.extend(whats.map(|what| format!("{path}:{}: {what}", number + 1)));
            }
        }
    }
    faults
}

fn banned(glossary: &Document) -> Option<&Table> {
    glossary.tables.iter().find(|table| table.rows.first().is_some_and(|head| head.cells == COLUMNS))
}

fn bans(repository: &Repository, table: &Table) -> Vec<Ban> {
    let rows = table.rows.iter().skip(1).filter_map(|row| {
        let [not, say, except] = row.cells.as_slice() else { return None };
        let except = except.split('`').skip(1).step_by(2).map(|text| text.trim_end_matches('/').to_owned());
        let (paths, phrases): (Vec<_>, Vec<_>) = except.partition(|text| repository.has(text));
        Some(not.split(',').filter_map(move |word| {
            Some(Ban {
                word: Regex::new(&format!(r"(?i)\b{}\b", pattern(word))).ok()?,
                instead: say.clone(),
                paths: paths.clone(),
                phrases: phrases
                    .iter()
                    .filter_map(|text| Regex::new(&format!("(?i){}", pattern(text))).ok())
                    .collect(),
            })
        }))
    });
    rows.flatten().collect()
}

/// Words whatever their number and the space between them.
fn pattern(words: &str) -> String {
    let words: Vec<_> = words.split_whitespace().map(regex::escape).collect();
    format!("{}(?:s|'s|s')?", words.join(r"\s+"))
}

fn found(bans: &[Ban], path: &str, text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for ban in bans.iter().filter(|ban| !ban.paths.iter().any(|allowed| path.starts_with(allowed.as_str()))) {
        let allowed: Vec<_> = ban.phrases.iter().flat_map(|phrase| phrase.find_iter(text)).collect();
        for word in ban.word.find_iter(text) {
            if !allowed.iter().any(|phrase| phrase.start() <= word.start() && word.end() <= phrase.end()) {
                found.push((word.start(), format!("“{}”: say {}", word.as_str(), ban.instead)));
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::tests::made_up;

    const TABLE: &str = "| Not | Say | Except |\n|---|---|---|\n\
                         | tenant | Organization | `infra/` |\n\
                         | instance, app server | Application | `for instance` |\n";

    #[test]
    fn banned_words_are_found_where_they_are_not_allowed() {
        let (repository, documents) = made_up(&[
            ("docs/glossary.md", TABLE),
            ("docs/a.md", "A Tenant's `tenant`, for\ninstance.\n\nTwo instances of an app\nserver."),
            ("infra/README.md", "A tenant."),
            ("app/ui/src/messages/admin.rs", "tenants: \"Your tenants\";\n"),
        ]);
        assert_eq!(
            check(&repository, &documents),
            [
                "docs/a.md:1: “Tenant's”: say Organization",
                "docs/a.md:4: “instances”: say Application",
                "docs/a.md:4: “app server”: say Application",
                "app/ui/src/messages/admin.rs:1: “tenants”: say Organization",
            ]
        );
    }

    #[test]
    fn a_glossary_without_its_table_is_a_fault() {
        let (repository, documents) = made_up(&[("docs/glossary.md", "# Words\n")]);
        assert_eq!(check(&repository, &documents).len(), 1);
    }
}
