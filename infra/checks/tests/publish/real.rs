//! The Blueprints of this repository on their way out, with stand-ins for what they get from elsewhere.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use infra_checks::{
    repository::{root, scratch, write},
    stand_in,
};

use crate::{by_hand, cosign, program, registry::Registry, script, text, vouched_for};

fn blueprints() -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(root().join("charts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("bp-"))
        .collect();
    found.sort();
    assert!(found.len() >= 20, "{found:?}");
    found
}

/// A stand-in for what comes from elsewhere; what comes from beside it is brought in by charts/prepare.
fn with_what_is_elsewhere(from: &Path, to: &Path) {
    let local = fs::read_to_string(from.join("Chart.yaml")).unwrap().contains("file://");
    if local { stand_in::copy(from, to) } else { stand_in::chart(from, to) }
}

#[test]
fn every_blueprint_is_fit_to_be_published() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "fit");
    stand_in::copy(&root().join("charts/catalyst"), &folder.join("catalyst"));
    for chart in blueprints() {
        let name = chart.file_name().unwrap().to_str().unwrap();
        let copy = folder.join(name);
        with_what_is_elsewhere(&chart, &copy);
        let checked = script(&root().join("charts/publish"), &folder).arg(&copy).output().unwrap();
        assert!(
            checked.status.success() && text(&checked).contains(&format!("checked: {name} 1.")),
            "{name}: {}",
            text(&checked)
        );
    }
}

/// The part of this repository that publishing needs, with these Blueprints and a lock whose one chart a registry has.
fn tree(folder: &Path, names: &[&str]) {
    for script in ["charts", "infra", "scripts/ci"] {
        for entry in fs::read_dir(root().join(script)).unwrap() {
            let path = entry.unwrap().path();
            let to = folder.join(script).join(path.file_name().unwrap());
            if path.is_file() {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(&path, &to).unwrap();
            }
        }
    }
    write(&folder.join(".tools/env"), "# PATH has them already.\n");
    stand_in::copy(&root().join("charts/catalyst"), &folder.join("charts/catalyst"));
    for name in names {
        with_what_is_elsewhere(&root().join("charts").join(name), &folder.join("charts").join(name));
    }
}

/// A chart that the registry has, as a publisher's.
fn push_inner(folder: &Path, registry: &Registry) {
    let chart = "apiVersion: v2\nname: inner\nversion: 0.1.0\nappVersion: \"7\"\n";
    write(&folder.join("inner/Chart.yaml"), chart);
    by_hand(folder, "inner", "0.1.0", registry);
}

#[test]
fn all_that_is_new_is_published_and_nothing_else() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "all");
    let registry = Registry::start(&folder);
    assert!(cosign(&folder, &["generate-key-pair"]).status.success());
    tree(&folder, &["bp-catalyst-platform", "bp-gateway"]);
    let publish = |what: &str| -> Output {
        let program = folder.join("scripts/ci/publish-blueprints");
        script(&program, &folder).arg(what).arg(registry.name()).output().unwrap()
    };
    let lock = |digest: &str| {
        let chart = format!(
            "kubernetes: \"1.31\"\ncharts:\n  inner: {{ version: 0.1.0, appVersion: \"7\", repository: oci://{}, digest: \
             {digest} }}\n",
            registry.name()
        );
        write(&folder.join("infra/versions.yaml"), chart);
    };
    push_inner(&folder, &registry);

    // A lock that is not complete, and one that its publisher contradicts.
    lock("null");
    let refused = publish("all");
    assert!(
        !refused.status.success() && text(&refused).contains("does not know these yet"),
        "{}",
        text(&refused)
    );
    lock(&"0".repeat(64));
    let refused = publish("all");
    assert!(!refused.status.success() && text(&refused).contains("its publisher has"), "{}", text(&refused));
    assert!(!registry.tags("candidates/bp-gateway").contains("1.0.0"));

    // As anybody would.
    lock("null");
    let completed = script(&folder.join("infra/complete-lock"), &folder).output().unwrap();
    assert!(completed.status.success(), "{}", text(&completed));
    let first = publish("all");
    assert!(first.status.success(), "{}", text(&first));
    for name in ["bp-catalyst-platform", "bp-gateway"] {
        assert!(text(&first).contains(&format!("published: {}/{name}@sha256:", registry.name())));
        assert!(vouched_for(&folder, &format!("{}/{name}:1.0.0", registry.name())), "{name}");
    }

    let before = registry.tags("bp-gateway");
    let again = publish("all");
    assert!(again.status.success(), "{}", text(&again));
    for name in ["bp-catalyst-platform", "bp-gateway"] {
        assert!(text(&again).contains(&format!("published already: {name} 1.0.0")), "{}", text(&again));
    }
    assert_eq!(registry.tags("bp-gateway"), before);

    // One inside another changed and neither has a new version; the other one has, and is published all the same.
    let change = |path: &str, from: &str, to: &str| {
        let path = folder.join("charts").join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        write(&path, text.replacen(from, to, 1));
    };
    change("catalyst/values.yaml", "\n", "\n# Another sentence.\n");
    change("bp-gateway/Chart.yaml", "version: 1.0.0", "version: 1.0.1");
    let changed = publish("all");
    let told = text(&changed);
    assert!(
        !changed.status.success()
            && told
                .contains("bp-catalyst-platform: version 1.0.0 is published already, with another content"),
        "{told}"
    );
    assert!(told.contains("(1.0.1)") && registry.tags("bp-gateway").contains("1.0.1"), "{told}");

    // One by its name, and one that is not there.
    let one = publish("bp-gateway");
    assert!(
        one.status.success() && text(&one).contains("published already: bp-gateway 1.0.1"),
        "{}",
        text(&one)
    );
    assert!(!text(&one).contains("bp-catalyst-platform"), "{}", text(&one));
    let nothing = publish("bp-nothing");
    assert!(!nothing.status.success(), "{}", text(&nothing));
}

