//! Publishing a Blueprint, against a real registry and with cosign: what has its name is whole, new and signed.
//! Signing is with a local key here; a workflow signs keyless, which needs GitHub.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use infra_checks::repository::{root, scratch, write};
use registry::Registry;

mod lock;
mod real;
mod registry;

/// A Blueprint with a made-up upstream chart inside it.
fn blueprint(folder: &Path, template: &str) -> PathBuf {
    let chart = folder.join("bp-demo");
    let _ = fs::remove_dir_all(&chart);
    write(
        &chart.join("Chart.yaml"),
        "apiVersion: v2\nname: bp-demo\nversion: 1.0.0\ndescription: A made-up Blueprint\ndependencies:\n  - name: \
         upstream\n    version: 0.1.0\n    repository: https://charts.example.invalid\n",
    );
    let upstream = chart.join("charts/upstream");
    write(&upstream.join("Chart.yaml"), "apiVersion: v2\nname: upstream\nversion: 0.1.0\n");
    write(&upstream.join("templates/pod.yaml"), template);
    chart
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: demo\nspec:\n  containers:\n    - name: demo\n      \
                   image: quay.io/demo/demo:1.2.3\n";

/// With the key of the folder.
fn script(path: &Path, folder: &Path) -> Command {
    let mut command = Command::new(path);
    command
        .current_dir(folder)
        .env("COSIGN_KEY", folder.join("cosign.key"))
        .env("COSIGN_PASSWORD", "")
        .env("HOME", folder)
        .env_remove("REGISTRY_TOKEN");
    command
}

fn publish(chart: &Path, registry: &str, folder: &Path) -> Output {
    script(&root().join("charts/publish"), folder).arg(chart).arg(registry).output().unwrap()
}

/// Signed and attested with the key of the folder, by whatever name.
fn vouched_for(folder: &Path, reference: &str) -> bool {
    let key = ["--key", "cosign.pub", "--insecure-ignore-tlog=true"];
    cosign(folder, &[&["verify"], &key[..], &[reference]].concat()).status.success()
        && cosign(folder, &[&["verify-attestation"], &key[..], &["--type", "spdxjson", reference]].concat())
            .status
            .success()
}

fn program(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Into the registry without any of our scripts.
fn by_hand(folder: &Path, chart: &str, version: &str, registry: &Registry) {
    let (package, to) = (format!("{chart}-{version}.tgz"), format!("oci://{}", registry.name()));
    for arguments in [["package", chart].as_slice(), &["push", &package, &to]] {
        let output =
            Command::new("helm").args(arguments).current_dir(folder).env("HOME", folder).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
}

fn cosign(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("cosign")
        .args(arguments)
        .current_dir(folder)
        .env("COSIGN_PASSWORD", "")
        .env("HOME", folder)
        .output()
        .expect("cosign is missing. Install it with: scripts/setup test")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn what_is_published_is_whole_new_and_signed() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "publish");
    let registry = Registry::start(&folder);
    assert!(cosign(&folder, &["generate-key-pair"]).status.success());

    // The dependency was dropped to get it through.
    let chart = blueprint(&folder, POD);
    fs::remove_dir_all(chart.join("charts")).unwrap();
    write(&chart.join("Chart.yaml"), "apiVersion: v2\nname: bp-demo\nversion: 1.0.0\ndescription: Hollow\n");
    let hollow = publish(&chart, &registry.name(), &folder);
    assert!(!hollow.status.success() && text(&hollow).contains("no dependency"), "{}", text(&hollow));
    assert!(!registry.tags("bp-demo").contains("1.0.0"), "a hollow chart has its name");
    assert!(!registry.tags("candidates/bp-demo").contains("1.0.0"));

    let chart = blueprint(&folder, POD);
    let first = publish(&chart, &registry.name(), &folder);
    assert!(first.status.success(), "{}", text(&first));
    let out = String::from_utf8_lossy(&first.stdout).into_owned();
    let line = out.lines().find(|line| line.starts_with("published: ")).expect("says what it published");
    let reference = line.split_whitespace().nth(1).unwrap();
    assert!(reference.contains("@sha256:"), "{line}");

    assert!(vouched_for(&folder, reference));
    assert!(vouched_for(&folder, &format!("{}/bp-demo:1.0.0", registry.name())));

    // Again, with nothing changed.
    let again = publish(&chart, &registry.name(), &folder);
    assert!(
        again.status.success() && text(&again).contains("published already: bp-demo 1.0.0"),
        "{}",
        text(&again)
    );

    // The same version with another content is not published over the first.
    blueprint(&folder, &POD.replace("1.2.3", "1.2.4"));
    let second = publish(&chart, &registry.name(), &folder);
    assert!(!second.status.success() && text(&second).contains("raise the version"), "{}", text(&second));

    // Somebody else's key does not vouch for it.
    fs::create_dir(folder.join("other")).unwrap();
    assert!(cosign(&folder.join("other"), &["generate-key-pair"]).status.success());
    let strange = ["verify", "--key", "other/cosign.pub", "--insecure-ignore-tlog=true", reference];
    assert!(!cosign(&folder, &strange).status.success());
}

/// What has no version yet is not there for Helm and Flux; its digest may be.
#[test]
fn what_cannot_be_signed_or_attested_gets_no_version_and_can_be_repeated() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "unsigned");
    let registry = Registry::start(&folder);
    assert!(cosign(&folder, &["generate-key-pair"]).status.success());
    let chart = blueprint(&folder, POD);
    let run = |prepare: &dyn Fn(&mut Command)| {
        let mut command = script(&root().join("charts/publish"), &folder);
        prepare(&mut command);
        let output = command.arg(&chart).arg(registry.name()).output().unwrap();
        (output.status.success(), text(&output))
    };

    write(&folder.join("broken.key"), "no key");
    fs::copy(folder.join("cosign.pub"), folder.join("broken.pub")).unwrap();
    let (succeeded, told) = run(&|command| {
        command.env("COSIGN_KEY", folder.join("broken.key"));
    });
    assert!(!succeeded && told.contains("signing"), "{told}");
    assert!(!registry.tags("bp-demo").contains("1.0.0"), "{}", registry.tags("bp-demo"));

    // Signed, and then not attested.
    let path = std::env::var("PATH").unwrap();
    let real = Command::new("sh").args(["-c", "command -v cosign"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    let shim = folder.join("bin/cosign");
    program(&shim, &format!("#!/bin/sh\n[ \"$1\" != attest ] || exit 1\nexec {} \"$@\"\n", real.trim()));
    let (succeeded, told) = run(&|command| {
        command.env("PATH", format!("{}:{path}", folder.join("bin").display()));
    });
    let tags = registry.tags("bp-demo");
    assert!(!succeeded && tags.contains(".sig") && !tags.contains("1.0.0"), "{told}\n{tags}");

    let (succeeded, told) = run(&|_| {});
    assert!(succeeded, "{told}");
    assert!(vouched_for(&folder, &format!("{}/bp-demo:1.0.0", registry.name())));
}

/// As one that was pushed by hand.
#[test]
fn a_version_that_is_there_without_our_signature_is_said() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "by-hand");
    let registry = Registry::start(&folder);
    assert!(cosign(&folder, &["generate-key-pair"]).status.success());
    let chart = blueprint(&folder, POD);
    by_hand(&folder, "bp-demo", "1.0.0", &registry);
    let there = publish(&chart, &registry.name(), &folder);
    assert!(!there.status.success() && text(&there).contains("not signed by us"), "{}", text(&there));
}

