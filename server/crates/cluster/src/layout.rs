//! What lies where in a tree.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What stands beside the template's tiers and belongs to a rendered tree.
pub(crate) const EXPECTED_GRAPH: &str = "expected-graph.yaml";
pub(crate) const MEMORY: &str = "memory.yaml";
/// What a rendered tree is for.
pub(crate) const SOVEREIGN: &str = "sovereign.yaml";

/// Every YAML file below a folder, in the order of their names.
pub(crate) fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| (folder.clone(), error))? {
            let path = entry.map_err(|error| (folder.clone(), error))?.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
