use super::*;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use uuid::Uuid;

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("catalyst-git-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }

    fn store(&self) -> LocalGitStore {
        LocalGitStore::new(&self.0)
    }

    /// What stands in the Organization's folder, without the lock files.
    fn entries(&self, org: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join(org)).expect("the Organization's folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| !name.ends_with(".lock")).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn meta() -> CommitMeta {
    CommitMeta {
        author_name: "Catalyst".to_owned(),
        author_email: "platform@catalyst.example".to_owned(),
        co_author: Some(("Maha Al Said".to_owned(), "maha@acme.example".to_owned())),
        job_id: "0198c0de-0000-7000-8000-000000000001".to_owned(),
        time: OffsetDateTime::from_unix_timestamp(1_790_000_000).expect("a time"),
        message: "Install WordPress\n\nPlan m.".to_owned(),
    }
}

fn branches(content: &str) -> Branches {
    let files = BTreeMap::from([
        ("README.md".to_owned(), content.to_owned()),
        ("base/empty.yaml".to_owned(), String::new()),
        ("base/service.yaml".to_owned(), "kind: Service\nno newline at the end".to_owned()),
    ]);
    let branch = |name: &str| (name.to_owned(), files.clone());
    Branches { branches: vec![branch("develop"), branch("staging"), branch("main")] }
}

fn git(repository: &Path, args: &[&str]) -> String {
    let output = Command::new("git").arg("--git-dir").arg(repository).args(args).output().expect("git");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[tokio::test]
async fn a_delivery_makes_three_branches_with_head_at_main() {
    let folder = Folder::new();
    let store = folder.store();
    let delivered =
        store.deliver("acme", "wordpress", &meta(), &branches("# سلام\n")).await.expect("delivered");
    assert_eq!(delivered.repository.to_string(), "acme/wordpress.git");
    assert_eq!(delivered.repository.provider, store.provider());
    let repository = &store.path("acme", "wordpress");
    assert_eq!(git(repository, &["symbolic-ref", "HEAD"]), "refs/heads/main\n");
    let names = git(repository, &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(names, "refs/heads/develop\nrefs/heads/main\nrefs/heads/staging\n");
    for branch in ["develop", "staging", "main"] {
        let head = store.head("acme", "wordpress", branch).await.expect("a head");
        assert_eq!(head.as_deref(), Some(delivered.main_commit.as_str()));
    }
    assert_eq!(git(repository, &["show", "main:README.md"]), "# سلام\n");
    assert_eq!(git(repository, &["show", "main:base/service.yaml"]), "kind: Service\nno newline at the end");
    git(repository, &["fsck", "--strict"]);

    let log = git(repository, &["log", "--format=%an <%ae>|%cn|%ct|%s|%(trailers:only,unfold)", "main"]);
    assert_eq!(
        log.trim(),
        "Catalyst <platform@catalyst.example>|Catalyst|1790000000|Install WordPress|\
         Job-Id: 0198c0de-0000-7000-8000-000000000001\nCo-authored-by: Maha Al Said <maha@acme.example>"
    );
    assert_eq!(store.head("acme", "wordpress", "feature").await.expect("no head"), None);
    assert_eq!(store.head("acme", "ghost", "main").await.expect("no repository"), None);
}

#[tokio::test]
async fn a_repeat_changes_nothing() {
    let folder = Folder::new();
    let store = folder.store();
    let first = store.deliver("acme", "ghost", &meta(), &branches("one")).await.expect("delivered");
    let modified = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).expect("a time");
    let path = store.path("acme", "ghost");
    let before = (modified(&path), modified(&path.join("objects")));
    let again = store.deliver("acme", "ghost", &meta(), &branches("one")).await.expect("the same");
    // A later job that wants the same files has nothing to do either.
    let later = CommitMeta { time: meta().time + Duration::from_secs(60), job_id: "2".to_owned(), ..meta() };
    let later = store.deliver("acme", "ghost", &later, &branches("one")).await.expect("the same");
    assert_eq!((&first, &first), (&again, &later));
    assert_eq!((modified(&path), modified(&path.join("objects"))), before);
    assert_eq!(folder.entries("acme"), ["ghost.git"]);
}

#[tokio::test]
async fn the_same_input_gives_the_same_commit_anywhere() {
    let (one, two) = (Folder::new(), Folder::new());
    let first = one.store().deliver("acme", "ghost", &meta(), &branches("one")).await.expect("delivered");
    let second = two.store().deliver("other", "gitea", &meta(), &branches("one")).await.expect("delivered");
    assert_eq!(first.main_commit, second.main_commit);
    let later = CommitMeta { time: meta().time + Duration::from_secs(1), ..meta() };
    let third = two.store().deliver("other", "ghost", &later, &branches("one")).await.expect("delivered");
    assert_ne!(first.main_commit, third.main_commit);
}

#[tokio::test]
async fn deliveries_at_once_end_in_one_repository() {
    let folder = Folder::new();
    let deliveries = (0..8).map(|_| {
        let store = folder.store();
        tokio::spawn(async move { store.deliver("acme", "ghost", &meta(), &branches("one")).await })
    });
    let mut commits = Vec::new();
    for delivery in deliveries.collect::<Vec<_>>() {
        commits.push(delivery.await.expect("joined").expect("delivered").main_commit);
    }
    commits.dedup();
    assert_eq!(commits.len(), 1);
    assert_eq!(folder.entries("acme"), ["ghost.git"]);
}

#[tokio::test]
async fn of_two_different_deliveries_at_once_one_wins_and_stays() {
    let folder = Folder::new();
    let store = folder.store();
    let (meta, one, two) = (meta(), branches("one"), branches("two"));
    let (first, second) = tokio::join!(
        store.deliver("acme", "ghost", &meta, &one),
        store.deliver("acme", "ghost", &meta, &two)
    );
    let (won, lost) = if first.is_ok() { (first, second) } else { (second, first) };
    let won = won.expect("one of the two is delivered");
    let place = store.path("acme", "ghost").display().to_string();
    assert_eq!(lost, Err(GitError::Conflict(place)));
    assert_eq!(store.head("acme", "ghost", "main").await.expect("a head"), Some(won.main_commit));
}

#[tokio::test]
async fn what_a_killed_delivery_left_is_removed() {
    let folder = Folder::new();
    let store = folder.store();
    let org = folder.0.join("acme");
    let partial = org.join(".ghost.0198c0de-0000-7000-8000-000000000009.partial");
    std::fs::create_dir_all(partial.join("objects/pack")).expect("a left-over");
    std::fs::write(partial.join("objects/pack/tmp_pack_x"), "half").expect("a half pack");
    std::fs::write(org.join(".ghost.lock"), "").expect("a lock file that nobody holds");
    // Another Application's delivery may be running: its folder is not ours to remove.
    let other = org.join(".ghost-blog.0198c0de-0000-7000-8000-000000000009.partial");
    std::fs::create_dir_all(&other).expect("another's folder");
    std::fs::create_dir_all(store.path("acme", "ghost")).expect("an empty folder in the place");

    store.deliver("acme", "ghost", &meta(), &branches("one")).await.expect("delivered");
    let other = other.file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(folder.entries("acme"), [other, "ghost.git".to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_cut_off_at_any_time_ends_the_same_when_repeated() {
    let whole = Folder::new();
    let wanted = whole.store().deliver("acme", "ghost", &meta(), &branches("one")).await.expect("delivered");
    let mut cut = 0;
    for step in 0..25 {
        let folder = Folder::new();
        let store = folder.store();
        let limit = Duration::from_micros(step * 700);
        let (meta, branches) = (meta(), branches("one"));
        if tokio::time::timeout(limit, store.deliver("acme", "ghost", &meta, &branches)).await.is_err() {
            cut += 1;
        }
        let path = store.path("acme", "ghost");
        if path.exists() {
            // What has its name is complete.
            assert_eq!(git(&path, &["rev-parse", "main"]).trim(), wanted.main_commit);
        }
        let repeated = store.deliver("acme", "ghost", &meta, &branches).await.expect("delivered");
        assert_eq!(repeated.main_commit, wanted.main_commit);
        git(&path, &["fsck", "--strict"]);
    }
    assert!(cut > 0, "no delivery was cut off");
}

#[tokio::test]
async fn other_content_is_a_conflict_and_stays() {
    let folder = Folder::new();
    let store = folder.store();
    let first = store.deliver("acme", "ghost", &meta(), &branches("one")).await.expect("delivered");
    let refused = store.deliver("acme", "ghost", &meta(), &branches("two")).await;
    let path = store.path("acme", "ghost");
    assert_eq!(refused, Err(GitError::Conflict(path.display().to_string())));
    assert_eq!(store.head("acme", "ghost", "main").await.expect("a head"), Some(first.main_commit));

    git(&path, &["update-ref", "-d", "refs/heads/staging"]);
    let refused = store.deliver("acme", "ghost", &meta(), &branches("one")).await;
    assert!(matches!(refused, Err(GitError::Conflict(_))), "a branch is missing");

    let foreign = store.path("acme", "gitea");
    std::fs::create_dir_all(&foreign).expect("a folder");
    std::fs::write(foreign.join("notes.txt"), "mine").expect("a file");
    let refused = store.deliver("acme", "gitea", &meta(), &branches("one")).await;
    assert!(matches!(refused, Err(GitError::Conflict(_))), "{refused:?}");
    assert_eq!(std::fs::read_to_string(foreign.join("notes.txt")).expect("the file"), "mine");

    std::fs::write(store.path("acme", "umami"), "a file").expect("a file in the place");
    let refused = store.deliver("acme", "umami", &meta(), &branches("one")).await;
    assert!(matches!(refused, Err(GitError::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn branches_that_differ_have_a_common_ancestor() {
    let folder = Folder::new();
    let mut wanted = branches("one");
    wanted.branches[2].1.insert("README.md".to_owned(), "two".to_owned());
    let store = folder.store();
    let delivered = store.deliver("acme", "ghost", &meta(), &wanted).await.expect("delivered");
    let path = store.path("acme", "ghost");
    let ancestor = git(&path, &["merge-base", "develop", "main"]);
    assert_eq!(
        Some(ancestor.trim().to_owned()),
        store.head("acme", "ghost", "develop").await.expect("a head")
    );
    assert_eq!(git(&path, &["show", "main:README.md"]), "two");
    assert_eq!(store.deliver("acme", "ghost", &meta(), &wanted).await.expect("the same"), delivered);
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused_before_anything_is_touched() {
    let folder = Folder::new();
    let store = folder.store();
    for slug in ["..", "../acme", "a/b", "", "Acme", "-a", "9a", "a b", "a\0", ".hidden", &"a".repeat(64)] {
        for (org, app) in [(slug, "ghost"), ("acme", slug)] {
            let refused = store.deliver(org, app, &meta(), &branches("one")).await;
            assert!(matches!(refused, Err(GitError::Permanent(_))), "{slug:?}: {refused:?}");
            let refused = store.head(org, app, "main").await;
            assert!(matches!(refused, Err(GitError::Permanent(_))), "{slug:?}");
        }
    }
    for path in ["../x", "/etc/x", "a//b", ".git/config", "a/.GIT/x", "a\nb", "\"a\"", "a b", "", "a/."] {
        let mut wanted = branches("one");
        wanted.branches[0].1.insert(path.to_owned(), "x".to_owned());
        let refused = store.deliver("acme", "ghost", &meta(), &wanted).await;
        assert!(
            matches!(refused, Err(GitError::Permanent(ref text)) if text.starts_with("path ")),
            "{path:?}: {refused:?}"
        );
    }
    let mut headless = branches("one");
    headless.branches.pop();
    let refused = store.deliver("acme", "ghost", &meta(), &headless).await;
    assert!(matches!(refused, Err(GitError::Permanent(ref text)) if text.starts_with("branches ")));
    let bad = CommitMeta { job_id: "1\nSigned-off-by: x".to_owned(), ..meta() };
    let refused = store.deliver("acme", "ghost", &bad, &branches("one")).await;
    assert!(matches!(refused, Err(GitError::Permanent(ref text)) if text.starts_with("job_id ")));
    assert_eq!(std::fs::read_dir(&folder.0).expect("the root").count(), 0);
}

#[tokio::test]
async fn hostile_names_and_messages_stay_text() {
    let folder = Folder::new();
    let hostile = CommitMeta {
        author_name: "Cata\nlyst <x@y> \0".to_owned(),
        co_author: Some(("Eve\nJob-Id: 9\n<a@b>".to_owned(), "eve@x.example>\nX: y".to_owned())),
        message: "Install\ndata 3\n\nJob-Id: 7\nReviewed-by: Eve <e@x.example>\0\r".to_owned(),
        ..meta()
    };
    let store = folder.store();
    store.deliver("acme", "ghost", &hostile, &branches("one")).await.expect("delivered");
    let path = store.path("acme", "ghost");
    let read = |format: &str| git(&path, &["log", &format!("--format={format}"), "main"]);
    assert_eq!(read("%an").trim(), "Cata lyst x@y");
    assert_eq!(
        read("%(trailers:only)").trim(),
        format!("Job-Id: {}\nCo-authored-by: Eve Job-Id: 9 a@b <eve@x.exampleX:y>", meta().job_id)
    );
    git(&path, &["fsck", "--strict"]);
}

#[tokio::test]
async fn the_machine_s_configuration_has_no_say() {
    let folder = Folder::new();
    let store = folder.store();
    store.deliver("acme", "ghost", &meta(), &branches("one")).await.expect("delivered");
    let path = store.path("acme", "ghost");
    let config = std::fs::read_to_string(path.join("config")).expect("its configuration");
    assert!(config.contains("bare = true"), "{config}");
    assert!(!path.join("hooks").exists(), "no hooks of the machine's template");
}

#[tokio::test]
async fn without_git_the_error_says_so() {
    let folder = Folder::new();
    let store = LocalGitStore::with_program(&folder.0, "git-that-is-not-there");
    let refused = store.deliver("acme", "ghost", &meta(), &branches("one")).await.expect_err("no git");
    assert!(matches!(refused, GitError::Retry(_)), "{refused:?}");
    assert!(refused.to_string().contains("install the package git"));
    assert!(folder.entries("acme").is_empty());
}

#[tokio::test]
async fn a_delivery_that_is_dropped_leaves_no_git_behind() {
    let folder = Folder::new();
    let (program, started) = (folder.0.join("hanging-git"), folder.0.join("started"));
    let script = format!("#!/bin/sh\necho $$ > {}\nexec sleep 600\n", started.display());
    std::fs::write(&program, script).expect("a program");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("ours");
    let store = LocalGitStore::with_program(folder.0.join("git"), &program);
    let (meta, branches) = (meta(), branches("one"));
    let cut =
        tokio::time::timeout(Duration::from_millis(500), store.deliver("acme", "ghost", &meta, &branches));
    assert!(cut.await.is_err(), "it hangs");
    let process = PathBuf::from("/proc").join(std::fs::read_to_string(started).expect("it ran").trim());
    let gone = async {
        while std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("git ended with its delivery");
}
