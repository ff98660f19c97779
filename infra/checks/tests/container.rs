//! The image's scripts, with a folder as the image and a stand-in for the engine that runs it. An engine builds and
//! runs the image itself where there is one: in the workflow.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use infra_checks::repository::{read, root, scratch, write};
use serde_yaml_ng::Value;

/// `docker image inspect`, and `docker run IMAGE COMMAND…`, in which the folder's files stand for the image's.
const ENGINE: &str = r#"#!/bin/bash
[[ $1 != image ]] || exec cat "${!#}/health"
image="$2" command=()
shift 2
for word; do
  for path in /opt/catalyst /var/lib/catalyst /usr/local/bin /tmp /root; do word="${word//"$path"/@IMAGE@$path}"; done
  word="${word//touch \/x/touch @IMAGE@/x}"
  command+=("${word//@IMAGE@/$image}")
done
exec env -i PATH="$image/usr/local/bin:$image/bin" "${command[@]}"
"#;

/// As much of the program as the assertions ask for.
const CATALYST: &str = r#"#!/bin/bash
case "$1" in
  openapi) echo '"/billing/checkout"' ;;
  healthcheck)
    exec 2>/dev/null 3<>"/dev/tcp/${CATALYST_LISTEN/://}" || exit 1
    printf 'GET /healthz HTTP/1.1\r\n\r\n' >&3
    grep -q ' 200 ' <&3
    ;;
esac
"#;

/// The image's user may write to two folders only; this one, perhaps root, is told so.
const TOUCH: &str = "#!/bin/sh\ncase \"$1\" in */var/lib/catalyst/x | */tmp/x) ;; *) exit 1 ;; esac\n";

