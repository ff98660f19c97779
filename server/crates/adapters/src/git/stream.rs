//! Branches and their files as the input of `git fast-import`. Checks all that git would take literally.

use super::failure::{GitFailure, MAIN, check_slug};
use super::{Branches, CommitMeta};
use std::collections::{BTreeMap, BTreeSet};

/// The stream, ended by `done`: a stream that was cut short is refused by git.
pub(super) fn write_stream(meta: &CommitMeta, branches: &Branches) -> Result<Vec<u8>, GitFailure> {
    let identity = write_identity(meta)?;
    let message = write_message(meta)?;
    check_branches(branches)?;

    let mut stream = Vec::new();
    let mut mark = 0;
    // Each content once, each set of files one commit.
    let mut blobs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut commits: Vec<(&BTreeMap<String, String>, usize)> = Vec::new();
    for (name, files) in &branches.branches {
        for content in files.values() {
            if !blobs.contains_key(content.as_str()) {
                mark += 1;
                stream.extend(format!("blob\nmark :{mark}\n").bytes());
                write_data(&mut stream, content);
                blobs.insert(content, mark);
            }
        }
        if let Some((_, commit)) = commits.iter().find(|(known, _)| *known == files) {
            stream.extend(format!("reset refs/heads/{name}\nfrom :{commit}\n\n").bytes());
            continue;
        }
        mark += 1;
        stream.extend(format!("commit refs/heads/{name}\nmark :{mark}\n{identity}").bytes());
        write_data(&mut stream, &message);
        if let Some((_, first)) = commits.first() {
            // A common ancestor is what lets one branch be merged into the next.
            stream.extend(format!("from :{first}\n").bytes());
        }
        stream.extend(b"deleteall\n");
        for (path, content) in files {
            stream.extend(format!("M 100644 :{} {path}\n", blobs[content.as_str()]).bytes());
        }
        stream.extend(b"\n");
        commits.push((files, mark));
    }
    stream.extend(b"done\n");
    Ok(stream)
}

fn write_data(stream: &mut Vec<u8>, text: &str) {
    stream.extend(format!("data {}\n", text.len()).bytes());
    stream.extend(text.bytes());
    stream.push(b'\n');
}

fn require(ok: bool, field: &'static str, expected: &'static str) -> Result<(), GitFailure> {
    if ok { Ok(()) } else { Err(GitFailure::Invalid { field, expected }) }
}

fn check_branches(branches: &Branches) -> Result<(), GitFailure> {
    let mut names = BTreeSet::new();
    for (name, files) in &branches.branches {
        check_slug("branch", name)?;
        require(names.insert(name), "branch", "each branch once")?;
        require(!files.is_empty(), "files", "at least one file on every branch")?;
        for path in files.keys() {
            require(is_path(path), "path", "a relative path of letters, digits and ._-/")?;
        }
    }
    require(names.contains(&MAIN.to_owned()), "branches", "a branch named main")
}

/// A path that fast-import takes as it stands and that leads nowhere else.
fn is_path(path: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.eq_ignore_ascii_case(".git")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    path.len() <= 255 && path.split('/').all(part)
}

/// A person's text on one line, without the marks that delimit an address.
fn clean_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if c.is_control() || matches!(c, '<' | '>') { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An address as it stands between `<` and `>`: no spaces.
fn clean_address(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>')).collect()
}

fn write_identity(meta: &CommitMeta) -> Result<String, GitFailure> {
    let name = clean_line(&meta.author_name);
    let email = clean_address(&meta.author_email);
    require(!name.is_empty(), "author_name", "a name")?;
    require(!email.is_empty(), "author_email", "an e-mail address")?;
    let seconds = meta.time.unix_timestamp();
    require(seconds > 0, "time", "a time after 1970")?;
    let who = format!("{name} <{email}> {seconds} +0000");
    Ok(format!("author {who}\ncommitter {who}\n"))
}

/// The message, an empty line, the trailers. Only the last paragraph counts as trailers, so a message
/// cannot bring its own.
fn write_message(meta: &CommitMeta) -> Result<String, GitFailure> {
    let text: String =
        meta.message.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    let text = text.trim();
    require(!text.is_empty(), "message", "a message")?;
    let id = &meta.job_id;
    let id_ok = (1..=100).contains(&id.len())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    require(id_ok, "job_id", "letters, digits and -_. , at most 100 in all")?;
    let mut message = format!("{text}\n\nJob-Id: {id}\n");
    if let Some((name, email)) = &meta.co_author {
        let email = clean_address(email);
        require(!email.is_empty(), "co_author", "a name and an e-mail address")?;
        let name = match clean_line(name) {
            name if name.is_empty() => email.clone(),
            name => name,
        };
        message.push_str(&format!("Co-authored-by: {name} <{email}>\n"));
    }
    Ok(message)
}
