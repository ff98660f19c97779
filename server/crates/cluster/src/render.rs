//! A Sovereign's own tree, from the template.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Fqdn, Lock, LockError, SubstitutionError, TIERS, Topology,
    layout::{EXPECTED_GRAPH, MEMORY, SOVEREIGN, yaml_files},
    substitute,
};

#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("{0} is not empty: a tree is written into a new folder only")]
    NotEmpty(PathBuf),
    #[error("{0} has none of the tree's folders: {tiers}", tiers = TIERS.join(", "))]
    NoTree(PathBuf),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("{file}: {source}")]
    Substitution { file: PathBuf, source: SubstitutionError },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// Writes the tree of `fqdn` to `out`, which must not exist or be empty. Nothing is written unless
/// every placeholder has a value; the same input gives the same bytes.
///
/// The tree's inner Kustomizations get the path `./clusters/<fqdn>`: where it is to lie in its
/// repository.
pub fn render(
    template: &Path,
    lock: &Lock,
    fqdn: &Fqdn,
    topology: Topology,
    out: &Path,
) -> Result<(), RenderError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| RenderError::File { path, source }
    };
    match fs::read_dir(out) {
        Ok(entries) => {
            if entries.count() > 0 {
                return Err(RenderError::NotEmpty(out.to_owned()));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(at(out)(error)),
    }

    let mut values = lock.values()?;
    values.extend([
        ("SOVEREIGN_FQDN".to_owned(), fqdn.to_string()),
        // The mailbox that a domain's owner is expected to have.
        ("SOVEREIGN_EMAIL".to_owned(), format!("hostmaster@{fqdn}")),
        ("SOVEREIGN_TOPOLOGY".to_owned(), topology.to_string()),
        ("TREE_PATH".to_owned(), format!("./clusters/{fqdn}")),
    ]);

    let mut files = BTreeMap::new();
    for tier in TIERS {
        let folder = template.join(tier);
        if !folder.is_dir() {
            continue;
        }
        for file in yaml_files(&folder).map_err(|(path, source)| RenderError::File { path, source })? {
            let text = fs::read_to_string(&file).map_err(at(&file))?;
            let text = substitute(&text, &values)
                .map_err(|source| RenderError::Substitution { file: file.clone(), source })?;
            let name = file.strip_prefix(template).unwrap_or(&file).to_owned();
            files.insert(name, text);
        }
    }
    if files.is_empty() {
        return Err(RenderError::NoTree(template.to_owned()));
    }
    for name in [EXPECTED_GRAPH, MEMORY] {
        let path = template.parent().unwrap_or(template).join(name);
        files.insert(name.into(), fs::read_to_string(&path).map_err(at(&path))?);
    }
    files.insert(
        SOVEREIGN.into(),
        format!("# What this tree was rendered for.\nfqdn: {fqdn}\ntopology: {topology}\n"),
    );

    for (name, text) in files {
        let path = out.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        fs::write(&path, text).map_err(at(&path))?;
    }
    Ok(())
}
