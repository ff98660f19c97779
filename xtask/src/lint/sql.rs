//! The wall: a statement stands in app/domain or nowhere.

use std::path::Path;

use anyhow::Result;

use super::exceptions::Exceptions;
use super::{project_files, text};

const STATEMENTS: [&str; 9] = [
    "query!(",
    "query_as!(",
    "query_scalar!(",
    "query_file!(",
    "query_file_as!(",
    "query_unchecked!(",
    "sqlx::query(",
    "sqlx::query_as",
    "sqlx::query_scalar",
];

pub(super) fn check(exceptions: &Exceptions) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in project_files()? {
        if !belongs_outside(&path) || exceptions.allow("sql", &path) {
            continue;
        }
        for (number, line) in text(&path).unwrap_or_default().lines().enumerate() {
            if has_statement(line) {
                faults.push(format!("{}:{}: SQL outside app/domain", path.display(), number + 1));
            }
        }
    }
    Ok(faults)
}

fn belongs_outside(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "rs")
        && !path.starts_with("app/domain")
        && !path.starts_with("xtask")
        // A test may look into the database; the compiler's macros stay in the domain all the same.
        && !path.starts_with("server/tests")
}

fn has_statement(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    STATEMENTS.iter().any(|statement| code.contains(statement))
}

#[cfg(test)]
mod tests {
    use super::has_statement;

    #[test]
    fn a_statement_is_seen_and_a_comment_is_not() {
        assert!(has_statement("    let row = sqlx::query_as!(Order, \"select\")"));
        assert!(!has_statement("    // sqlx::query!(…) is for the domain"));
        assert!(!has_statement("    let query = request.uri().query();"));
    }
}
