//! A folder that a bootstrap takes for a whole machine. bash, tar, sed and sha256sum are real;
//! what reaches outside (curl, apt-get, systemctl, ip, k3s, helm) is a stand-in that notes its
//! arguments in one file, fails when told to, and knows what the real one leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use infra_checks::repository;
use infra_checks::sovereign::Node;
use sha2::{Digest, Sha256};

pub struct Stage {
    folder: PathBuf,
}

pub struct Run {
    pub worked: bool,
    /// What was called, in order.
    pub calls: Vec<String>,
    pub log: String,
}

/// fails NAME COUNT: a stand-in asks whether it is to fail this time.
const COMMON: &str = r#"#!/usr/bin/env bash
note() { printf '%s\n' "$*" >>"$STAGE/calls"; }
fails() {
  [[ -f $STAGE/fail/$1 ]] || return 1
  local left; left="$(<"$STAGE/fail/$1")"
  [[ $left -gt 0 ]] || return 1
  echo $((left - 1)) >"$STAGE/fail/$1"
}
# Each call's first time, where all are told to stumble.
stumbles() {
  [[ -e $STAGE/stumbling ]] && ! grep -qxF -- "$*" "$STAGE/stumbling" && printf '%s\n' "$*" >>"$STAGE/stumbling"
}
"#;

const CURL: &str = r#"note "curl $*"
stumbles "curl $*" && exit 6
output=/dev/null address="${*: -1}" data=
while [[ $# -gt 0 ]]; do
  case "$1" in
    --output) output="$2" ;;
    --data-binary) data="${2#@}" ;;
    --header) cat "${2#@}" >>"$STAGE/headers" ;;
  esac
  shift
done
name="${address##*/}"
if fails "curl-$name"; then echo "curl: (6) no such host" >&2; exit 6; fi
if [[ -n $data ]]; then
  cp "$data" "$STAGE/sent-$name"
  if fails "lost-$name"; then printf 000; exit 56; fi
  cat "$STAGE/answer-$name" 2>/dev/null || printf 204
  exit 0
fi
[[ $output == /dev/null ]] || cp "$STAGE/served/$name" "$output"
"#;

const SYSTEMCTL: &str = r#"note "systemctl $*"
if [[ $1 == restart ]]; then
  [[ ${*: -1} != k3s ]] || echo "server: https://127.0.0.1:6443" >"$CATALYST_ROOT/etc/rancher/k3s/k3s.yaml"
  # Whoever waits for a service that does not come up waits without end; here, for long.
  [[ $* == *--no-block* ]] || ! fails start-hangs || command -p sleep 20
fi
[[ $1 != is-active ]] || ! fails start-hangs
"#;

const K3S: &str = r#"note "$*"
stumbles "$*" && exit 1
fails k3s-"$2" && exit 1
[[ "$*" != *jsonpath* ]] || printf true
"#;

const HELM: &str = r#"note "helm $*"
stumbles "helm $*" && exit 1
if fails helm; then
  echo "token $(<"$CATALYST_ROOT/etc/rancher/k3s/token") bearer $(<"$CATALYST_ROOT/etc/catalyst/api-bearer")"
  cat "$CATALYST_ROOT/etc/catalyst/secrets.yaml"
  echo 'joined with K10abcdef0123::server:verysecret'
  echo "Error: a bad values file"
  exit 1
fi
"#;

/// Where cloud-init keeps user_data, or what it made of it.
pub const COPIES: [&str; 7] = [
    "var/lib/cloud/instances/1/user-data.txt",
    "var/lib/cloud/instances/1/user-data.txt.i",
    "var/lib/cloud/instances/1/cloud-config.txt",
    "var/lib/cloud/instances/1/obj.pkl",
    "var/lib/cloud/instances/1/scripts/runcmd",
    "run/cloud-init/combined-cloud-config.json",
    "run/cloud-init/instance-data-sensitive.json",
];

