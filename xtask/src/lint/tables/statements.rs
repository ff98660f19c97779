//! What SQL says of tables: which ones a statement writes, and which ones migrations leave.

use std::collections::BTreeSet;

use anyhow::Result;
use regex::{Captures, Regex};

/// With or without its schema and quotes.
const NAME: &str = r#"(?:"?public"?\.)?"?([a-z_][a-z0-9_]*)"?"#;
/// NAME stands for itself. An `update` has its `set` or begins a statement: `for update`, `before update on` and
/// `do update set` write no table of their own.
const WRITES: [&str; 6] = [
    r"\binsert\s+into\s+NAME",
    r"\bupdate\s+(?:only\s+)?NAME(?:\s+as)?(?:\s+[a-z_][a-z0-9_]*)?\s+set\b",
    r"(?:^|[(;])\s*update\s+(?:only\s+)?NAME",
    r"\bdelete\s+from\s+(?:only\s+)?NAME",
    r"\btruncate\s+(?:table\s+)?(?:only\s+)?NAME",
    r"\bmerge\s+into\s+(?:only\s+)?NAME",
];
const MAKES: &str = r"\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?NAME";
const RENAMES: &str = r"\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?NAME\s+rename\s+to\s+NAME";
const COMMENT: &str = r"--[^\n]*";

/// The patterns, compiled.
pub(super) struct Statements {
    writes: Vec<Regex>,
    makes_or_renames: Regex,
    comment: Regex,
}

impl Statements {
    pub(super) fn new() -> Result<Statements> {
        Ok(Statements {
            writes: WRITES.into_iter().map(pattern).collect::<Result<_>>()?,
            makes_or_renames: pattern(&format!("{MAKES}|{RENAMES}"))?,
            comment: pattern(COMMENT)?,
        })
    }

    /// What a text writes, each with its line in it, counted from 0.
    pub(super) fn written(&self, text: &str) -> BTreeSet<(String, usize)> {
        let sql = self.without_comments(text);
        let found = self.writes.iter().flat_map(|write| write.captures_iter(&sql));
        let names = found.filter_map(|found| found.get(1));
        names.map(|name| (name.as_str().to_lowercase(), sql[..name.start()].matches('\n').count())).collect()
    }

    /// The tables that there are once all migrations have run.
    pub(super) fn tables(&self, migrations: &str) -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        for found in self.makes_or_renames.captures_iter(&self.without_comments(migrations)) {
            let name = |group: usize| found.get(group).map(|name| name.as_str().to_lowercase());
            tables.extend(name(1));
            if let (Some(old), Some(new)) = (name(2), name(3)) {
                tables.remove(&old);
                tables.insert(new);
            }
        }
        tables
    }

    /// Blanks in their place.
    fn without_comments(&self, sql: &str) -> String {
        self.comment.replace_all(sql, |comment: &Captures| " ".repeat(comment[0].len())).into_owned()
    }
}

fn pattern(text: &str) -> Result<Regex> {
    Ok(Regex::new(&format!("(?i){}", text.replace("NAME", NAME)))?)
}

#[cfg(test)]
mod tests {
    use super::Statements;

    fn of(text: &str) -> Vec<String> {
        let written = Statements::new().expect("patterns").written(text);
        written.into_iter().map(|(table, line)| format!("{table} {line}")).collect()
    }

    #[test]
    fn whatever_changes_rows_is_seen() {
        for (text, written) in [
            ("INSERT INTO customer_order (order_id)\nvalues ($1)", "customer_order 0"),
            ("insert into\n  \"public\".\"app\" select", "app 1"),
            ("update job set state = $1", "job 0"),
            ("update only job as mine set state = $1", "job 0"),
            ("with x as (select 1) update plan set a = 1", "plan 0"),
            ("update job", "job 0"),
            ("delete from cart where true", "cart 0"),
            ("truncate table session", "session 0"),
            ("merge into lot using x", "lot 0"),
        ] {
            assert_eq!(of(text), [written], "{text}");
        }
        let one_in_another = "with done as (\n update job j\n set x = 1 returning 1)\n delete from cart";
        assert_eq!(of(one_in_another), ["cart 3", "job 1"]);
    }

    #[test]
    fn a_lock_a_conflict_a_trigger_and_a_comment_write_nothing() {
        for text in [
            "select 1 from job for update skip locked",
            "select 1 from account for no key update",
            "create trigger t before update on account",
            "select 1 -- delete from account",
        ] {
            assert_eq!(of(text), [""; 0], "{text}");
        }
        assert_eq!(
            of("insert into account (a) values (1)\n on conflict (a) do update set a = 2"),
            ["account 0"]
        );
    }

    #[test]
    fn tables_are_those_that_the_migrations_leave() {
        let found = Statements::new().expect("patterns").tables(
            "create table app (a int); -- create table no (a int);\n create table if not exists plan (a int);
             alter table only app rename to program; alter table plan rename column a to b;",
        );
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["plan", "program"]);
    }
}
