//! The module of a Sovereign rendered by the real engine, in every combination of its switches.
//!
//! The provider cannot be had everywhere, so what needs it is left out: of the module's own files
//! those that say what servers are told at birth are taken as they are, and the load balancer's
//! address is put in where its resource is named. Resources are the rig's business.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{engine, lock, repository};

pub const API_IP: &str = "192.0.2.10";
pub const FQDN: &str = "acme.example.org";
pub const HCLOUD_TOKEN: &str = "HhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHhHh";
pub const GHCR_TOKEN: &str = "ghp_GgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGg";
pub const BEARER: &str = "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
pub const REPOSITORY: &str = "https://git.example.org/openova";
/// Everything that could end a quotation or start an expression somewhere.
pub const ORGANIZATION: &str = "Ac'me \"GmbH\" ${SOVEREIGN_FQDN} %{if} \\ #1";
const CILIUM_VALUES: &str = "charts/bp-cilium/cilium-values.yaml";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample a@b";

#[derive(Clone, Copy, Debug)]
pub struct Switches {
    pub ha: bool,
    pub workers: bool,
    pub byo: bool,
    pub ssh: bool,
    pub reports: bool,
    /// For ghcr.io.
    pub token: bool,
}

pub struct Sovereign {
    pub switches: Switches,
    pub token: String,
    pub control_planes: Vec<Node>,
    pub workers: Vec<Node>,
}

pub struct File {
    pub mode: String,
    pub text: String,
}

pub struct Node {
    pub user_data: String,
    pub cloud_config: serde_yaml_ng::Value,
    pub files: BTreeMap<String, File>,
}

impl Sovereign {
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.control_planes.iter().chain(&self.workers)
    }
}

impl Node {
    fn read(user_data: &str) -> Self {
        let cloud_config: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(user_data).expect("user_data is YAML");
        let files = cloud_config["write_files"]
            .as_sequence()
            .expect("write_files")
            .iter()
            .map(|file| {
                let text = |key: &str| file[key].as_str().expect(key).to_owned();
                let mode = text("permissions");
                (text("path"), File { mode, text: text("content") })
            })
            .collect();
        Self { user_data: user_data.to_owned(), cloud_config, files }
    }

    pub fn text(&self, path: &str) -> &str {
        &self.files.get(path).unwrap_or_else(|| panic!("no {path}")).text
    }

