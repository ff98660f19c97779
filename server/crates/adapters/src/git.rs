//! Applications' repositories: local bare Git repositories `<root>/<organization>/<app>.git`.
//!
//! A repository appears complete or not at all: it is built beside its place and renamed into it. The
//! same input gives the same commit ids, so a delivery that was killed at any point is simply repeated.
//! What is there already is compared and never overwritten.

mod command;
mod stream;
#[cfg(test)]
mod tests;

use command::Git;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use tracing::{info, warn};
use uuid::Uuid;

const MAIN: &str = "main";
const PARTIAL_SUFFIX: &str = ".partial";

/// The repositories below one folder. Cheap to clone; safe to use from many tasks and processes.
#[derive(Debug, Clone)]
pub struct GitStore {
    root: PathBuf,
    program: PathBuf,
}

/// Who commits, for whom, when and why. Names are written on one line, without `<` and `>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitMeta {
    /// The platform's identity: author and committer.
    pub author_name: String,
    pub author_email: String,
    /// The acting person: name and e-mail address.
    pub co_author: Option<(String, String)>,
    /// Letters, digits and `-_.`; the trailer `Job-Id`.
    pub job_id: String,
    /// The date of the commits. It has to be the job's, not the clock's: it is a part of their ids.
    pub time: OffsetDateTime,
    pub message: String,
}

/// Each branch with its files (path → content); `main` has to be among them.
/// Branches with equal files share one commit; the others start from the first branch's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branches {
    pub branches: Vec<(String, BTreeMap<String, String>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The id of the commit that `main` points at: 40 hexadecimal digits.
    pub main_commit: String,
    pub path: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("the program git is not found: install the package git, or add its folder to PATH")]
    MissingGit,
    #[error("{field} cannot be used: expected {expected}")]
    Invalid { field: &'static str, expected: &'static str },
    /// Somebody else's content stands at the repository's place; it is left as it is.
    #[error("the repository {0} exists with other content")]
    Conflict(PathBuf),
    #[error("git {command} failed: {message}")]
    Failed { command: &'static str, message: String },
    #[error("cannot {doing} {path}: {source}")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

impl GitStore {
    /// The folder is made with the first delivery.
    pub fn new(root: impl Into<PathBuf>) -> GitStore {
        GitStore { root: root.into(), program: PathBuf::from("git") }
    }

    /// Where the repository is or will be. The slugs are not checked here; [`GitStore::deliver`] does.
    pub fn repository_path(&self, org: &str, app: &str) -> PathBuf {
        self.root.join(org).join(format!("{app}.git"))
    }

    /// The commit that the branch points at; `None` without such a repository or branch.
    pub async fn head(&self, org: &str, app: &str, branch: &str) -> Result<Option<String>, GitError> {
        check_slug("organization", org)?;
        check_slug("application", app)?;
        check_slug("branch", branch)?;
        let path = self.repository_path(org, app);
        if !exists(&path)? {
            return Ok(None);
        }
        self.git(&path).find_commit(branch).await
    }

    /// Makes the repository, or finds that it is there with the same branches.
    ///
    /// Errors: `Invalid` before anything is touched; `Conflict` when the place is taken; `MissingGit`.
    pub async fn deliver(
        &self,
        org: &str,
        app: &str,
        meta: &CommitMeta,
        branches: &Branches,
    ) -> Result<Delivered, GitError> {
        check_slug("organization", org)?;
        check_slug("application", app)?;
        let stream = stream::write_stream(meta, branches)?;
        let path = self.repository_path(org, app);
        let folder = self.root.join(org);
        create_folder(&folder)?;

        // One delivery of a repository at a time, in all processes; a killed process lets go of it.
        let lock = lock(folder.join(format!(".{app}.lock"))).await?;
        remove_partials(&folder, app);
        if !is_empty_or_missing(&path)? {
            return self.confirm(path, branches).await;
        }

        let partial = folder.join(format!(".{app}.{}{PARTIAL_SUFFIX}", Uuid::now_v7()));
        match self.build(&partial, &path, stream, &lock).await {
            Ok(main_commit) => {
                info!(repository = %path.display(), commit = main_commit, "repository delivered");
                Ok(Delivered { main_commit, path })
            }
            Err(error) => {
                remove_folder(&partial);
                Err(error)
            }
        }
    }

    async fn build(
        &self,
        partial: &Path,
        path: &Path,
        stream: Vec<u8>,
        lock: &File,
    ) -> Result<String, GitError> {
        let git = self.git(partial);
        git.init(lock).await?;
        git.import(stream, lock).await?;
        let Some(commit) = git.find_commit(MAIN).await? else {
            let message = "it made no branch main".to_owned();
            return Err(GitError::Failed { command: "fast-import", message });
        };
        std::fs::rename(partial, path).map_err(|source| match source.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                GitError::Conflict(path.to_owned())
            }
            _ => fail("rename a finished repository to", path)(source),
        })?;
        // The new name outlives a power failure only once its folder is on disk.
        let folder = path.parent().unwrap_or(path);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail("write", folder))?;
        Ok(commit)
    }

    /// Compares what is there with what is wanted, branch by branch and byte by byte.
    async fn confirm(&self, path: PathBuf, branches: &Branches) -> Result<Delivered, GitError> {
        let git = self.git(&path);
        let mut main_commit = None;
        for (name, files) in &branches.branches {
            let commit = git.find_commit(name).await?;
            let same = match &commit {
                Some(_) => git.read_files(name).await?.as_ref() == Some(files),
                None => false,
            };
            if !same {
                return Err(GitError::Conflict(path));
            }
            if name == MAIN {
                main_commit = commit;
            }
        }
        match main_commit {
            Some(main_commit) => Ok(Delivered { main_commit, path }),
            None => Err(GitError::Conflict(path)),
        }
    }

    fn git<'a>(&'a self, repository: &'a Path) -> Git<'a> {
        Git { program: &self.program, repository }
    }
}

