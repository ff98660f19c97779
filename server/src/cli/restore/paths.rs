//! What a manifest may name: it may have been changed by somebody, and nothing outside of the backup's folder is read,
//! nor anything outside of the installation's written, because of it.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Component, Path},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::cli::backup::{DATABASE, KEY, MANIFEST, Manifest, REPOSITORIES};

/// Refuses a backup by the entry that should not be in it. Only looks.
pub(super) fn check(folder: &Path, manifest: &Manifest) -> Result<()> {
    let mut seen = BTreeSet::new();
    is_file(folder, Path::new(MANIFEST))?;
    for path in manifest.files.iter().map(|kept| kept.path.as_path()) {
        ensure!(is_named_right(path), "the manifest names {}, which no backup holds", path.display());
        ensure!(seen.insert(path), "the manifest names {} twice", path.display());
        is_file(folder, path)?;
    }
    for needed in [DATABASE, KEY] {
        ensure!(seen.contains(Path::new(needed)), "the manifest does not name {needed}");
    }
    Ok(())
}

/// As `backup` names them: `database.dump`, `server.key`, `git/<organization>/<app>.bundle`.
fn is_named_right(path: &Path) -> bool {
    // Compared by text as well: as paths, `a//b/.` and `a/b` are the same.
    let parts: Option<Vec<&OsStr>> = path
        .components()
        .map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    let Some(parts) = parts else { return false };
    let joined = parts.join(OsStr::new("/"));
    if joined != path.as_os_str() {
        return false;
    }
    match parts.as_slice() {
        [name] => [DATABASE, KEY].into_iter().any(|known| *name == known),
        [root, organization, bundle] => {
            let stem = Path::new(bundle).file_stem().unwrap_or_default();
            *root == REPOSITORIES
                && is_slug(organization)
                && is_slug(stem)
                && Path::new(bundle).extension() == Some(OsStr::new("bundle"))
        }
        _ => false,
    }
}

fn is_slug(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.first().is_some_and(u8::is_ascii_alphanumeric)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// No link, device or pipe, nor below one.
fn is_file(folder: &Path, path: &Path) -> Result<()> {
    let mut place = folder.to_owned();
    for part in path.components() {
        place.push(part);
        let kind = fs::symlink_metadata(&place)
            .with_context(|| format!("{} could not be read", path.display()))?
            .file_type();
        let last = place == folder.join(path);
        if kind.is_symlink() || (last && !kind.is_file()) || (!last && !kind.is_dir()) {
            bail!("{} is no file of its own in the backup", path.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_backup_holds_is_named_right() {
        for right in ["database.dump", "server.key", "git/al-noor/wordpress.bundle", "git/a1/b-2.bundle"] {
            assert!(is_named_right(Path::new(right)), "{right}");
        }
        for wrong in [
            "",
            "/",
            ".",
            "..",
            "/etc/passwd",
            "../server.key",
            "./server.key",
            "server.key/",
            "manifest.json",
            "git",
            "git/al-noor",
            "git/wordpress.bundle",
            "git/../wordpress.bundle",
            "git/al-noor/../wordpress.bundle",
            "git/al-noor//wordpress.bundle",
            "git/al-noor/x/wordpress.bundle",
            "git/al-noor/wordpress.git",
            "git/al-noor/.bundle",
            "git/al-noor/-x.bundle",
            "git/.hooks/x.bundle",
            "git/al_noor/x.bundle",
            "other/al-noor/wordpress.bundle",
        ] {
            assert!(!is_named_right(Path::new(wrong)), "{wrong}");
        }
    }
}
