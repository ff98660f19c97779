//! A copy of the module in a folder of its own, and OpenTofu (or Terraform) with the stand-in
//! provider in the place of the real one.

use std::cell::RefCell;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use infra_checks::{engine::engine, lock};
use serde_json::{Value, json};

use crate::support::{Folder, KEY, Rig, TOKEN, repository, run, text};

const MISSING: &str = "Install OpenTofu with: scripts/setup test; or name a binary with CATALYST_TOFU";

/// What must never be readable in any output.
pub const SECRETS: [&str; 3] = [
    TOKEN,
    "ghpTokenOfTheTest1234567890",
    "0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d0e0f0a0b",
];

pub const DEPLOYMENT: &str = "0190b0c0-0000-7000-8000-000000000001";

pub struct Tofu {
    folder: Folder,
    program: String,
    endpoint: String,
    /// All that was ever printed.
    printed: RefCell<String>,
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the module") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            if !entry.file_name().to_string_lossy().starts_with('.') {
                copy(&from, &to);
            }
        } else if !entry.file_name().to_string_lossy().contains(".tfstate") {
            std::fs::copy(&from, &to).expect("a copy");
        }
    }
}

/// The provider's version as the lock says.
fn provider_version(lock: &str) -> &str {
    let (_, rest) = lock.split_once("hcloud: { version: \"").expect("the provider in infra/versions.yaml");
    rest.split('"').next().expect("its version")
}

impl Tofu {
    pub fn new(rig: &Rig, variables: Value) -> Self {
        let folder = Folder::new();
        let at = |path: &str| folder.path().join(path);
        copy(&repository().join("infra/hetzner"), &at("infra/hetzner"));
        let versions = std::fs::read_to_string(repository().join("infra/versions.yaml")).expect("the lock");
        std::fs::write(at("infra/versions.yaml"), lock::filled()).expect("a file");
        std::fs::create_dir_all(at("charts/bp-cilium")).expect("a folder");
        let values = "charts/bp-cilium/cilium-values.yaml";
        std::fs::copy(repository().join(values), at(values)).expect("values for Cilium");

        let mut all = json!({
            "sovereign_fqdn": "acme.example.org", "sovereign_subdomain": "acme", "pool_domain": "example.org",
            "org_name": "Acme", "org_email": "ops@acme.example", "region": "fsn1", "ssh_public_key": KEY,
            "hcloud_token": SECRETS[0], "ghcr_pull_token": SECRETS[1], "kubeconfig_bearer_token": SECRETS[2],
            "deployment_id": DEPLOYMENT, "catalyst_api_url": "http://127.0.0.1:9",
        });
        for (name, value) in variables.as_object().expect("variables") {
            all[name] = value.clone();
        }
        std::fs::write(at("infra/hetzner/rig.auto.tfvars.json"), all.to_string()).expect("a file");

        let version = provider_version(&versions);
        for registry in ["registry.terraform.io", "registry.opentofu.org"] {
            let place = at(&format!("mirror/{registry}/hetznercloud/hcloud/{version}/{}", platform()));
            std::fs::create_dir_all(&place).expect("a folder");
            let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-hcloud"));
            let name = place.join(format!("terraform-provider-hcloud_v{version}"));
            // A link where it can be one: the program is large.
            if std::fs::hard_link(provider, &name).is_err() {
                std::fs::copy(provider, &name).expect("a copy of the provider");
            }
        }
        let mirror = at("mirror");
        let config =
            format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n");
        std::fs::write(at("tofurc"), config).expect("a file");
        Self { folder, program: engine(), endpoint: rig.endpoint(), printed: RefCell::default() }
    }

    pub fn module(&self) -> PathBuf {
        self.folder.path().join("infra/hetzner")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.module())
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_CLI_CONFIG_FILE", self.folder.path().join("tofurc"))
            .env("TF_DATA_DIR", self.folder.path().join("data"))
            .env("TF_LOG", "INFO")
            .env("TF_LOG_PATH", self.folder.path().join("tofu.log"))
            .env("HCLOUD_ENDPOINT", &self.endpoint)
            .env_remove("HCLOUD_TOKEN");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let output = run(&mut self.command(arguments), MISSING);
        self.printed.borrow_mut().push_str(&text(&output));
        output
    }

    /// It must succeed; returns what it printed.
    pub fn well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{} {arguments:?}\n{}", self.program, text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn init(&self) {
        self.well(&["init"]);
    }

    pub fn apply(&self) -> Output {
        self.run(&["apply", "-auto-approve"])
    }

    /// In a process group of its own, so that it dies with its providers.
    pub fn apply_in_background(&self) -> Child {
        let mut command = self.command(&["apply", "-auto-approve"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().expect(MISSING)
    }

    /// Exit code 0: nothing to do.
    pub fn has_nothing_to_do(&self) {
        let output = self.run(&["plan", "-detailed-exitcode"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }

    pub fn outputs(&self) -> Value {
        serde_json::from_str(&self.well(&["output", "-json"])).expect("outputs")
    }

    pub fn destroy(&self) {
        self.well(&["destroy", "-auto-approve"]);
    }

    pub fn kept_its_secrets(&self) {
        for secret in SECRETS {
            self.kept(secret);
        }
    }

    /// It is in nothing that was printed or logged.
    pub fn kept(&self, secret: &str) {
        let log = std::fs::read_to_string(self.folder.path().join("tofu.log")).unwrap_or_default();
        assert!(!log.is_empty(), "there is no log");
        assert!(!self.printed.borrow().contains(secret), "{} printed a secret", self.program);
        assert!(!log.contains(secret), "{} logged a secret", self.program);
    }
}

fn platform() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "linux_arm64",
        _ => "linux_amd64",
    }
}

/// Ends the group that `apply_in_background` began.
pub fn kill(mut child: Child) {
    let group = format!("-{}", child.id());
    let output = run(Command::new("kill").args(["-KILL", "--", &group]), "It comes with procps.");
    assert!(output.status.success(), "{}", text(&output));
    child.wait().expect("its end");
}
