//! .ci/exceptions.toml: `[rule]` tables of `"path" = "reason"`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

use crate::commands::root;

const FILE: &str = ".ci/exceptions.toml";

pub(super) struct Exceptions(Table);

impl Exceptions {
    pub(super) fn read() -> Result<Exceptions> {
        let text =
            fs::read_to_string(root().join(FILE)).with_context(|| format!("{FILE} could not be read"))?;
        let table: Table = text.parse().with_context(|| format!("{FILE} is not valid"))?;
        for (rule, entries) in &table {
            let entries = entries.as_table().with_context(|| format!("{FILE}: `{rule}` is no table"))?;
            for (path, reason) in entries {
                if reason.as_str().is_none_or(|reason| reason.trim().len() < 10) {
                    bail!("{FILE}: {rule}.\"{path}\" needs a reason");
                }
                if !root().join(path).exists() {
                    bail!("{FILE}: {rule}.\"{path}\" is not there any more; remove the line");
                }
            }
        }
        Ok(Exceptions(table))
    }

    pub(super) fn allow(&self, rule: &str, path: &Path) -> bool {
        let entries = self.0.get(rule).and_then(Value::as_table);
        entries.is_some_and(|entries| entries.contains_key(&*path.to_string_lossy()))
    }
}
