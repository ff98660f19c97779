//! What is checked, one file a concern.

mod files;
mod graph;
mod memory;
mod namespaces;
mod references;
mod releases;
mod schema;

use std::path::Path;

use crate::{
    Finding, ServerType,
    tree::{Tree, Unreadable},
};

/// Everything that is wrong with the rendered tree in `dir`, in the order of its files. The servers
/// of its topology are of type `server`.
pub fn audit(dir: &Path, server: ServerType) -> Result<Vec<Finding>, Unreadable> {
    let mut findings = Vec::new();
    let tree = Tree::read(dir, &mut findings)?;
    findings.extend(files::check(&tree));
    findings.extend(schema::check(&tree));
    findings.extend(graph::check(&tree));
    findings.extend(namespaces::check(&tree));
    findings.extend(references::check(&tree));
    findings.extend(releases::check(&tree));
    findings.extend(memory::check(&tree, server));
    findings.sort();
    findings.dedup();
    Ok(findings)
}
