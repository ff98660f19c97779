//! Modules use one another downwards only: there is no circle among them.
//!
//! Every path is followed to the file that defines what it names (`uses.rs`), with all that is below a module's
//! child counted as that child. Then there must be no circle among the children of one module, and none through the
//! root of a crate: who needs something of `lib.rs` may not be used by it. The program has floors besides
//! (`floors.rs`).
//!
//! Not counted: `mod name;`, the passing on of a child's names (`pub use`), tests, and, below the root, a parent file
//! and its own descendants. `mod.rs` holds the types here, and calls the private files that use them; a dozen folders
//! do so. All other circles of files are circles among the children of some module, and are found. A method that is
//! called on a value names no file, so it is no arrow.

mod circles;
mod floors;
mod uses;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::sources::{Package, packages};
use uses::Use;

pub(super) fn check() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in packages()? {
        match package.read() {
            Ok(package) => found.extend(faults(&package)),
            Err(error) => found.push(format!("{error:#}")),
        }
    }
    Ok(found)
}

fn faults(package: &Package) -> Vec<String> {
    let uses = uses::of(package);
    let mut faults = circles_of(package, &uses);
    faults.extend(floors::faults(package, &uses));
    faults
}

fn circles_of(package: &Package, uses: &[Use]) -> Vec<String> {
    (0..package.modules.len()).flat_map(|parent| circles_below(package, parent, uses)).collect()
}

/// Circles among a module's children, each with all that is below it; among them the root of a crate counts.
fn circles_below(package: &Package, parent: usize, uses: &[Use]) -> Vec<String> {
    let mut arrows: BTreeMap<(usize, usize), &Use> = BTreeMap::new();
    for one in uses {
        if let (Some(from), Some(to)) = (child(package, parent, one.from), child(package, parent, one.to))
            && from != to
        {
            arrows.entry((from, to)).or_insert(one);
        }
    }
    let home = package.modules[parent].file.parent().unwrap_or(Path::new(""));
    let circles = circles::find(&arrows.keys().copied().collect());
    let spelled = circles.into_iter().map(|circle| {
        let label = |at: usize| {
            let module = &package.modules[at];
            let inside = at != parent && !module.children.is_empty();
            if inside { format!("{}/", module.name) } else { file_name(&module.file) }
        };
        let nodes: Vec<String> = circle.iter().chain(circle.first()).map(|&at| label(at)).collect();
        let why: Vec<String> = circles::arrows_of(&circle).map(|arrow| arrows[&arrow].spelled()).collect();
        format!("{}: a circle, {} ({})", home.display(), nodes.join(" → "), why.join("; "))
    });
    spelled.collect()
}

/// The child of `parent` that holds a module; the parent itself only where it is the root of a crate.
fn child(package: &Package, parent: usize, module: usize) -> Option<usize> {
    let is_root = package.modules[parent].parent.is_none();
    if module == parent {
        return is_root.then_some(parent);
    }
    package.line(module).find(|&at| package.modules[at].parent == Some(parent))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