fn program(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A folder that holds what the image should.
fn image(name: &str) -> PathBuf {
    // Canonical, because its path is put into commands.
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), name).canonicalize().unwrap();
    let own = folder.join("usr/local/bin");
    let lock = infra_checks::lock::lock();
    let tofu = lock["binaries"]["tofu"]["version"].as_str().unwrap();
    program(&own.join("catalyst"), CATALYST);
    program(&own.join("touch"), TOUCH);
    program(&own.join("id"), "#!/bin/sh\necho 65534\n");
    program(&own.join("tofu"), &format!("#!/bin/sh\necho 'OpenTofu v{tofu}'\n"));
    let postgresql = lock["images"]["postgresql"]["tag"].as_str().unwrap();
    program(&own.join("git"), "#!/bin/sh\n");
    for name in ["pg_dump", "pg_restore"] {
        program(&own.join(name), &format!("#!/bin/sh\necho '{name} (PostgreSQL) {postgresql}'\n"));
    }
    fs::create_dir(folder.join("bin")).unwrap();
    for name in ["sh", "bash", "env", "grep", "stat", "perl"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output().unwrap();
        let path = String::from_utf8(found.stdout).unwrap();
        assert!(!path.is_empty(), "{name} is missing");
        symlink(path.trim(), folder.join("bin").join(name)).unwrap();
    }
    let data = folder.join("var/lib/catalyst");
    fs::create_dir_all(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let opt = folder.join("opt/catalyst");
    write(&opt.join("site/hash.txt"), "js: abc\n");
    write(&opt.join("site/pkg/catalyst.abc.js"), "x");
    write(&opt.join("site/assets/icons.svg"), "x");
    let committed = Command::new("sh")
        .args(["-c", r#"git archive HEAD -- "$@" | tar -x -C "$IMAGE""#, "sh"])
        .args(copied())
        .env("IMAGE", &opt)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(committed.status.success() && committed.stderr.is_empty(), "{}", said(&committed));
    write(&folder.join("health"), format!("{}\n", serde_json::to_string(&health()).unwrap()));
    program(&folder.join("docker"), ENGINE);
    folder
}

/// What the Containerfile copies from the repository into the image, to where it lies in the repository.
fn copied() -> Vec<String> {
    let text = read("infra/container/Containerfile");
    let lines = text.lines().filter_map(|line| line.strip_prefix("COPY ")?.split_once(" /opt/catalyst/"));
    let copied: Vec<_> = lines.filter(|(from, to)| from == to).map(|(from, _)| from.to_owned()).collect();
    assert!(copied.len() >= 4, "{copied:?}");
    copied
}

/// The command of the Containerfile's HEALTHCHECK, as an engine tells it.
fn health() -> Vec<String> {
    let text = read("infra/container/Containerfile");
    let line = text.lines().find(|line| line.starts_with("HEALTHCHECK ")).unwrap();
    let command: Vec<String> = serde_json::from_str(line.split_once(" CMD ").unwrap().1).unwrap();
    ["CMD".to_owned()].into_iter().chain(command).collect()
}

fn check(image: &Path) -> Output {
    let run = Command::new(root().join("infra/container/check"))
        .arg(image.join("docker"))
        .arg("run")
        .arg(image)
        .output()
        .unwrap();
    assert!(run.status.code().is_some_and(|code| code < 2), "{}", said(&run));
    run
}

#[test]
fn a_whole_image_passes_and_each_missing_part_is_told() {
    let image = image("image");
    let whole = check(&image);
    assert!(whole.status.success(), "{}", said(&whole));
    for (file, told) in [
        (
            "opt/catalyst/infra/hetzner/cloud-init/k3s.service",
            "infra/hetzner/cloud-init/k3s.service is not there",
        ),
        (
            "opt/catalyst/charts/bp-cilium/cilium-values.yaml",
            "charts/bp-cilium/cilium-values.yaml is not there",
        ),
        ("opt/catalyst/infra/versions.yaml", "infra/versions.yaml is not there"),
        ("opt/catalyst/infra/hetzner/catalogue.yaml", "infra/hetzner/catalogue.yaml is not there"),
        ("opt/catalyst/site/pkg/catalyst.abc.js", "✗ the site is whole"),
        ("opt/catalyst/site/assets/icons.svg", "✗ the site's fonts and icons"),
        ("usr/local/bin/tofu", "✗ OpenTofu is the lock's"),
        ("usr/local/bin/git", "✗ git is there"),
        ("usr/local/bin/catalyst", "✗ the program starts"),
        ("health", "✗ is asked for its health"),
    ] {
        let (path, aside) = (image.join(file), image.join("aside"));
        fs::rename(&path, &aside).unwrap();
        let without = check(&image);
        assert!(!without.status.success() && said(&without).contains(told), "{file}: {}", said(&without));
        fs::rename(&aside, &path).unwrap();
    }
}

#[test]
fn an_image_of_another_user_or_that_holds_what_it_must_not_is_refused() {
    let image = image("image-changed");
    for (file, text, told) in [
        ("health", "null\n", "✗ is asked for its health"),
        ("usr/local/bin/id", "#!/bin/sh\necho 0\n", "✗ runs as uid and gid 65534"),
        ("usr/local/bin/touch", "#!/bin/sh\n", "✗ may not write outside its folders"),
        (
            "usr/local/bin/pg_restore",
            "#!/bin/sh\necho 'pg_restore (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'\n",
            "✗ the PostgreSQL client",
        ),
        ("usr/local/bin/touch", "#!/bin/sh\nexit 1\n", "✗ may write to its data"),
        ("usr/local/bin/catalyst", "#!/bin/sh\n", "✗ describes its API"),
        ("usr/local/bin/catalyst", "#!/bin/sh\n[ \"$2\" != audit ]\n", "✗ a Sovereign's tree can"),
        // Always well.
        ("usr/local/bin/catalyst", "#!/bin/sh\necho /billing/checkout\n", "✗ tells a server that is well"),
    ] {
        let kept = fs::read_to_string(image.join(file)).unwrap();
        program(&image.join(file), text);
        let changed = check(&image);
        assert!(!changed.status.success() && said(&changed).contains(told), "{file}: {}", said(&changed));
        program(&image.join(file), &kept);
    }
    fs::set_permissions(image.join("var/lib/catalyst"), fs::Permissions::from_mode(0o755)).unwrap();
    program(&image.join("usr/local/bin/cc"), "#!/bin/sh\n");
    let changed = said(&check(&image));
    for told in ["✗ keeps its data to itself", "✗ holds no compiler"] {
        assert!(changed.contains(told), "{changed}");
    }
}

#[test]
fn it_is_built_from_what_is_committed_with_what_the_lock_states() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "build").canonicalize().unwrap();
    let engine = folder.join("podman");
    program(&engine, "#!/bin/sh\nprintf '%s\\n' \"$*\"\ntar -t\n");
    let built = Command::new(root().join("infra/container/build"))
        .arg("here:1")
        .env("CONTAINER_ENGINE", &engine)
        .output()
        .unwrap();
    let (said, lock) = (said(&built), infra_checks::lock::lock());
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let sum = lock["binaries"]["tofu"]["sha256"][architecture].as_str().unwrap();
    let digest = lock["images"]["debian"]["digest"].as_str().unwrap();
    for word in [&format!("TOFU_SHA256={sum} "), &format!("@{digest} "), "--format docker ", "\nCargo.lock\n"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("target/"), "{said}");
    let text = read("infra/container/Containerfile");
    let (fetched, unpacked) = (text.find("\"${TOFU_URL}\"").unwrap(), text.find("unzip -q").unwrap());
    let checked = "&& echo \"${TOFU_SHA256}  /tmp/tofu.zip\" | sha256sum --check";
    assert!(text[fetched..unpacked].contains(checked));
}

