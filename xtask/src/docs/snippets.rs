//! Shell blocks marked "sh run" are run: from the root, with the program just built, with a folder of their own
//! for whatever they write (`mktemp` makes files there).

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::document::Document;
use crate::commands::{root, target};

const MARK: &str = "sh run";

pub(super) fn check(documents: &[Document]) -> Result<Vec<String>> {
    let scratch = target().join("docs-audit");
    let mut faults = Vec::new();
    for document in documents {
        for block in &document.blocks {
            let words: Vec<&str> = block.info.split_whitespace().collect();
            match words.as_slice() {
                [_, "run"] if words.join(" ") == MARK => {
                    if let Some(what) = run(&block.at.text, &scratch)? {
                        faults.push(document.fault(block.at.offset, what));
                    }
                }
                [] | [_] => {}
                _ => faults.push(
                    document.fault(block.at.offset, format!("“{}” is no mark; “{MARK}” is", block.info)),
                ),
            }
        }
    }
    Ok(faults)
}

/// What went wrong, with the end of what it said.
fn run(text: &str, scratch: &Path) -> Result<Option<String>> {
    if scratch.exists() {
        fs::remove_dir_all(scratch).with_context(|| format!("{} is in the way", scratch.display()))?;
    }
    fs::create_dir_all(scratch)?;
    let own = [target().join("debug")].into_iter();
    let path = env::join_paths(own.chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())))?;
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", text])
        .current_dir(root())
        .env("PATH", path)
        .envs(["HOME", "TMPDIR", "CATALYST_DATA_DIR"].map(|name| (name, scratch)))
        .stdin(Stdio::null())
        .output()
        .context("bash did not run")?;
    if output.status.success() {
        return Ok(None);
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let end = said.trim().lines().next_back().unwrap_or("nothing was said").to_owned();
    Ok(Some(format!("the snippet failed ({}): {end}", output.status)))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::docs::document::Document;

    #[test]
    fn a_marked_snippet_is_run_and_its_failure_told() {
        let text = "```sh run\ntest -f Cargo.toml\nfile=$(mktemp)\ncase $file in */docs-audit/*) ;; *) exit 1 ;; esac\n\
                    ```\n\n\
                    ```sh\nexit 1\n```\n\n```sh run\nfalse | true\necho never\n```\n\n\
                    ```sh run\nls /nowhere-at-all\n```\n\n\
                    ```sh runs\ntrue\n```\n";
        let faults = check(&[Document::read("x.md", text)]).expect("bash");
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert_eq!(faults[0], "x.md:11: the snippet failed (exit status: 1): nothing was said");
        assert!(faults[1].starts_with("x.md:16: the snippet failed") && faults[1].contains("nowhere-at-all"));
        assert_eq!(faults[2], "x.md:20: “sh runs” is no mark; “sh run” is");
    }
}
