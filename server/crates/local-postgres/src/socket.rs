//! The folder of the unix socket. The system allows 107 characters for a socket's path, so a
//! cluster deep in the tree keeps its socket in a short private folder instead and notes which.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::identity::{RunAs, current_user};

const LONGEST_PATH_BYTES: usize = 107;
const FILE_NAME: &str = ".s.PGSQL.5432";
const NOTE: &str = "socket-folder";

/// The socket's folder of the cluster in `dir`, made if it is not there.
pub(crate) fn folder(dir: &Path, run_as: RunAs) -> Result<PathBuf> {
    let note = dir.join(NOTE);
    let noted = fs::read_to_string(&note).ok().map(|text| PathBuf::from(text.trim()));
    let beside = dir.join("socket");
    let folder = match noted {
        Some(noted) => noted,
        None if file(&beside).as_os_str().len() <= LONGEST_PATH_BYTES => beside,
        None => {
            let mut hasher = DefaultHasher::new();
            dir.hash(&mut hasher);
            let name = format!("catalyst-pg-{}-{:08x}", current_user()?, hasher.finish() as u32);
            let short = Path::new("/tmp").join(name);
            fs::write(&note, format!("{}\n", short.display()))
                .with_context(|| format!("{} could not be written", note.display()))?;
            short
        }
    };
    make_private(&folder, run_as)?;
    Ok(folder)
}

pub(crate) fn accepts_connections(folder: &Path) -> bool {
    UnixStream::connect(file(folder)).is_ok()
}

pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

pub(crate) fn lock_file(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE_NAME}.lock"))
}

/// Access to the socket is access to the database, so the folder is nobody else's.
pub(crate) fn make_private(folder: &Path, run_as: RunAs) -> Result<()> {
    if !folder.is_dir() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("the folder {} could not be made", folder.display()))?;
        run_as.give(folder)?;
    }
    let found = fs::symlink_metadata(folder)?;
    let user = current_user()?;
    if !found.is_dir() || (user != 0 && found.uid() != user) {
        bail!("{} is somebody else's: remove it, or choose another data folder", folder.display());
    }
    if found.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .with_context(|| format!("{} could not be made private (0700)", folder.display()))?;
    }
    Ok(())
}
