//! The source files of the workspace: each package's modules as they declare one another, without what only
//! tests compile.

mod names;
mod tokens;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use syn::{File, Item};

use super::{metadata, text};
use crate::commands::root;
use names::is_for_tests;
pub(super) use names::{Import, Names};
use tokens::plain;

/// What stands under `src/` of one package.
pub(super) struct Package {
    /// From the repository's root, as all paths here.
    pub(super) folder: PathBuf,
    /// Those without a parent are the roots of crates: `lib.rs`, `main.rs`.
    pub(super) modules: Vec<Module>,
    /// The name by which the package's programs call its library, and that library's root.
    pub(super) library: Option<(String, usize)>,
}

/// A file, or `mod name { … }` in one. A parent and its children are places in `Package::modules`.
pub(super) struct Module {
    pub(super) name: String,
    pub(super) file: PathBuf,
    pub(super) parent: Option<usize>,
    /// It has no file of its own.
    pub(super) inline: bool,
    pub(super) children: BTreeMap<String, usize>,
    pub(super) names: Names,
}

/// A package as cargo describes it.
pub(super) struct Described {
    pub(super) folder: PathBuf,
    roots: Vec<Root>,
}

/// A `lib.rs` or `main.rs`.
struct Root {
    file: PathBuf,
    /// The library's name.
    library: Option<String>,
}

/// Gives the text of a file, or None where there is none.
type Files<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// All of the workspace.
pub(super) fn packages() -> Result<Vec<Described>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    packages.iter().map(Described::of).collect()
}

impl Described {
    fn of(package: &Value) -> Result<Described> {
        let from_root = |path: &Value| -> Result<PathBuf> {
            let path = Path::new(path.as_str().context("cargo metadata: a path is missing")?);
            Ok(path.strip_prefix(root())?.to_owned())
        };
        let manifest = from_root(&package["manifest_path"])?;
        let folder = manifest.parent().unwrap_or(Path::new("")).to_owned();
        let mut roots = Vec::new();
        for target in package["targets"].as_array().into_iter().flatten() {
            let file = from_root(&target["src_path"])?;
            let kinds = target["kind"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let library = kinds.clone().any(|kind| kind.ends_with("lib"));
            let name = target["name"].as_str().unwrap_or_default().replace('-', "_");
            if file.starts_with(folder.join("src")) {
                roots.push(Root { file, library: library.then_some(name) });
            }
        }
        Ok(Described { folder, roots })
    }

    /// Fails where a module's file is missing or is no Rust.
    pub(super) fn read(&self) -> Result<Package> {
        Package::read(self.folder.clone(), &self.roots, &text)
    }
}

impl Package {
    fn read(folder: PathBuf, roots: &[Root], files: Files) -> Result<Package> {
        let mut reader = Reader { files, modules: Vec::new() };
        let mut library = None;
        for root in roots {
            let at = reader.file(&root.file, None)?;
            library = root.library.clone().map(|name| (name, at)).or(library);
        }
        Ok(Package { folder, modules: reader.modules, library })
    }

    /// The module whose file holds this one.
    pub(super) fn owner(&self, module: usize) -> usize {
        match self.modules[module].parent {
            Some(parent) if self.modules[module].inline => self.owner(parent),
            _ => module,
        }
    }

    /// From the module up to its crate's root.
    pub(super) fn line(&self, module: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(module), |&at| self.modules[at].parent)
    }

    /// Whether the one is the other, or somewhere below it.
    pub(super) fn is_within(&self, module: usize, ancestor: usize) -> bool {
        self.line(module).any(|at| at == ancestor)
    }
}

/// Follows `mod name;` from file to file.
struct Reader<'a> {
    files: Files<'a>,
    modules: Vec<Module>,
}