impl Stage {
    pub fn set(name: &str, node: &Node) -> Self {
        let folder = repository::scratch(env!("CARGO_TARGET_TMPDIR"), name);
        let stage = Self { folder };
        let root = stage.root();
        for (path, file) in &node.files {
            let path = root.join(path.trim_start_matches('/'));
            repository::write(&path, &file.text);
            let mode = u32::from_str_radix(&file.mode, 8).expect("a mode");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        }
        for (path, text) in [
            ("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n/swap none swap sw 0 0\n"),
            ("etc/cloud/cloud.cfg", ""),
        ] {
            repository::write(&root.join(path), text);
        }
        for path in COPIES {
            repository::write(&root.join(path), &node.user_data);
        }
        for (name, text) in [
            ("curl", CURL),
            ("systemctl", SYSTEMCTL),
            ("apt-get", "note \"apt-get $*\"\n! stumbles \"apt-get $*\"\n"),
            ("swapoff", "note swapoff\n"),
            ("sleep", ""),
            (
                "ip",
                "note \"ip $*\"\nfails ip && exit\necho \"3: enp7s0 inet $(sed -n \"s/^NODE_IP='\\(.*\\)'/\\1/p\" \"$CATALYST_ROOT/etc/catalyst/settings.env\")/32 scope\"\n",
            ),
        ] {
            stage.program(&stage.folder.join("bin").join(name), text);
        }
        stage.serve(node);
        stage
    }

    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    pub fn exists(&self, path: &str) -> bool {
        self.root().join(path).exists()
    }

    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap_or_default()
    }

    /// Lets something fail this many times.
    pub fn fail(&self, what: &str, times: u32) {
        repository::write(&self.folder.join("fail").join(what), times.to_string());
    }

    /// Lets everything that is asked of others fail its first time.
    pub fn stumble(&self) {
        repository::write(&self.folder.join("stumbling"), "");
    }

    /// Lets it have another processor.
    pub fn processor(&self, name: &str) {
        self.program(&self.folder.join("bin/uname"), &format!("echo {name}\n"));
    }

    pub fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.root().join(path)).expect("a file").permissions().mode() & 0o777
    }

    pub fn answer(&self, what: &str, status: u32) {
        repository::write(&self.folder.join(format!("answer-{what}")), status.to_string());
    }

    fn program(&self, path: &Path, text: &str) {
        repository::write(path, format!("{COMMON}{text}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    /// Puts what is downloaded where curl's stand-in finds it, and its checksum where the node
    /// expects the publisher's.
    fn serve(&self, node: &Node) {
        let served = self.folder.join("served");
        self.program(&served.join("k3s"), K3S);
        let mut sums = vec![("K3S", checksum(&served.join("k3s")))];
        let settings = self.root().join("etc/catalyst/settings.env");
        let mut text = fs::read_to_string(&settings).expect("settings");
        if let Some(file) = node.files.get("/etc/catalyst/downloads") {
            let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
            let inside = format!("linux-{architecture}");
            let address = text.lines().find(|l| l.starts_with(&format!("HELM_URL_{architecture}")));
            let address = address.and_then(|l| l.rsplit('/').next()).expect("helm's address");
            let archive = served.join(address.trim_end_matches('\''));
            self.program(&self.folder.join("pack").join(&inside).join("helm"), HELM);
            let packed = Command::new("tar")
                .arg("-czf")
                .arg(&archive)
                .arg("-C")
                .arg(self.folder.join("pack"))
                .arg(&inside)
                .status()
                .expect("tar");
            assert!(packed.success());
            sums.push(("HELM", checksum(&archive)));

            let mut lines = String::new();
            for line in file.text.lines() {
                let mut words = line.split(' ');
                let (name, address) = (words.next().expect("name"), words.next().expect("address"));
                let path = served.join(address.rsplit('/').next().expect("a name"));
                repository::write(&path, format!("# {name}\n"));
                lines += &format!("{name} {address} {}\n", checksum(&path));
            }
            repository::write(&self.root().join("etc/catalyst/downloads"), lines);
        }
        // arm64's k3s has a name of its own.
        let _ = fs::copy(served.join("k3s"), served.join("k3s-arm64"));
        for (name, sum) in sums {
            for architecture in ["amd64", "arm64"] {
                text += &format!("{name}_SHA256_{architecture}='{sum}'\n");
            }
        }
        fs::write(&settings, text).expect("settings");
    }

    /// Something else than what the lock knows is served under names that start with this.
    pub fn tamper(&self, start: &str) {
        for file in repository::files(&self.folder.join("served")) {
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
            if name.starts_with(start) {
                repository::write(&file, "not what it was\n");
            }
        }
    }

    pub fn run(&self) -> Run {
        let _ = fs::remove_file(self.folder.join("calls"));
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .arg(self.root().join("opt/catalyst/bootstrap.sh"))
            .env("PATH", format!("{}:{path}", self.folder.join("bin").display()))
            .env("STAGE", &self.folder)
            .env("CATALYST_ROOT", self.root())
            .output()
            .expect("bash");
        let root = self.root().display().to_string();
        Run {
            worked: output.status.success(),
            calls: self.text("calls").lines().map(|line| line.replace(&root, "")).collect(),
            log: self.text("root/var/lib/catalyst/bootstrap.log") + &String::from_utf8_lossy(&output.stderr),
        }
    }
}

impl Run {
    /// Where a call with these words stands.
    pub fn at(&self, words: &str) -> usize {
        self.calls
            .iter()
            .position(|call| call.contains(words))
            .unwrap_or_else(|| panic!("never called: {words}\n{:#?}\n{}", self.calls, self.log))
    }

    pub fn count(&self, words: &str) -> usize {
        self.calls.iter().filter(|call| call.contains(words)).count()
    }
}

fn checksum(path: &Path) -> String {
    let bytes = fs::read(path).expect("a file");
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