#[test]
fn the_base_images_postgresql_client_is_of_the_servers_major_version() {
    let lock = infra_checks::lock::lock();
    let tag = |image: &str| lock["images"][image]["tag"].as_str().unwrap().to_owned();
    // What each of Debian's releases calls postgresql-client.
    let client = match tag("debian").split('-').next().unwrap() {
        "bookworm" => "15",
        "trixie" => "17",
        other => panic!("which PostgreSQL has {other}?"),
    };
    assert_eq!(tag("postgresql").split('.').next(), Some(client));
}

/// `release-image` with an engine that answers `manifest inspect` with this, and builds nothing.
fn release(folder: &Path, tag: &str, there: &str, settings: &[(&str, &str)]) -> Output {
    let engine = format!("#!/bin/sh\n[ \"$1\" = manifest ] || {{ echo \"engine: $1\"; exit 1; }}\n{there}\n");
    program(&folder.join("docker"), &engine);
    Command::new(root().join("scripts/ci/release-image"))
        .args(["localhost:1/catalyst", tag])
        .env("CONTAINER_ENGINE", folder.join("docker"))
        .env_remove("REGISTRY_TOKEN")
        .env_remove("COSIGN_KEY")
        .env_remove("GITHUB_REPOSITORY")
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn an_image_is_built_only_for_a_version_that_is_the_locks_and_not_there_yet() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "release-image");
    let lock = infra_checks::lock::lock();
    let tag = lock["images"]["catalyst"]["tag"].as_str().unwrap().to_owned();
    let key = [("COSIGN_KEY", "cosign.key")];
    let none = "echo 'no such manifest: localhost:1/catalyst' >&2; exit 1";
    for (tag, there, settings, told) in [
        ("main", none, &key[..], "'main' is no release"),
        ("v99.0.0", none, &key, "is not the version lock's"),
        (&tag, "exit 0", &key, "is there already"),
        (&tag, "echo 'connection refused' >&2; exit 1", &key, "does not say whether"),
        (&tag, "echo 'unauthorized' >&2; exit 1", &key, "does not say whether"),
        (&tag, none, &[], "only a workflow of openova-io/openova signs"),
        (
            &tag,
            none,
            &[("GITHUB_REPOSITORY", "somebody/openova")],
            "only a workflow of openova-io/openova signs",
        ),
    ] {
        let refused = release(&folder, tag, there, settings);
        let text = said(&refused);
        assert!(!refused.status.success() && text.contains(told), "{tag}: {there}: {text}");
        assert!(!text.contains("engine: build"), "{text}");
    }
    for tag in [tag.clone(), format!("v{tag}")] {
        let built = said(&release(&folder, &tag, none, &key));
        assert!(built.contains("engine: build"), "{built}");
    }
}

#[test]
fn one_repository_is_followed_built_from_and_believed() {
    let value = |path: &str| -> Value { serde_yaml_ng::from_str(&read(path)).unwrap() };
    let module = read("infra/hetzner/variables.tf");
    let (_, variable) = module.split_once("variable \"gitops_repo_url\"").unwrap();
    let url = variable.split("default     = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let name = url.strip_prefix("https://github.com/").unwrap();
    assert!(read("infra/container/build").contains(&format!("image.source={url} ")), "{url}");
    let release = read("scripts/ci/release-image");
    assert!(release.contains(&format!("== {name} ")), "{name}");
    assert!(
        release.contains(&format!("'^{}/\\.github/workflows/'", url.replace("github.com", "github\\.com")))
    );
    let believed = value("charts/bp-kyverno-policies/values.yaml");
    let subject = believed["images"]["attestors"]["subject"].as_str().unwrap();
    assert_eq!(subject, format!("{url}/.github/workflows/*"));
}