    pub fn yaml(&self, path: &str) -> serde_yaml_ng::Value {
        serde_yaml_ng::from_str(self.text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The documents of one file.
    pub fn documents(&self, path: &str) -> Vec<serde_yaml_ng::Value> {
        self.text(path)
            .split("---\n")
            .map(|text| serde_yaml_ng::from_str(text).unwrap_or_else(|e| panic!("{path}: {e}")))
            .collect()
    }
}

/// The module's files that need no provider, in a folder of their own beside what they read.
pub fn copy(into: &Path) -> PathBuf {
    let module = into.join("infra/hetzner");
    let source = repository::root().join("infra/hetzner");
    for name in [
        "variables.tf",
        "variables-network.tf",
        "variables-secrets.tf",
        "locals.tf",
        "rules.tf",
        "secrets.tf",
        "cloud_init.tf",
        "catalogue.yaml",
    ] {
        let text = fs::read_to_string(source.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let text = text.replace("hcloud_load_balancer.main.ipv4", &format!("{API_IP:?}"));
        repository::write(&module.join(name), text);
    }
    for file in repository::files(&source.join("cloud-init")) {
        let name = file.file_name().expect("a name");
        repository::write(&module.join("cloud-init").join(name), fs::read(&file).expect("a file"));
    }
    repository::write(&into.join("infra/versions.yaml"), lock::filled());
    repository::write(&into.join(CILIUM_VALUES), repository::read(CILIUM_VALUES));
    repository::write(
        &module.join("outputs-of-the-test.tf"),
        "output \"nodes\" {\n  sensitive = true\n  value = {\n    token = local.k3s_token\n    control_planes = module.control_plane_init[*].user_data\n    workers = module.worker_init[*].user_data\n  }\n}\n",
    );
    module
}

/// What the caller of the module says.
pub fn arguments(switches: Switches) -> Value {
    let mut arguments = json!({
        "source": "../infra/hetzner",
        "sovereign_fqdn": FQDN,
        "org_name": escape(ORGANIZATION),
        "org_email": "ops@acme.example",
        "region": "fsn1",
        "regions": null,
        "ha_enabled": switches.ha,
        "worker_count": if switches.workers { 2 } else { 0 },
        "worker_size": if switches.workers { "cx33" } else { "" },
        "domain_mode": if switches.byo { "byo" } else { "pool" },
        "pool_domain": if switches.byo { "" } else { "example.org" },
        "sovereign_subdomain": if switches.byo { "" } else { "acme" },
        "ssh_public_key": KEY,
        "ssh_allowed_cidrs": if switches.ssh { json!(["203.0.113.0/24"]) } else { Value::Null },
        "hcloud_token": HCLOUD_TOKEN,
        "ghcr_pull_token": if switches.token { GHCR_TOKEN } else { "" },
        "deployment_id": "0123456789abcdef",
        "gitops_repo_url": REPOSITORY,
        "gitops_branch": "stable",
    });
    if switches.reports {
        arguments["kubeconfig_bearer_token"] = json!(BEARER);
        arguments["catalyst_api_url"] = json!("https://console.example.org/sovereign");
    }
    arguments
}

/// For JSON syntax of the engine, which reads templates in strings.
fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

pub fn combinations() -> Vec<Switches> {
    (0..64u8)
        .map(|bits| Switches {
            ha: bits & 1 != 0,
            workers: bits & 2 != 0,
            byo: bits & 4 != 0,
            ssh: bits & 8 != 0,
            reports: bits & 16 != 0,
            token: bits & 32 != 0,
        })
        .collect()
}

/// All combinations in one run of the engine, kept until something that it reads changes: where each
/// test is a process, all of them need it.
pub fn render(tests: &str) -> Vec<Sovereign> {
    let shelf = Path::new(tests).join("infra-checks-sovereigns");
    let key = fingerprint();
    let (kept, name) = (shelf.join("outputs.json"), shelf.join("fingerprint"));
    repository::write(&shelf.join("lock"), "");
    let lock = fs::File::open(shelf.join("lock")).expect("a lock");
    lock.lock().expect("a lock");
    if fs::read_to_string(&name).ok() != Some(key.clone()) {
        let outputs = run_all(&repository::scratch(tests, "sovereigns"));
        repository::write(&kept, outputs);
        repository::write(&name, key);
    }
    let text = fs::read_to_string(&kept).expect("outputs");
    lock.unlock().expect("a lock");
    let outputs: Value = serde_json::from_str(&text).expect("JSON");

    combinations()
        .into_iter()
        .enumerate()
        .map(|(index, switches)| {
            let value = &outputs[format!("case_{index}")]["value"];
            let nodes = |key: &str| -> Vec<Node> {
                value[key]
                    .as_array()
                    .expect(key)
                    .iter()
                    .map(|text| Node::read(text.as_str().expect("user_data")))
                    .collect()
            };
            Sovereign {
                switches,
                token: value["token"].as_str().expect("token").to_owned(),
                control_planes: nodes("control_planes"),
                workers: nodes("workers"),
            }
        })
        .collect()
}

/// Of everything that the outputs come from.
fn fingerprint() -> String {
    let root = repository::root();
    let mut hash = Sha256::new();
    let mut inputs = repository::files(&root.join("infra/hetzner"));
    inputs.push(root.join(lock::FILE));
    inputs.push(root.join(CILIUM_VALUES));
    for input in inputs {
        hash.update(input.display().to_string());
        hash.update(fs::read(&input).expect("an input"));
    }
    for switches in combinations() {
        hash.update(arguments(switches).to_string());
    }
    hash.update(engine::engine());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn run_all(folder: &Path) -> String {
    copy(folder);
    let combinations = combinations();
    let mut modules = serde_json::Map::new();
    let mut outputs = serde_json::Map::new();
    for (index, switches) in combinations.iter().enumerate() {
        let name = format!("case_{index}");
        modules.insert(name.clone(), arguments(*switches));
        outputs
            .insert(name.clone(), json!({"value": format!("${{module.{name}.nodes}}"), "sensitive": true}));
    }
    let caller = folder.join("caller");
    let text = json!({"module": modules, "output": outputs}).to_string();
    repository::write(&caller.join("main.tf.json"), text);
    engine::run_well(&caller, &["init"]);
    engine::run_well(&caller, &["apply", "-auto-approve"]);
    engine::run_well(&caller, &["output", "-json"])
}
