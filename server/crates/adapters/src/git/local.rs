//! Local bare Git repositories `<root>/<owner>/<name>.git`.
//!
//! A repository appears complete or not at all: it is built beside its place and renamed into it. The
//! same input gives the same commit ids, so a delivery that was killed at any point is simply repeated.
//! What is there already is compared and never overwritten.

use super::command::Git;
use super::failure::{GitFailure, MAIN, check_slug, fail};
use super::{Branches, CommitMeta, Delivered, GitError, GitStore, stream};
use async_trait::async_trait;
use domain::organizations::Repository;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tracing::{info, warn};
use uuid::Uuid;

/// The provider's name.
pub const LOCAL: &str = "local";

const PARTIAL_SUFFIX: &str = ".partial";

/// The repositories below one folder. Cheap to clone; safe to use from many tasks and processes.
#[derive(Debug, Clone)]
pub struct LocalGitStore {
    root: PathBuf,
    program: PathBuf,
}

impl LocalGitStore {
    /// The folder is made with the first delivery.
    pub fn new(root: impl Into<PathBuf>) -> LocalGitStore {
        LocalGitStore { root: root.into(), program: PathBuf::from("git") }
    }

    /// With another program than the `git` on PATH.
    pub fn with_program(root: impl Into<PathBuf>, program: impl Into<PathBuf>) -> LocalGitStore {
        LocalGitStore { root: root.into(), program: program.into() }
    }

    pub(super) fn path(&self, owner: &str, name: &str) -> PathBuf {
        self.root.join(owner).join(format!("{name}.git"))
    }

    async fn find_head(&self, owner: &str, name: &str, branch: &str) -> Result<Option<String>, GitFailure> {
        check_slug("organization", owner)?;
        check_slug("application", name)?;
        check_slug("branch", branch)?;
        let path = self.path(owner, name);
        if !exists(&path)? {
            return Ok(None);
        }
        self.git(&path).find_commit(branch).await
    }

    /// The commit of `main`.
    async fn make_or_confirm(
        &self,
        owner: &str,
        name: &str,
        meta: &CommitMeta,
        branches: &Branches,
    ) -> Result<String, GitFailure> {
        check_slug("organization", owner)?;
        check_slug("application", name)?;
        let stream = stream::write_stream(meta, branches)?;
        let path = self.path(owner, name);
        let folder = self.root.join(owner);
        create_folder(&folder)?;

        // One delivery of a repository at a time, in all processes; a killed process lets go of it.
        let lock = lock(folder.join(format!(".{name}.lock"))).await?;
        remove_partials(&folder, name);
        if !is_empty_or_missing(&path)? {
            return self.confirm(path, branches).await;
        }

        let partial = folder.join(format!(".{name}.{}{PARTIAL_SUFFIX}", Uuid::now_v7()));
        match self.build(&partial, &path, stream, &lock).await {
            Ok(main_commit) => {
                info!(repository = %path.display(), commit = main_commit, "repository delivered");
                Ok(main_commit)
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
    ) -> Result<String, GitFailure> {
        let git = self.git(partial);
        git.init(lock).await?;
        git.import(stream, lock).await?;
        let Some(commit) = git.find_commit(MAIN).await? else {
            let message = "it made no branch main".to_owned();
            return Err(GitFailure::Failed { command: "fast-import", message });
        };
        std::fs::rename(partial, path).map_err(|source| match source.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                GitFailure::Conflict(path.to_owned())
            }
            _ => fail("rename a finished repository to", path)(source),
        })?;
        // The new name outlives a power failure only once its folder is on disk.
        let folder = path.parent().unwrap_or(path);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail("write", folder))?;
        Ok(commit)
    }

    /// Compares what is there with what is wanted, branch by branch and byte by byte.
    async fn confirm(&self, path: PathBuf, branches: &Branches) -> Result<String, GitFailure> {
        let git = self.git(&path);
        let mut main_commit = None;
        for (name, files) in &branches.branches {
            let commit = git.find_commit(name).await?;
            let same = match &commit {
                Some(_) => git.read_files(name).await?.as_ref() == Some(files),
                None => false,
            };
            if !same {
                return Err(GitFailure::Conflict(path));
            }
            if name == MAIN {
                main_commit = commit;
            }
        }
        main_commit.ok_or(GitFailure::Conflict(path))
    }

    fn git<'a>(&'a self, repository: &'a Path) -> Git<'a> {
        Git { program: &self.program, repository }
    }
}

#[async_trait]
impl GitStore for LocalGitStore {
    fn provider(&self) -> &'static str {
        LOCAL
    }

    async fn deliver(
        &self,
        owner: &str,
        name: &str,
        meta: &CommitMeta,
        branches: &Branches,
    ) -> Result<Delivered, GitError> {
        let main_commit = self.make_or_confirm(owner, name, meta, branches).await?;
        let repository =
            Repository { provider: LOCAL.to_owned(), owner: owner.to_owned(), name: name.to_owned() };
        Ok(Delivered { repository, main_commit })
    }

    async fn head(&self, owner: &str, name: &str, branch: &str) -> Result<Option<String>, GitError> {
        Ok(self.find_head(owner, name, branch).await?)
    }
}

fn create_folder(path: &Path) -> Result<(), GitFailure> {
    std::fs::create_dir_all(path).map_err(fail("create the folder", path))
}

fn exists(path: &Path) -> Result<bool, GitFailure> {
    path.try_exists().map_err(fail("read", path))
}

fn is_empty_or_missing(path: &Path) -> Result<bool, GitFailure> {
    match std::fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        // Something that is not a folder has the name; it is not ours either.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(GitFailure::Conflict(path.to_owned()))
        }
        Err(error) => Err(fail("read", path)(error)),
    }
}

async fn lock(path: PathBuf) -> Result<File, GitFailure> {
    let wait = move || {
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        file.and_then(|file| file.lock().map(|()| file)).map_err(fail("lock", &path))
    };
    match tokio::task::spawn_blocking(wait).await {
        Ok(locked) => locked,
        Err(error) => Err(GitFailure::Failed { command: "lock", message: error.to_string() }),
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
