//! A file that needs scrolling for long is several files.

use std::path::Path;

use anyhow::Result;

use super::exceptions::Exceptions;
use super::{project_files, text};

const MOST_LINES: usize = 500;
/// Written by tools, or not for reading.
const GENERATED: [&str; 4] = ["Cargo.lock", "package-lock.json", "LICENSE", ".terraform.lock.hcl"];

pub(super) fn check(exceptions: &Exceptions) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in project_files()? {
        if is_generated(&path) || exceptions.allow("long-files", &path) {
            continue;
        }
        let lines = text(&path).map_or(0, |text| text.lines().count());
        if lines > MOST_LINES {
            faults.push(format!("{}: {lines} lines, at most {MOST_LINES}", path.display()));
        }
    }
    Ok(faults)
}

fn is_generated(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    GENERATED.contains(&&*name) || path.starts_with("app/domain/.sqlx") || path.starts_with("style/assets")
}