/// A slug is a folder's name here: nothing that could lead out of the root gets past this.
fn check_slug(field: &'static str, slug: &str) -> Result<(), GitError> {
    let ok = (1..=63).contains(&slug.len())
        && slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let expected = "a lower-case letter, then letters, digits and hyphens, at most 63 in all";
    if ok { Ok(()) } else { Err(GitError::Invalid { field, expected }) }
}

fn fail(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GitError {
    let path = path.to_owned();
    move |source| GitError::Io { doing, path, source }
}

fn create_folder(path: &Path) -> Result<(), GitError> {
    std::fs::create_dir_all(path).map_err(fail("create the folder", path))
}

fn exists(path: &Path) -> Result<bool, GitError> {
    path.try_exists().map_err(fail("read", path))
}

fn is_empty_or_missing(path: &Path) -> Result<bool, GitError> {
    match std::fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        // Something that is not a folder has the name; it is not ours either.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(GitError::Conflict(path.to_owned()))
        }
        Err(error) => Err(fail("read", path)(error)),
    }
}

async fn lock(path: PathBuf) -> Result<File, GitError> {
    let wait = move || {
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        file.and_then(|file| file.lock().map(|()| file)).map_err(fail("lock", &path))
    };
    match tokio::task::spawn_blocking(wait).await {
        Ok(locked) => locked,
        Err(error) => Err(GitError::Failed { command: "lock", message: error.to_string() }),
    }
}

/// Removes what killed deliveries left behind. The caller holds the lock, so nobody works in them.
fn remove_partials(folder: &Path, app: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let start = format!(".{app}.");
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&start) && name.ends_with(PARTIAL_SUFFIX) {
            remove_folder(&entry.path());
        }
    }
}

/// Left-overs cost space and nothing else: a failure is told and not returned.
fn remove_folder(path: &Path) {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            warn!(path = %path.display(), %error, "an unfinished repository cannot be removed");
        }
        _ => {}
    }
}
