//! Which file uses which: every path of a module followed to the file that defines what it names.

use std::path::PathBuf;

use crate::lint::sources::{Import, Package};

/// One file's mention of what another defines.
pub(super) struct Use {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) file: PathBuf,
    pub(super) line: usize,
    /// As it is written.
    pub(super) name: String,
}

impl Use {
    pub(super) fn spelled(&self) -> String {
        format!("{}:{} {}", self.file.display(), self.line, self.name)
    }
}

/// What a path leads to.
struct Reached {
    /// Where it is defined.
    at: usize,
    /// It is that module itself; else something in it.
    is_module: bool,
    /// Those who pass the name on without having it below themselves.
    by_way_of: Vec<usize>,
}

/// Longer chains of imports are a circle of imports.
const LONGEST_CHAIN: usize = 20;

/// `mod name;` and the passing on of a child's names use nothing. A module that is imported is used where its
/// name stands.
pub(super) fn of(package: &Package) -> Vec<Use> {
    let mut uses = Vec::new();
    for (at, module) in package.modules.iter().enumerate() {
        let imports = module.names.imports.iter();
        let imports =
            imports.filter(|import| !passes_on_a_child(package, at, import)).map(|import| &import.path);
        for path in imports.chain(&module.names.paths) {
            let Some(reached) =
                reach(package, at, &path.what, Wanted::Anything, 0).filter(|reached| !reached.is_module)
            else {
                continue;
            };
            let from = package.owner(at);
            for to in reached.by_way_of.into_iter().chain([reached.at]).map(|to| package.owner(to)) {
                if to != from {
                    let name = path.what.join("::");
                    uses.push(Use { from, to, file: module.file.clone(), line: path.line, name });
                }
            }
        }
    }
    uses
}

fn passes_on_a_child(package: &Package, at: usize, import: &Import) -> bool {
    let reached = || reach(package, at, &import.path.what, Wanted::Anything, 0);
    import.passed_on && reached().is_some_and(|reached| package.is_within(reached.at, at))
}

/// What a name has to be: a module and a function may have the same.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// Something that has names in it.
    Module,
    Anything,
}

/// None: it is of another crate, or a name of a function's own.
fn reach(package: &Package, from: usize, path: &[String], wanted: Wanted, chain: usize) -> Option<Reached> {
    let (first, mut rest) = path.split_first()?;
    let wanted_here = |rest: &[String]| if rest.is_empty() { wanted } else { Wanted::Module };
    let mut by_way_of = Vec::new();
    let mut here = match first.as_str() {
        "crate" => package.line(from).last()?,
        "self" => from,
        "super" => package.modules[from].parent?,
        "" => {
            let (name, more) = rest.split_first()?;
            rest = more;
            library(package, name)?
        }
        name => match step(package, from, name, wanted_here(rest), chain) {
            Some(next) if next.is_module => next.at,
            Some(next) => return Some(next),
            None => match library(package, name) {
                Some(root) => root,
                None => return macro_above(package, from, name),
            },
        },
    };
    while let Some((name, more)) = rest.split_first() {
        rest = more;
        if name == "super" {
            here = package.modules[here].parent?;
            continue;
        }
        let Some(mut next) = step(package, here, name, wanted_here(rest), chain) else {
            return Some(Reached { at: here, is_module: false, by_way_of });
        };
        if !package.is_within(next.at, here) {
            by_way_of.push(here);
        }
        by_way_of.append(&mut next.by_way_of);
        if !next.is_module {
            return Some(Reached { by_way_of, ..next });
        }
        here = next.at;
    }
    Some(Reached { at: here, is_module: true, by_way_of })
}

/// The package's library, as its programs call it.
fn library(package: &Package, name: &str) -> Option<usize> {
    package.library.as_ref().filter(|(known, _)| known == name).map(|(_, root)| *root)
}

/// A name in a module: a child, or what an import leads to. None: the module itself defines it, or nothing in this
/// package does.
fn step(package: &Package, at: usize, name: &str, wanted: Wanted, chain: usize) -> Option<Reached> {
    let module = &package.modules[at];
    let in_module = |at| Reached { at, is_module: false, by_way_of: Vec::new() };
    let child = module.children.get(name).map(|&child| Reached { is_module: true, ..in_module(child) });
    if wanted == Wanted::Module && child.is_some() {
        return child;
    }
    if chain == LONGEST_CHAIN || module.names.defined.contains(name) {
        return None;
    }
    let mut imports = module.names.imports.iter();
    if let Some(import) = imports.clone().find(|import| import.name == name) {
        return reach(package, at, &import.path.what, wanted, chain + 1);
    }
    child.or_else(|| {
        imports.find_map(|import| {
            let path = (import.name == "*").then_some(&import.path.what)?;
            let all_of =
                reach(package, at, path, Wanted::Module, chain + 1).filter(|all_of| all_of.is_module)?;
            let defines = package.modules[all_of.at].names.defined.contains(name);
            defines
                .then(|| in_module(all_of.at))
                .or_else(|| step(package, all_of.at, name, wanted, chain + 1))
        })
    })
}

/// `name!` of a `macro_rules!` further up, which reaches the modules below it without an import.
fn macro_above(package: &Package, from: usize, name: &str) -> Option<Reached> {
    let name = name.strip_suffix('!')?;
    let at = package.line(from).skip(1).find(|&at| package.modules[at].names.macros.contains(name))?;
    Some(Reached { at, is_module: false, by_way_of: Vec::new() })
}
