//! How `catalyst cluster` ends: scripts and the run-book decide by its exit code.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const NOTHING: i32 = 0;
const FINDING: i32 = 1;
const CYCLE: i32 = 2;
const UNUSABLE: i32 = 3;

fn catalyst(arguments: &[&str]) -> Output {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
    Command::new(env!("CARGO_BIN_EXE_catalyst"))
        .args(arguments)
        .env("CATALYST_INFRA_DIR", infra)
        // As the image has it: a server would have to be told its address.
        .env("CATALYST_LISTEN", "0.0.0.0:3000")
        .env_remove("CATALYST_PUBLIC_URL")
        .output()
        .unwrap()
}

/// It ends with this code, and says this.
fn ends(arguments: &[&str], code: i32, told: &str) {
    let output = catalyst(arguments);
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    assert!(text.contains(told), "{arguments:?}: {text}");
}

/// A rendered tree; gone with the value.
struct Tree(PathBuf);

impl Tree {
    fn render(name: &str) -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cluster-{name}-{}", std::process::id()));
        let tree = Self(folder);
        ends(
            &["cluster", "render", "acme.omani.works", "--topology", "ha", "--out", tree.path()],
            NOTHING,
            "(ha)",
        );
        tree
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let file = self.0.join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{} does not contain {from:?}", file.display());
        fs::write(file, text.replace(from, to)).unwrap();
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_good_tree_ends_with_0_and_a_finding_with_1() {
    let tree = Tree::render("finding");
    ends(&["cluster", "audit", tree.path()], NOTHING, "nothing to report");
    ends(&["cluster", "audit", tree.path(), "--server-type", "cx23"], FINDING, "1 finding(s)");
    tree.replace("data/bp-openbao.yaml", "    - name: bp-external-secrets\n", "");
    ends(&["cluster", "audit", tree.path()], FINDING, "data/bp-openbao.yaml: missing-edge");
}

#[test]
fn a_cycle_ends_with_2() {
    let tree = Tree::render("cycle");
    tree.replace("data/bp-nats-jetstream.yaml", "- name: bp-spire\n", "- name: bp-openbao\n");
    tree.replace("data/bp-openbao.yaml", "- name: bp-spire\n", "- name: bp-nats-jetstream\n");
    ends(&["cluster", "audit", tree.path()], CYCLE, "wait for one another");
}

#[test]
fn what_cannot_be_read_or_understood_ends_with_3() {
    ends(&["cluster", "audit", "/nowhere"], UNUSABLE, "none of the tree's folders");
    ends(&["cluster", "audit"], UNUSABLE, "required arguments were not provided");
    ends(&["cluster", "audit", ".", "--server-type", "cx99"], UNUSABLE, "cx99");
    ends(&["cluster", "render", "acme.omani.works", "--out", "x"], UNUSABLE, "--topology");
    ends(
        &["cluster", "render", "acme", "--topology", "solo", "--out", "x"],
        UNUSABLE,
        "no domain of a Sovereign",
    );
    ends(&["cluster", "prune"], UNUSABLE, "unrecognized subcommand");
    let tree = Tree::render("unreadable");
    fs::remove_file(tree.0.join("memory.yaml")).unwrap();
    ends(&["cluster", "audit", tree.path()], UNUSABLE, "memory.yaml");
    ends(
        &["cluster", "render", "acme.omani.works", "--topology", "solo", "--out", tree.path()],
        UNUSABLE,
        "is not empty",
    );
}

#[test]
fn whoever_asks_for_help_ends_with_0() {
    ends(&["--help"], NOTHING, "Usage:");
    ends(&["cluster", "audit", "--help"], NOTHING, "2 a cycle");
}
