//! What can go wrong with local repositories, and what their names may be.

use super::GitError;
use std::io;
use std::path::{Path, PathBuf};

pub(super) const MAIN: &str = "main";

/// What went wrong, in this machine's words.
#[derive(Debug, thiserror::Error)]
pub(super) enum GitFailure {
    #[error("the program git is not found: install the package git, or add its folder to PATH")]
    MissingGit,
    #[error("{field} cannot be used: expected {expected}")]
    Invalid { field: &'static str, expected: &'static str },
    #[error("the repository {0} exists with other content")]
    Conflict(PathBuf),
    #[error("git {command} failed: {message}")]
    Failed { command: &'static str, message: String },
    #[error("cannot {doing} {path}: {source}")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

impl From<GitFailure> for GitError {
    fn from(failure: GitFailure) -> Self {
        match failure {
            GitFailure::Conflict(path) => Self::Conflict(path.display().to_string()),
            GitFailure::Invalid { .. } => Self::Permanent(failure.to_string()),
            GitFailure::MissingGit | GitFailure::Failed { .. } | GitFailure::Io { .. } => {
                Self::Retry(failure.to_string())
            }
        }
    }
}

pub(super) fn fail(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GitFailure {
    let path = path.to_owned();
    move |source| GitFailure::Io { doing, path, source }
}

/// A slug is a folder's name here: nothing that could lead out of the root gets past this.
pub(super) fn check_slug(field: &'static str, slug: &str) -> Result<(), GitFailure> {
    let ok = (1..=63).contains(&slug.len())
        && slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let expected = "a lower-case letter, then letters, digits and hyphens, at most 63 in all";
    if ok { Ok(()) } else { Err(GitFailure::Invalid { field, expected }) }
}
