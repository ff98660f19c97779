//! The floors of the program: what a module right under `server/src` may use is below it.

use std::collections::BTreeMap;

use super::uses::Use;
use crate::lint::sources::Package;

const FOLDER: &str = "server";
/// From top to bottom. `lib` is what `lib.rs` itself defines. Those of one floor may use one another, as long as no
/// circle arises.
const FLOORS: [&[&str]; 7] = [
    &["main"],
    &["lib"],
    &["cli"],
    &["web"],
    &["jobs"],
    &["app"],
    &["config", "database", "wakeups", "metrics", "heartbeat", "shutdown", "traces"],
];
const TABLE: &str = "FLOORS in xtask/src/lint/modules/floors.rs";

/// Modules on no floor, and uses that point upwards: one for each two modules.
pub(super) fn faults(package: &Package, uses: &[Use]) -> Vec<String> {
    if package.folder.as_os_str() != FOLDER {
        return Vec::new();
    }
    let mut faults: Vec<String> = (0..package.modules.len())
        .filter(|&module| top(package, module) == module && floor(name(package, module)).is_none())
        .map(|module| {
            let file = package.modules[module].file.display();
            format!("{file}: `{}` stands on no floor; add it to {TABLE}", name(package, module))
        })
        .collect();
    let mut upwards: BTreeMap<(&str, &str), &Use> = BTreeMap::new();
    for one in uses {
        let (from, to) = (name(package, top(package, one.from)), name(package, top(package, one.to)));
        if !may_use(from, to) {
            upwards.entry((from, to)).or_insert(one);
        }
    }
    faults.extend(
        upwards
            .into_iter()
            .map(|((from, to), one)| format!("{}: {from} → {to} points upwards; see {TABLE}", one.spelled())),
    );
    faults
}

fn may_use(from: &str, to: &str) -> bool {
    // A module on no floor is a fault already.
    floor(from).zip(floor(to)).is_none_or(|(from, to)| to >= from)
}

/// Counted from the top.
fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name))
}

/// The module right under the crate's root that holds this one; or the root itself.
fn top(package: &Package, module: usize) -> usize {
    let line: Vec<usize> = package.line(module).collect();
    line[line.len().saturating_sub(2)]
}

fn name(package: &Package, module: usize) -> &str {
    &package.modules[module].name
}
