//! Each table is written by one slice: whoever wants a row changed asks the slice that the table belongs to. A
//! slice is what stands right under `app/domain/src`; anyone may read.

mod statements;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};

use super::sources::{Package, packages};
use super::{project_files, text};
use statements::Statements;

const DOMAIN: &str = "app/domain";
/// It makes databases for tests, and is no slice.
const TESTING: &str = "testing";

pub(super) fn check() -> Result<Vec<String>> {
    let packages = packages()?;
    let domain = packages.iter().find(|package| package.folder == Path::new(DOMAIN));
    let domain = domain.with_context(|| format!("{DOMAIN} is no package"))?.read()?;
    let statements = Statements::new()?;
    Ok(faults(&domain, &statements, &statements.tables(&migrations()?)))
}

fn migrations() -> Result<String> {
    let mut paths = project_files()?;
    paths.retain(|path| path.starts_with("migrations") && path.extension().is_some_and(|kind| kind == "sql"));
    paths.sort();
    Ok(paths.iter().filter_map(|path| text(path)).collect::<Vec<_>>().join("\n"))
}

fn faults(domain: &Package, statements: &Statements, tables: &BTreeSet<String>) -> Vec<String> {
    let mut writers: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for module in &domain.modules {
        let Some(slice) = slice(&domain.folder, &module.file).filter(|slice| slice != TESTING) else {
            continue;
        };
        for found in &module.names.texts {
            for (table, line) in statements.written(&found.what) {
                if tables.contains(&table) {
                    let place = format!("{}:{}", module.file.display(), found.line + line);
                    writers.entry(table).or_default().entry(slice.clone()).or_insert(place);
                }
            }
        }
    }
    writers.retain(|_, slices| slices.len() > 1);
    let spelled = writers.into_iter().map(|(table, slices)| {
        let by: Vec<String> = slices.iter().map(|(slice, place)| format!("{slice} ({place})")).collect();
        format!("the table {table} is written by {}; let one slice write it", by.join(" and by "))
    });
    spelled.collect()
}

/// `orders` of `app/domain/src/orders/store.rs` and of `app/domain/src/orders.rs`.
fn slice(folder: &Path, file: &Path) -> Option<String> {
    let inside = file.strip_prefix(folder.join("src")).ok()?;
    let first = Path::new(inside.iter().next()?);
    Some(first.file_stem()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::{check, faults};
    use crate::lint::sources::made_up;
    use crate::lint::tables::statements::Statements;

    #[test]
    fn each_table_of_this_repository_is_written_by_one_slice() {
        let found = check().expect("the domain's sources");
        assert!(found.is_empty(), "against the rule:\n{}", found.join("\n"));
    }

    #[test]
    fn a_table_that_two_slices_write_is_a_fault_and_reading_is_none() {
        let domain = made_up::package(
            "app/domain",
            &[
                ("lib.rs", "mod checkout; mod orders; mod credit; #[cfg(test)] mod tests; mod testing;"),
                ("checkout/mod.rs", "mod store;"),
                (
                    "checkout/store.rs",
                    "fn f() {\n sqlx::query!(\n\"insert into purchase\n values (1)\", 1); }",
                ),
                ("orders.rs", "const END: &str = r#\"\n update purchase set ended = true\"#;"),
                (
                    "credit.rs",
                    "/// delete from purchase\nconst ALL: &str = \"select from purchase for update\";",
                ),
                ("testing.rs", "fn f() { sqlx::query(\"truncate purchase\"); }"),
                ("tests.rs", "fn f() { sqlx::query(\"delete from purchase\"); }"),
            ],
        );
        let statements = Statements::new().expect("patterns");
        assert_eq!(
            faults(&domain, &statements, &["purchase".to_owned()].into()),
            ["the table purchase is written by checkout (app/domain/src/checkout/store.rs:3) and by orders \
                 (app/domain/src/orders.rs:2); let one slice write it"]
        );
        let no_such_table = faults(&domain, &statements, &["cart".to_owned()].into());
        assert_eq!(no_such_table, [""; 0]);
    }
}
