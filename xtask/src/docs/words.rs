//! The words that docs/glossary.md bans, and where it allows them all the same. Its table has the columns
//! Not, Say and Except; an exception in backticks is a path, or a phrase of which the word may be a part.

use regex::Regex;

use super::document::{Document, Table};
use super::repository::Repository;

const GLOSSARY: &str = "docs/glossary.md";
/// What people read on pages and in mails.
const MESSAGES: &str = "app/ui/src/messages";
const CHARTS: &str = "charts";
/// Its card and its descriptions are read by people.
const CARD: &str = "/blueprint.yaml";
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
    for path in repository.below(CHARTS).filter(|path| path.ends_with(CARD)) {
        let text = repository.text(path);
        for (offset, what) in found(&bans, path, &card(text)) {
            faults.push(format!("{path}:{}: {what}", text[..offset].matches('\n').count() + 1));
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

/// As long as the text; all but what stands under `card` and `description` is blank.
fn card(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut inside: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let depth = line.len() - line.trim_start().len();
        if inside.is_some_and(|begin| depth <= begin && !line.trim().is_empty()) {
            inside = None;
        }
        let begin = ["card:", "description:"].iter().filter_map(|key| line.find(key)).min();
        let kept = if inside.is_some() { 0 } else { begin.unwrap_or(line.len()) };
        if begin.is_some() {
            inside = inside.or(Some(depth));
        }
        read.extend(std::iter::repeat_n(' ', kept));
        read.push_str(&line[kept..]);
    }
    read
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
    fn banned_words_are_found_in_what_a_blueprint_tells_people() {
        let blueprint = "kind: Blueprint # instance\nspec:\n  card:\n    title: Tea for a tenant\n    summary: >\n      one\n\n\
                         \u{20}     instance\n  configSchema:\n    properties:\n      instances: { type: integer, description: Of the tenant. }\n\
                         \u{20}     tenant: { type: string }\n      a:\n        description: One\n          instance\n        type: tenant\n";
        let (repository, documents) = made_up(&[
            ("docs/glossary.md", TABLE),
            ("charts/bp-tea/blueprint.yaml", blueprint),
            ("charts/bp-tea/values.yaml", "description: tenant"),
        ]);
        assert_eq!(
            check(&repository, &documents),
            [
                "charts/bp-tea/blueprint.yaml:4: “tenant”: say Organization",
                "charts/bp-tea/blueprint.yaml:8: “instance”: say Application",
                "charts/bp-tea/blueprint.yaml:11: “tenant”: say Organization",
                "charts/bp-tea/blueprint.yaml:15: “instance”: say Application",
            ]
        );
    }

    #[test]
    fn a_glossary_without_its_table_is_a_fault() {
        let (repository, documents) = made_up(&[("docs/glossary.md", "# Words\n")]);
        assert_eq!(check(&repository, &documents).len(), 1);
    }
}