impl Reader<'_> {
    /// Reads a file, and all that it declares.
    fn file(&mut self, path: &Path, parent: Option<usize>) -> Result<usize> {
        let text = (self.files)(path).with_context(|| format!("{} is not there", path.display()))?;
        let File { items, .. } = syn::parse_file(&text)
            .map_err(|error| anyhow::anyhow!("{}:{}: {error}", path.display(), error.span().start().line))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let folder = path.parent().unwrap_or(Path::new(""));
        if parent.is_none() || stem == "mod" {
            let name =
                if stem == "mod" { folder.file_name().unwrap_or_default().to_string_lossy() } else { stem };
            return self.module(&name, path, folder, parent, &items);
        }
        self.module(&stem, path, &folder.join(&*stem), parent, &items)
    }

    /// `home` is the folder of the files that it declares.
    fn module(
        &mut self,
        name: &str,
        file: &Path,
        home: &Path,
        parent: Option<usize>,
        items: &[Item],
    ) -> Result<usize> {
        let at = self.modules.len();
        let inline = parent.is_some_and(|parent| self.modules[parent].file == file);
        self.modules.push(Module {
            name: name.to_owned(),
            file: file.to_owned(),
            parent,
            inline,
            children: BTreeMap::new(),
            names: Names::of(items),
        });
        for item in items {
            let Item::Mod(declared) = item else { continue };
            if is_for_tests(&declared.attrs) {
                continue;
            }
            let name = plain(&declared.ident);
            let child = match &declared.content {
                Some((_, items)) => self.module(&name, file, &home.join(&name), Some(at), items)?,
                None => self
                    .declared(&home.join(&name), Some(at))
                    .with_context(|| format!("{}: `mod {name}`", file.display()))?,
            };
            self.modules[at].children.insert(name, child);
        }
        Ok(at)
    }

    /// `name.rs` or `name/mod.rs`.
    fn declared(&mut self, name: &Path, parent: Option<usize>) -> Result<usize> {
        let file = name.with_extension("rs");
        let folder = name.join("mod.rs");
        let file =
            if (self.files)(&file).is_none() && (self.files)(&folder).is_some() { folder } else { file };
        self.file(&file, parent)
    }
}

/// Packages of files that are made up.
#[cfg(test)]
pub(super) mod made_up {
    use std::path::Path;

    use super::{Package, Root};

    /// Its crates are the `lib.rs` and `main.rs` right under `folder/src`; the library is `catalyst`.
    pub(in crate::lint) fn package(folder: &str, files: &[(&str, &str)]) -> Package {
        read(folder, files).expect("files that can be read")
    }

    pub(super) fn read(folder: &str, files: &[(&str, &str)]) -> anyhow::Result<Package> {
        let source = Path::new(folder).join("src");
        let text = |path: &Path| {
            let file = files.iter().find(|(name, _)| source.join(name) == path);
            file.map(|(_, text)| (*text).to_owned())
        };
        let roots = files.iter().filter(|(name, _)| matches!(*name, "lib.rs" | "main.rs"));
        let roots = roots.map(|(name, _)| Root {
            file: source.join(name),
            library: (*name == "lib.rs").then(|| "catalyst".to_owned()),
        });
        Package::read(folder.into(), &roots.collect::<Vec<_>>(), &text)
    }
}

#[cfg(test)]
mod tests {
    use super::made_up::{package, read};

    #[test]
    fn a_module_is_found_beside_its_parent_or_in_a_folder_of_that_name() {
        let files = [
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
            ("a/mod.rs", "mod c;"),
            ("a/c.rs", ""),
            ("b.rs", "mod d { mod e; }"),
            ("b/d/e.rs", ""),
        ];
        let package = package("app/ui", &files);
        let found = package.modules.iter().map(|module| (&*module.name, module.file.to_string_lossy()));
        let found: Vec<String> = found.map(|(name, file)| format!("{name} {file}")).collect();
        assert_eq!(
            found,
            [
                "lib app/ui/src/lib.rs",
                "a app/ui/src/a/mod.rs",
                "c app/ui/src/a/c.rs",
                "b app/ui/src/b.rs",
                "d app/ui/src/b.rs",
                "e app/ui/src/b/d/e.rs",
            ]
        );
    }

    #[test]
    fn a_file_that_is_missing_or_is_no_rust_is_named() {
        let fault = |files: &[(&str, &str)]| read("app/ui", files).err().map(|error| format!("{error:#}"));
        assert_eq!(
            fault(&[("lib.rs", "mod a;")]).as_deref(),
            Some("app/ui/src/lib.rs: `mod a`: app/ui/src/a.rs is not there")
        );
        let no_rust = fault(&[("lib.rs", "\nfn f( {}")]).unwrap_or_default();
        assert!(no_rust.starts_with("app/ui/src/lib.rs:2: "), "{no_rust}");
    }
}
