//! The `git` program: arguments only, no shell, and nothing of the machine's own configuration.

use super::failure::{GitFailure, fail};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// `git` on one bare repository.
pub(super) struct Git<'a> {
    pub(super) program: &'a Path,
    pub(super) repository: &'a Path,
}

impl Git<'_> {
    /// Makes an empty repository; see [`Git::write`] for `lock`.
    pub(super) async fn init(&self, lock: &File) -> Result<(), GitFailure> {
        // Without a template there are no hooks and no files that differ between machines.
        let args =
            ["init", "--bare", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1"];
        self.write("init", &args, Vec::new(), lock).await
    }

    pub(super) async fn import(&self, stream: Vec<u8>, lock: &File) -> Result<(), GitFailure> {
        let args = ["-c", "core.fsync=all", "fast-import", "--quiet", "--done"];
        self.write("fast-import", &args, stream, lock).await
    }

    /// The branch's commit; `None` when there is no such branch or no repository.
    pub(super) async fn find_commit(&self, branch: &str) -> Result<Option<String>, GitFailure> {
        let name = format!("refs/heads/{branch}^{{commit}}");
        let output =
            self.output(&["rev-parse", "--verify", "--quiet", &name], Vec::new(), Stdio::piped()).await?;
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !commit.is_empty()).then_some(commit))
    }

    /// The branch's files; `None` when it holds something that is never delivered: a link, an
    /// executable, a submodule, bytes that are not UTF-8.
    pub(super) async fn read_files(
        &self,
        branch: &str,
    ) -> Result<Option<BTreeMap<String, String>>, GitFailure> {
        let name = format!("refs/heads/{branch}");
        let listing = self.run("ls-tree", &["ls-tree", "-r", "-z", "--full-tree", &name], Vec::new()).await?;
        let mut paths = Vec::new();
        let mut ids = Vec::new();
        for entry in listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let Ok(entry) = std::str::from_utf8(entry) else { return Ok(None) };
            let Some((id, path)) = entry.strip_prefix("100644 blob ").and_then(|rest| rest.split_once('\t'))
            else {
                return Ok(None);
            };
            paths.push(path);
            ids.extend_from_slice(id.as_bytes());
            ids.push(b'\n');
        }
        let contents = self.run("cat-file", &["cat-file", "--batch"], ids).await?;
        Ok(split_batch(&contents, &paths))
    }

    /// Runs a command that writes. It holds the lock too, as its standard output, to which it has
    /// nothing to say: when Catalyst is killed, the next delivery waits until this git is gone as well.
    async fn write(
        &self,
        command: &'static str,
        args: &[&str],
        input: Vec<u8>,
        lock: &File,
    ) -> Result<(), GitFailure> {
        let held = lock.try_clone().map_err(fail("share the lock of", self.repository))?;
        let output = self.output(args, input, Stdio::from(held)).await?;
        if output.status.success() { Ok(()) } else { Err(refusal(command, &output)) }
    }

    async fn run(&self, command: &'static str, args: &[&str], input: Vec<u8>) -> Result<Vec<u8>, GitFailure> {
        let output = self.output(args, input, Stdio::piped()).await?;
        if output.status.success() { Ok(output.stdout) } else { Err(refusal(command, &output)) }
    }

    async fn output(&self, args: &[&str], input: Vec<u8>, stdout: Stdio) -> Result<Output, GitFailure> {
        let mut command = Command::new(self.program);
        command
            // A repository named outright is not searched for, and its owner is not doubted.
            .arg("--git-dir")
            .arg(self.repository)
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", "")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => GitFailure::MissingGit,
            _ => fail("start", self.program)(error),
        })?;
        let stdin = child.stdin.take();
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // git that stops reading says why on its standard error.
                let _ = stdin.write_all(&input).await;
            }
        };
        // Both at once: git answers while it reads, and neither pipe holds everything.
        let ((), output) = tokio::join!(feed, child.wait_with_output());
        output.map_err(fail("wait for", self.program))
    }
}

fn refusal(command: &'static str, output: &Output) -> GitFailure {
    let message = match String::from_utf8_lossy(&output.stderr).trim() {
        "" => output.status.to_string(),
        said => said.to_owned(),
    };
    GitFailure::Failed { command, message }
}

/// `<id> blob <size>\n<content>\n` for each path, in order.
fn split_batch(mut rest: &[u8], paths: &[&str]) -> Option<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for path in paths {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let header = std::str::from_utf8(&rest[..end]).ok()?;
        let size: usize = header.rsplit_once(" blob ")?.1.parse().ok()?;
        let content = rest.get(end + 1..end + 1 + size)?;
        files.insert((*path).to_owned(), String::from_utf8(content.to_vec()).ok()?);
        rest = rest.get(end + size + 2..)?;
    }
    Some(files)
}
