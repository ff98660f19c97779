//! Publishing a Blueprint, against a real registry and with cosign: what has its name is whole, new and signed.
//! Signing is with a local key here; a workflow signs keyless, which needs GitHub.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use infra_checks::repository::{root, scratch, write};
use registry::Registry;

mod lock;
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

fn publish(chart: &Path, registry: &str, folder: &Path) -> Output {
    Command::new(root().join("charts/publish"))
        .arg(chart)
        .arg(registry)
        .current_dir(folder)
        .env("COSIGN_KEY", folder.join("cosign.key"))
        .env("COSIGN_PASSWORD", "")
        .env("HOME", folder)
        .output()
        .unwrap()
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

    let verify = ["verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", reference];
    assert!(cosign(&folder, &verify).status.success());
    let attested = [
        "verify-attestation",
        "--key",
        "cosign.pub",
        "--insecure-ignore-tlog=true",
        "--type",
        "spdxjson",
        reference,
    ];
    assert!(cosign(&folder, &attested).status.success());

    // The same version with another content is not published over the first.
    blueprint(&folder, &POD.replace("1.2.3", "1.2.4"));
    let second = publish(&chart, &registry.name(), &folder);
    assert!(!second.status.success() && text(&second).contains("published already"), "{}", text(&second));

    // Somebody else's key does not vouch for it.
    fs::create_dir(folder.join("other")).unwrap();
    assert!(cosign(&folder.join("other"), &["generate-key-pair"]).status.success());
    let strange = ["verify", "--key", "other/cosign.pub", "--insecure-ignore-tlog=true", reference];
    assert!(!cosign(&folder, &strange).status.success());
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

#[test]
fn the_sbom_names_the_charts_and_the_images() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "sbom");
    let chart = blueprint(&folder, POD);
    let packed = Command::new("helm").arg("package").arg(&chart).arg("-d").arg(&folder).output();
    assert!(packed.expect("helm is missing. Install it with: scripts/setup test").status.success());
    let made =
        Command::new(root().join("charts/sbom")).arg(folder.join("bp-demo-1.0.0.tgz")).output().unwrap();
    let sbom: serde_json::Value =
        serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{}", text(&made)));
    let names: Vec<&str> =
        sbom["packages"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["bp-demo", "upstream", "quay.io/demo/demo"]);
    assert_eq!(sbom["packages"][2]["versionInfo"], "1.2.3");
    assert_eq!(sbom["relationships"].as_array().unwrap().len(), 3);
}