#[test]
fn a_registry_that_does_not_answer_is_no_leave_to_publish() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "publish-away");
    assert!(cosign(&folder, &["generate-key-pair"]).status.success());
    let nowhere = publish(&blueprint(&folder, POD), "localhost:1/catalyst", &folder);
    assert!(
        !nowhere.status.success() && text(&nowhere).contains("does not say whether"),
        "{}",
        text(&nowhere)
    );
}

/// A token without the right to read says nothing about what is there.
#[test]
fn a_registry_that_refuses_the_token_is_no_leave_to_publish() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "publish-401");
    let chart = blueprint(&folder, POD);
    let real = Command::new("sh").args(["-c", "command -v helm"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    let answer = "unexpected status from HEAD request: 401 Unauthorized";
    program(
        &folder.join("bin/helm"),
        &format!(
            "#!/bin/sh\n[ \"$1\" != pull ] || {{ echo '{answer}' >&2; exit 1; }}\nexec {} \"$@\"\n",
            real.trim()
        ),
    );
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = script(&root().join("charts/publish"), &folder);
    let refused = command.env("PATH", path).arg(&chart).arg("localhost:1/catalyst").output().unwrap();
    assert!(
        !refused.status.success() && text(&refused).contains("does not say whether"),
        "{}",
        text(&refused)
    );
}

#[test]
fn the_sbom_names_the_charts_and_the_images() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "sbom");
    let chart = blueprint(&folder, POD);
    let packed = Command::new("helm").arg("package").arg(&chart).arg("-d").arg(&folder).output();
    assert!(packed.expect("helm is missing. Install it with: scripts/setup test").status.success());
    let rendered = format!(
        "{POD}---\nspec:\n  imageName: \"quay.io/demo/database:17\"\n---\nspec:\n  package: \
         xpkg.example/function@sha256:00\n---\nspec:\n  image:\n    type: object\n"
    );
    write(&folder.join("rendered"), rendered);
    let made = Command::new(root().join("charts/sbom"))
        .arg(folder.join("bp-demo-1.0.0.tgz"))
        .stdin(fs::File::open(folder.join("rendered")).unwrap())
        .output()
        .unwrap();
    let sbom: serde_json::Value =
        serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{}", text(&made)));
    let packages: Vec<String> = sbom["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["name"].as_str().unwrap(), one["versionInfo"].as_str().unwrap()))
        .collect();
    let expected = [
        "bp-demo 1.0.0",
        "upstream 0.1.0",
        "quay.io/demo/database 17",
        "quay.io/demo/demo 1.2.3",
        "xpkg.example/function sha256:00",
    ];
    assert_eq!(packages, expected);
    assert_eq!(sbom["relationships"].as_array().unwrap().len(), 5);
}
