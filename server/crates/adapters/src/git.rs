//! Applications' repositories, wherever they are.

mod command;
mod failure;
mod local;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::organizations::Repository;
use time::OffsetDateTime;

pub use local::{LOCAL, LocalGitStore};

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
    pub repository: Repository,
    /// The id of the commit that `main` points at: 40 hexadecimal digits.
    pub main_commit: String,
}

/// Why nothing was delivered: what a caller can do about it. Texts are for operators and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// It may work later.
    #[error("{0}")]
    Retry(String),
    /// It never will as it was asked for.
    #[error("{0}")]
    Permanent(String),
    /// Somebody else's content stands at the repository's place; it is left as it is.
    #[error("the repository {0} exists with other content")]
    Conflict(String),
}

/// A place where repositories are.
#[async_trait]
pub trait GitStore: Send + Sync {
    /// The name that its repositories are stored under.
    fn provider(&self) -> &'static str;

    /// Makes the repository, or finds that it is there with the same branches: the same input gives the same commits,
    /// so that a delivery which was killed at any point is simply repeated. Whatever it started ends with it.
    async fn deliver(
        &self,
        owner: &str,
        name: &str,
        meta: &CommitMeta,
        branches: &Branches,
    ) -> Result<Delivered, GitError>;

    /// The commit that the branch points at; none without such a repository or branch.
    async fn head(&self, owner: &str, name: &str, branch: &str) -> Result<Option<String>, GitError>;
}
