//! The cluster's life, on the real server.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use local_postgres::{Durability, LocalPostgres};

const HOLDER: &str = "LOCAL_POSTGRES_TEST_DIR";

/// A folder of its own, and no server left behind in it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        if let Ok(Some(left_over)) = LocalPostgres::attach(&dir) {
            left_over.stop().unwrap();
        }
        fs::remove_dir_all(&dir).ok();
        Place(dir)
    }

    fn start(&self) -> LocalPostgres {
        LocalPostgres::start(&self.0, Durability::Test).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(Some(cluster)) = LocalPostgres::attach(&self.0) {
            cluster.stop().ok();
            fs::remove_dir_all(cluster.socket_folder()).ok();
        }
        fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn a_second_start_attaches_and_stop_ends_it() {
    let place = Place::new("attach");
    let first = place.start();
    assert!(first.started_here());
    first.create_database_if_missing("catalyst").unwrap();
    first.create_database_if_missing("catalyst").unwrap();
    first.psql("catalyst", &["-qc", "create table kept (n int)"]).unwrap();

    let second = place.start();
    assert!(!second.started_here());
    assert_eq!(second.url("catalyst"), first.url("catalyst"));

    second.stop().unwrap();
    assert!(!first.is_running());
    assert!(LocalPostgres::attach(&place.0).unwrap().is_none());

    let third = place.start();
    assert!(third.started_here());
    assert_eq!(third.psql("catalyst", &["-tAc", "select count(*) from kept"]).unwrap().trim(), "0");
}

#[test]
fn two_starts_at_once_share_one_server() {
    let place = Place::new("race");
    let started: usize = thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| place.start().started_here())).collect();
        starts.into_iter().map(|start| usize::from(start.join().unwrap())).sum()
    });
    assert_eq!(started, 1);
}

#[test]
fn a_long_path_gets_a_short_socket() {
    let place = Place::new(&"deep/".repeat(30));
    let cluster = place.start();
    assert!(cluster.socket_folder().starts_with("/tmp"));
    assert_eq!(cluster.psql("postgres", &["-tAc", "select 1"]).unwrap().trim(), "1");
}

#[test]
fn a_stale_pid_file_does_not_stop_a_start() {
    let place = Place::new("stale");
    let cluster = place.start();
    let pid_file = place.0.join("data/postmaster.pid");
    let written = fs::read_to_string(&pid_file).unwrap();
    cluster.stop().unwrap();
    // The number now belongs to this very process, as it may after a restart of the machine.
    let rest = written.split_once('\n').unwrap().1;
    fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();
    assert!(place.start().started_here());
}

#[test]
fn the_server_outlives_a_killed_parent() {
    let place = Place::new("outlive");
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_cluster_until_killed", "--ignored"])
        .env(HOLDER, &place.0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let since = Instant::now();
    while !place.0.join("held").exists() {
        assert!(since.elapsed() < Duration::from_secs(60), "the other process did not start its cluster");
        thread::sleep(Duration::from_millis(20));
    }
    parent.kill().unwrap();
    parent.wait().unwrap();

    let next = place.start();
    assert!(!next.started_here());
    assert_eq!(next.psql("postgres", &["-tAc", "select 1"]).unwrap().trim(), "1");
}

#[test]
#[ignore = "the other process of the_server_outlives_a_killed_parent"]
fn holds_a_cluster_until_killed() {
    let Ok(dir) = std::env::var(HOLDER) else { return };
    let _cluster = LocalPostgres::start(Path::new(&dir), Durability::Test).unwrap();
    fs::write(Path::new(&dir).join("held"), "").unwrap();
    thread::sleep(Duration::from_secs(600));
}