/// What verifies here is what a Sovereign admits.
#[test]
fn only_the_workflows_that_a_sovereign_trusts_publish_without_a_key() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "stranger");
    let program = root().join("charts/publish");
    let stranger = script(&program, &folder)
        .arg(root().join("charts/bp-gateway"))
        .arg("localhost:1/catalyst")
        .env_remove("COSIGN_KEY")
        .env("GITHUB_REPOSITORY", "somebody/else")
        .output()
        .unwrap();
    assert!(
        !stranger.status.success() && text(&stranger).contains("this is 'somebody/else'"),
        "{}",
        text(&stranger)
    );
    let chart =
        fs::read_to_string(root().join("infra/clusters/_template/core/helmchart-bp-cilium.yaml")).unwrap();
    let subject = chart.lines().find_map(|line| line.trim().strip_prefix("subject: ")).unwrap();
    assert!(fs::read_to_string(program).unwrap().contains(&format!("'{subject}'")), "{subject}");
}

/// The engine is a stand-in: what it pushes is a chart that the registry has. Building and asserting are left out.
#[test]
fn an_image_has_its_tag_only_when_it_is_signed() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "image");
    let registry = Registry::start(&folder);
    assert!(cosign(&folder, &["generate-key-pair"]).status.success());
    tree(&folder, &[]);
    push_inner(&folder, &registry);
    write(
        &folder.join("infra/versions.yaml"),
        "images:\n  catalyst: { repository: x, tag: 0.1.0, digest: null }\n",
    );
    for name in ["build", "check"] {
        program(&folder.join("infra/container").join(name), "#!/bin/sh\n");
    }
    let name = registry.name();
    let engine = folder.join("podman");
    program(
        &engine,
        &format!(
            "#!/bin/sh -e\n[ $1 = push ] || {{ echo manifest unknown >&2; exit 1; }}\ncosign copy {name}/inner:0.1.0 $3\n\
             cosign triangulate {name}/inner:0.1.0 | sed 's/.*:sha256-\\(.*\\).sig/sha256:\\1/' >${{2#--digestfile=}}\n"
        ),
    );
    let command = |key: &str| {
        let mut command = script(&folder.join("scripts/ci/release-image"), &folder);
        command
            .args([&format!("{name}/catalyst"), "v0.1.0"])
            .env("CONTAINER_ENGINE", &engine)
            .env("COSIGN_KEY", folder.join(key));
        command
    };
    let release = |key: &str| command(key).output().unwrap();
    let stranger = command("cosign.key")
        .env_remove("COSIGN_KEY")
        .env("GITHUB_REPOSITORY", "somebody/else")
        .output()
        .unwrap();
    assert!(text(&stranger).contains("this is 'somebody/else'"), "{}", text(&stranger));
    let again = command("cosign.key").env("CONTAINER_ENGINE", "/bin/true").output().unwrap();
    assert!(text(&again).contains("catalyst:0.1.0 is there already"), "{}", text(&again));
    let check = folder.join("infra/container/check");
    program(&check, "#!/bin/sh\nexit 1\n");
    let lacking = release("cosign.key");
    assert!(!lacking.status.success() && !registry.tags("catalyst").contains("0.1.0"), "{}", text(&lacking));
    program(&check, "#!/bin/sh\n");
    write(&folder.join("broken.key"), "no key");
    let broken = release("broken.key");
    let tags = registry.tags("catalyst");
    assert!(!broken.status.success() && tags.contains("\"candidate-0.1.0\""), "{}{tags}", text(&broken));
    assert!(!tags.contains("\"0.1.0\""), "{tags}");

    let signed = release("cosign.key");
    assert!(signed.status.success() && text(&signed).contains("published: "), "{}", text(&signed));
    let verify = ["verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true"];
    let tagged = format!("{name}/catalyst:0.1.0");
    assert!(cosign(&folder, &[&verify[..], &[tagged.as_str()]].concat()).status.success());
}

#[test]
fn the_product_is_installed_by_the_digest_that_the_lock_knows() {
    let text = fs::read_to_string(root().join("charts/catalyst/values.yaml")).unwrap();
    let values: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
    let lock = infra_checks::lock::lock();
    let known = lock["images"]["catalyst"]["digest"].as_str().unwrap_or_default();
    assert_eq!(values["image"]["digest"].as_str(), Some(known));
}
