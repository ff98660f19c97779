//! Completing the version lock, with publishers of our own: a registry, a chart repository, files.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use infra_checks::repository::{root, scratch, write};
use sha2::{Digest, Sha256};

use crate::{registry::Registry, text};

/// A folder over HTTP, for as long as it is held.
struct Site(Child, u16);

impl Site {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new("python3")
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory"])
            .arg(folder)
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says "Serving HTTP" once it listens.
        process.stdout.as_mut().unwrap().read_exact(&mut [0; 7]).unwrap();
        Self(process, port)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn run(folder: &Path, program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(folder).env("HOME", folder).output().unwrap()
}

/// A chart's package, and its bytes.
fn package(folder: &Path, name: &str) -> Vec<u8> {
    let chart = folder.join("sources").join(name);
    write(
        &chart.join("Chart.yaml"),
        format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\nappVersion: \"7.1\"\n"),
    );
    write(&chart.join("templates/one.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\n");
    let made = run(folder, Path::new("helm"), &["package", &format!("sources/{name}"), "-d", "site"]);
    assert!(made.status.success(), "{}", text(&made));
    fs::read(folder.join(format!("site/{name}-0.1.0.tgz"))).unwrap()
}

#[test]
fn what_is_null_is_read_from_its_publisher_and_what_differs_is_said() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "lock");
    let registry = Registry::start(&folder);
    write(&folder.join("site/program-1.0-amd64"), "a program");
    write(&folder.join("site/program-1.0-arm"), "another program");
    write(&folder.join("site/crds/one.yaml"), "a manifest");
    let (near, far) = (package(&folder, "near"), package(&folder, "far"));
    assert!(run(&folder, Path::new("helm"), &["repo", "index", "site"]).status.success());
    let site = Site::start(&folder.join("site"));
    let pushed = run(
        &folder,
        Path::new("helm"),
        &["push", "site/far-0.1.0.tgz", &format!("oci://{}", registry.name())],
    );
    let digest = text(&pushed).lines().find_map(|line| line.strip_prefix("Digest: ").map(str::to_owned));
    let digest = digest.unwrap_or_else(|| panic!("{}", text(&pushed)));

    for script in ["infra/lock.sh", "infra/complete-lock", "charts/prepare", "charts/guard"] {
        fs::create_dir_all(folder.join(script).parent().unwrap()).unwrap();
        fs::copy(root().join(script), folder.join(script)).unwrap();
    }
    let (address, oci) = (format!("http://127.0.0.1:{}", site.1), registry.name());
    let lock = folder.join("infra/versions.yaml");
    write(
        &lock,
        format!(
            "# A comment stays.\nbinaries:\n  program:\n    version: 1.0\n    url: {address}/program-{{version}}-{{suffix}}\n    \
             suffix: {{ amd64: \"amd64\", arm64: \"arm\" }}\n    sha256:\n      amd64: null\n      arm64: null # why\n\
             manifests:\n  crds:\n    version: v1\n    url: {address}/crds/{{file}}\n    sha256: # of each\n      \
             one.yaml: null\n      two.yaml: null\n\
             charts:\n  near: {{ version: 0.1.0, appVersion: null, repository: {address}, digest: null }}\n  \
             far: {{ version: 0.1.0, appVersion: \"7.1\", repository: oci://{oci}, digest: null }} # why\n\
             images:\n  far: {{ repository: {oci}/far, tag: 0.1.0, digest: null }}\n\
             crossplane:\n  far: {{ package: {oci}/far, version: 0.1.0, digest: null }}\n"
        ),
    );
    let complete = folder.join("infra/complete-lock");

    // One file is nowhere: it stays null, is named, and all else is read.
    let first = run(&folder, &complete, &[]);
    let told = text(&first);
    assert!(!first.status.success() && told.contains("manifests.crds.two.yaml cannot be read"), "{told}");
    let expected = format!(
        "# A comment stays.\nbinaries:\n  program:\n    version: 1.0\n    url: {address}/program-{{version}}-{{suffix}}\n    \
         suffix: {{ amd64: \"amd64\", arm64: \"arm\" }}\n    sha256:\n      amd64: {}\n      arm64: {} # why\n\
         manifests:\n  crds:\n    version: v1\n    url: {address}/crds/{{file}}\n    sha256: # of each\n      \
         one.yaml: {}\n      two.yaml: null\n\
         charts:\n  near: {{ version: 0.1.0, appVersion: \"7.1\", repository: {address}, digest: {} }}\n  \
         far: {{ version: 0.1.0, appVersion: \"7.1\", repository: oci://{oci}, digest: {} }} # why\n\
         images:\n  far: {{ repository: {oci}/far, tag: 0.1.0, digest: \"{digest}\" }}\n\
         crossplane:\n  far: {{ package: {oci}/far, version: 0.1.0, digest: \"{digest}\" }}\n",
        sha256(b"a program"),
        sha256(b"another program"),
        sha256(b"a manifest"),
        sha256(&near),
        sha256(&far),
    );
    assert_eq!(fs::read_to_string(&lock).unwrap(), expected, "{told}");

    let checked = run(&folder, &complete, &["--check"]);
    assert!(checked.status.success(), "{}", text(&checked));
    write(&folder.join("site/program-1.0-arm"), "a changed program");
    let changed = run(&folder, &complete, &["--check"]);
    let told = text(&changed);
    assert!(!changed.status.success() && told.contains("binaries.program.arm64 is"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");

    // A dependency comes in only as the lock states it.
    let chart = folder.join("charts/bp-near");
    write(
        &chart.join("Chart.yaml"),
        format!(
            "apiVersion: v2\nname: bp-near\nversion: 1.0.0\ndependencies:\n  - name: near\n    version: 0.1.0\n    \
             repository: {address}\n"
        ),
    );
    let prepare = folder.join("charts/prepare");
    let whole = run(&folder, &prepare, &["charts/bp-near"]);
    assert!(whole.status.success() && text(&whole).contains("whole: bp-near"), "{}", text(&whole));
    fs::remove_dir_all(chart.join("charts")).unwrap();
    write(&lock, expected.replace(&sha256(&near), &sha256(b"another")));
    let other = run(&folder, &prepare, &["charts/bp-near"]);
    assert!(
        !other.status.success() && text(&other).contains("near is not what the version lock states"),
        "{}",
        text(&other)
    );
    assert!(
        !chart.join("charts/near-0.1.0.tgz").exists(),
        "what was refused stays and would be taken next time"
    );
    write(&lock, expected.replace(&sha256(&near), "null"));
    for _ in 0..2 {
        let unknown = run(&folder, &prepare, &["charts/bp-near"]);
        assert!(
            !unknown.status.success() && text(&unknown).contains("has no charts.near.digest"),
            "{}",
            text(&unknown)
        );
    }
}
