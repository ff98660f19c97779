//! What workflows run: who may publish runs little, and what is set up is what was asked for. That GitHub does as they
//! say is seen there only.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use infra_checks::repository::{files, read, root, scratch, write};
use serde_yaml_ng::Value;

fn commands(job: &Value) -> Vec<String> {
    let steps = job["steps"].as_sequence().into_iter().flatten();
    steps.filter_map(|step| step["run"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_job_that_may_publish_runs_after_a_test_that_may_not() {
    let mut publishing = 0;
    for path in files(&root().join(".github/workflows")) {
        let workflow: Value = serde_yaml_ng::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let may_write = |permissions: &Value| {
            let levels =
                permissions.as_mapping().map(|map| map.values().collect()).unwrap_or(vec![permissions]);
            levels.iter().any(|level| level.as_str().is_some_and(|level| level.starts_with("write")))
        };
        assert!(!may_write(&workflow["permissions"]), "{}: for every job", path.display());
        for (name, job) in workflow["jobs"].as_mapping().unwrap() {
            if !may_write(&job["permissions"]) {
                continue;
            }
            publishing += 1;
            let name = format!("{}: {}", path.display(), name.as_str().unwrap());
            let first = job["needs"].as_str().unwrap_or_else(|| panic!("{name} needs no test"));
            let first = &workflow["jobs"][first];
            assert!(!may_write(&first["permissions"]), "{name}");
            let tests = commands(first);
            assert!(
                tests.iter().any(|run| run == "make test" || run == "scripts/ci/rig"),
                "{name}: {tests:?}"
            );
            for run in commands(job) {
                let begins = |word: &str| run.starts_with(&format!("scripts/ci/{word}"));
                let little =
                    ["release-tools", "release-image ", "publish-blueprints "].into_iter().any(begins);
                assert!(little, "{name} runs {run}");
            }
        }
    }
    assert_eq!(publishing, 2, "charts and image");
}

/// A release that is cut off leaves half of it, and a version that nobody has is seen before it is merged.
#[test]
fn a_release_is_ours_and_never_cut_off_and_a_change_of_the_lock_is_asked_of_its_publishers() {
    let workflow = |name: &str| -> Value {
        serde_yaml_ng::from_str(&read(&format!(".github/workflows/{name}.yml"))).unwrap()
    };
    for name in ["blueprint-release", "image-release"] {
        let release = workflow(name);
        assert_eq!(release["concurrency"]["cancel-in-progress"].as_bool(), Some(false), "{name}");
        assert_eq!(release["jobs"]["test"]["if"], "github.repository_owner == 'openova-io'", "{name}");
    }
    let asked = commands(&workflow("rig")["jobs"]["rig"]);
    assert!(asked.iter().any(|run| run.ends_with("infra/complete-lock --check")), "{asked:?}");
}

#[test]
fn make_sets_up_by_itself_and_nobody_before_it() {
    let makefile = read("Makefile");
    for target in ["test-slow", "bench"] {
        let (_, recipe) = makefile.split_once(&format!("\n{target}:")).unwrap();
        assert!(recipe.lines().nth(1).unwrap().contains("scripts/setup "), "{target}");
    }
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "nightly");
    let log = folder.join("log");
    let say = format!("#!/bin/sh\necho \"$(basename \"$0\") $*\" >> '{}'\n", log.display());
    let nightly = folder.join("scripts/ci/nightly");
    write(&nightly, read("scripts/ci/nightly"));
    for program in ["scripts/setup", "scripts/with-tools", "bin/make"] {
        write(&folder.join(program), &say);
    }
    for path in files(&folder) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    for (part, ran) in [
        ("slow", "make test-slow\n"),
        ("load", "make bench\n"),
        ("fuzz", "setup run\nwith-tools cargo test --release --package domain --test properties\n"),
    ] {
        let _ = fs::remove_file(&log);
        let status = Command::new(&nightly).arg(part).env("PATH", &path).status().unwrap();
        assert!(status.success());
        assert_eq!(fs::read_to_string(&log).unwrap(), ran, "{part}");
    }
}

/// `set_up_engine` where only Terraform is installed and nothing can be fetched.
fn engine(named: &str) -> String {
    let script = r#"
        fail() { echo "fetched: $*"; exit 1; }
        title() { :; }
        has() { [[ $1 == terraform ]]; }
        curl() { return 1; }
        . "$root/scripts/lib/infra.sh"
        set_up_engine && echo found"#;
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("engine-{}", named.len()));
    let output = Command::new("bash")
        .args(["-c", script])
        .env("root", root())
        .env("tools", &folder)
        .env("CATALYST_TOFU", named)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_engine_that_was_named_is_fetched_even_where_there_is_another() {
    assert_eq!(engine(""), "found\n");
    assert_eq!(engine("terraform"), "found\n");
    assert!(engine("/work/.tools/bin/tofu").starts_with("fetched: OpenTofu"));
    let rig = read("scripts/ci/rig");
    let (named, set_up) =
        (rig.find("export CATALYST_TOFU=").unwrap(), rig.find("scripts/setup test").unwrap());
    assert!(named < set_up, "set-up has to know which engine is wanted");
}

/// A node that the image cannot run on is a Sovereign that never starts. GitHub's runners are amd64 unless they are called
/// arm.
#[test]
fn only_servers_that_the_image_is_built_for_are_offered() {
    let workflow: Value = serde_yaml_ng::from_str(&read(".github/workflows/image-release.yml")).unwrap();
    let runner = workflow["jobs"]["image"]["runs-on"].as_str().unwrap();
    let built = if runner.contains("-arm") { "arm64" } else { "amd64" };
    let scripts = read("scripts/ci/release-image") + &read("infra/container/build");
    assert!(!scripts.contains("--platform") && !scripts.contains("manifest create"), "built for several");

    let catalogue: Value = serde_yaml_ng::from_str(&read("infra/hetzner/catalogue.yaml")).unwrap();
    assert_eq!(catalogue["architecture"], built);
}
