//! user_data in every combination: one or three control planes, workers or none, our domain or
//! theirs, SSH or not, reports or not, a token of the registry or none.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use infra_checks::sovereign::{
    API_IP, BEARER, FQDN, GHCR_TOKEN, HCLOUD_TOKEN, Node, ORGANIZATION, REPOSITORY, Sovereign, combinations,
    render,
};
use infra_checks::{lock, repository};
use serde_yaml_ng::{Value, from_str};

pub static ALL: LazyLock<Vec<Sovereign>> = LazyLock::new(|| render(env!("CARGO_TARGET_TMPDIR")));

const CONFIG: &str = "/etc/rancher/k3s/config.yaml";
const FLUX: &str = "/etc/catalyst/flux-objects.yaml";

fn yaml(text: &str) -> Value {
    from_str(text).expect("YAML")
}

#[test]
fn every_combination_is_a_cloud_config_that_hetzner_takes() {
    assert_eq!(ALL.len(), combinations().len());
    for sovereign in ALL.iter() {
        let switches = sovereign.switches;
        assert_eq!(sovereign.control_planes.len(), if switches.ha { 3 } else { 1 });
        assert_eq!(sovereign.workers.len(), if switches.workers { 2 } else { 0 });
        for node in sovereign.nodes() {
            assert!(node.user_data.starts_with("#cloud-config\n"));
            assert!(node.user_data.len() <= 32 * 1024, "{} bytes", node.user_data.len());
            let run = &node.cloud_config["runcmd"];
            assert_eq!(*run, yaml("[[bash, /opt/catalyst/bootstrap.sh]]"));
        }
    }
}

/// The Organization's name holds quotes, dollar-braces and a comment sign.
#[test]
fn what_people_write_arrives_as_they_wrote_it() {
    for node in ALL.iter().flat_map(Sovereign::nodes) {
        let facts: serde_json::Value =
            serde_json::from_str(node.text("/var/lib/catalyst/sovereign.json")).expect("JSON");
        assert_eq!(facts["orgName"], ORGANIZATION);
        assert_eq!(facts["regions"], serde_json::json!([]), "a list is never null");
    }
}

#[test]
fn a_secret_is_readable_by_root_only_and_stands_where_it_is_needed() {
    for sovereign in ALL.iter() {
        let pull = String::from("openova-bot:") + GHCR_TOKEN;
        let encoded = base64(pull.as_bytes());
        let secrets = [HCLOUD_TOKEN, GHCR_TOKEN, &encoded, BEARER, &sovereign.token];
        for node in sovereign.nodes() {
            for (path, file) in &node.files {
                if secrets.iter().any(|secret| file.text.contains(secret)) {
                    assert_eq!(file.mode, "0600", "{path} holds a secret");
                }
            }
            assert_eq!(node.text("/etc/rancher/k3s/token"), sovereign.token);
            assert_eq!(node.user_data.matches(&sovereign.token).count(), 1);
        }
        let mut joining = sovereign.control_planes.iter().skip(1).chain(&sovereign.workers);
        assert!(
            joining.all(|node| !node.user_data.contains(HCLOUD_TOKEN)
                && !node.user_data.contains(GHCR_TOKEN)
                && !node.user_data.contains(&encoded)),
            "only the first control plane gets the tokens of Crossplane and the registry"
        );
        let first = &sovereign.control_planes[0];
        assert_eq!(first.user_data.matches(HCLOUD_TOKEN).count(), 1);
    }
}

#[test]
fn the_join_token_is_random_and_long() {
    let tokens: BTreeSet<&str> = ALL.iter().map(|sovereign| sovereign.token.as_str()).collect();
    assert_eq!(tokens.len(), ALL.len(), "each Sovereign has its own");
    assert!(
        tokens.iter().all(|token| token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()))
    );
}

#[test]
fn the_first_control_plane_makes_the_cluster_and_the_others_join_it() {
    for sovereign in ALL.iter() {
        let (first, others) = sovereign.control_planes.split_first().expect("one at least");
        assert_eq!(first.yaml(CONFIG)["cluster-init"], Value::Bool(true));
        assert!(first.yaml(CONFIG)["server"].is_null());
        for node in others.iter().chain(&sovereign.workers) {
            assert!(node.yaml(CONFIG)["cluster-init"].is_null());
            assert_eq!(node.yaml(CONFIG)["server"], "https://10.0.1.2:6443");
            assert!(!node.files.contains_key(FLUX), "Cilium and Flux are the first one's");
            assert!(!node.text("/opt/catalyst/bootstrap.sh").contains("kubeconfig"));
        }
    }
}

#[test]
fn k3s_starts_with_exactly_these_flags() {
    let server = |ip: &str, join: &str| {
        yaml(&format!(
            "{{{join}, node-ip: {ip}, token-file: /etc/rancher/k3s/token,
              node-label: [catalyst.openova.io/role=control-plane], flannel-backend: none,
              disable-network-policy: true, disable-kube-proxy: true, disable: [traefik, servicelb],
              secrets-encryption: true, cluster-cidr: 10.42.0.0/16, service-cidr: 10.43.0.0/16,
              https-listen-port: 6443, write-kubeconfig-mode: '0600',
              tls-san: [{FQDN}, {API_IP}, 10.0.1.2]}}"
        ))
    };
    let join = "server: 'https://10.0.1.2:6443'";
    for sovereign in ALL.iter() {
        for (index, node) in sovereign.control_planes.iter().enumerate() {
            let ip = format!("10.0.1.{}", 2 + index);
            let role = if index == 0 { "cluster-init: true" } else { join };
            assert_eq!(node.yaml(CONFIG), server(&ip, role));
            assert!(node.text("/etc/systemd/system/k3s.service").contains("k3s server\n"));
        }
        for (index, node) in sovereign.workers.iter().enumerate() {
            let worker = format!(
                "{{{join}, node-ip: 10.0.1.{}, token-file: /etc/rancher/k3s/token,
                  node-label: [catalyst.openova.io/role=worker], lb-server-port: 6444}}",
                10 + index
            );
            assert_eq!(node.yaml(CONFIG), yaml(&worker));
            assert!(node.text("/etc/systemd/system/k3s-agent.service").contains("k3s agent\n"));
        }
    }
}

/// As its own installer has it: pods outlive a restart of k3s, and k3s one of the node.
#[test]
fn systemd_keeps_k3s_running_and_leaves_its_pods_alone() {
    for node in ALL.iter().flat_map(Sovereign::nodes) {
        let mut units = node.files.iter().filter(|(path, _)| path.starts_with("/etc/systemd/system/k3s"));
        let (_, unit) = units.next().expect("a unit");
        for line in [
            "WantedBy=multi-user.target",
            "Type=notify",
            "KillMode=process",
            "Delegate=yes",
            "Restart=always",
            "TimeoutStartSec=0",
        ] {
            assert!(unit.text.lines().any(|one| one == line), "{line}");
        }
    }
}

/// Of what several files say sshd takes the first; cloud-init's is 50-cloud-init.conf.
#[test]
fn nobody_signs_in_with_a_password_whatever_other_files_say() {
    for node in ALL.iter().flat_map(Sovereign::nodes) {
        let folder = "/etc/ssh/sshd_config.d/";
        let mut files = node.files.iter().filter(|(path, _)| path.starts_with(folder));
        let (path, file) = files.next().expect("a file");
        assert!(path.as_str() < "/etc/ssh/sshd_config.d/50-cloud-init.conf", "{path} comes too late");
        for line in [
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
        ] {
            assert!(file.text.lines().any(|one| one == line), "{line}");
        }
    }
}

#[test]
fn the_certificate_names_the_address_that_the_kubeconfig_uses() {
    for sovereign in ALL.iter() {
        for node in &sovereign.control_planes {
            let settings = node.text("/etc/catalyst/settings.env");
            assert!(settings.contains(&format!("PUBLIC_API='https://{API_IP}:6443'\n")));
            let names = node.yaml(CONFIG)["tls-san"].clone();
            assert!(names.as_sequence().expect("a list").contains(&API_IP.into()));
        }
    }
}

#[test]
fn cilium_has_the_values_of_its_blueprint_and_a_way_to_the_api_on_every_node() {
    let blueprint = yaml(&repository::read("charts/bp-cilium/cilium-values.yaml"));
    assert_eq!(blueprint["k8sServiceHost"], "127.0.0.1");
    assert_eq!(blueprint["l7Proxy"], Value::Bool(true));
    assert!(blueprint["hubble"]["metrics"].as_mapping().expect("a map").contains_key("enabled"));
    assert!(blueprint["hubble"]["metrics"]["enabled"].is_null(), "null, not [] or false");
    let port = blueprint["k8sServicePort"].as_u64().expect("a port");
    for sovereign in ALL.iter() {
        let first = &sovereign.control_planes[0];
        assert_eq!(first.yaml("/etc/catalyst/cilium-values.yaml"), blueprint);
        for node in &sovereign.control_planes {
            assert_eq!(node.yaml(CONFIG)["https-listen-port"].as_u64(), Some(port - 1));
        }
        for node in &sovereign.workers {
            assert_eq!(node.yaml(CONFIG)["lb-server-port"].as_u64(), Some(port));
        }
    }
}

#[test]
fn flux_follows_the_shared_tree_in_tiers_and_no_application_holds_up_the_others() {
    for sovereign in ALL.iter() {
        let documents = sovereign.control_planes[0].documents(FLUX);
        let tier = |name: &str| {
            documents
                .iter()
                .find(|d| d["kind"] == "Kustomization" && d["metadata"]["name"] == name)
                .unwrap_or_else(|| panic!("no tier {name}"))["spec"]
                .clone()
        };
        let expected = [
            ("versions", None, true),
            ("crds", Some("versions"), true),
            ("core", Some("crds"), true),
            ("infrastructure", Some("core"), true),
            ("data", Some("core"), true),
            ("platform", Some("data"), true),
            ("apps", Some("platform"), false),
        ];
        for (name, after, wait) in expected {
            let spec = tier(name);
            assert_eq!(spec["path"], format!("./infra/clusters/_template/{name}"));
            assert_eq!(spec["wait"], Value::Bool(wait), "{name}");
            assert_eq!(spec["prune"], Value::Bool(true), "{name}");
            assert_eq!(spec["dependsOn"][0]["name"].as_str(), after, "{name}");
            for (index, kind) in ["Namespace", "CustomResourceDefinition"].iter().enumerate() {
                let patch = &spec["patches"][index];
                assert_eq!(patch["target"]["kind"], *kind, "pruning spares namespaces and kinds");
                let patch = yaml(patch["patch"].as_str().expect("a patch"));
                let annotations = &patch["metadata"]["annotations"];
                assert_eq!(annotations["kustomize.toolkit.fluxcd.io/prune"], "disabled");
            }
            let maps = spec["postBuild"]["substituteFrom"].as_sequence().expect("maps").len();
            assert_eq!(maps, if name == "versions" { 1 } else { 2 });
        }
        let topology = if sovereign.switches.ha { "ha" } else { "solo" };
        let facts = format!(
            "{{SOVEREIGN_FQDN: {FQDN}, SOVEREIGN_TOPOLOGY: {topology}, SOVEREIGN_EMAIL: ops@acme.example}}"
        );
        assert_eq!(documents[0]["data"], yaml(&facts));
        assert_eq!(documents[1]["spec"]["url"], REPOSITORY);
        assert_eq!(documents[1]["spec"]["ref"], yaml("{branch: stable}"));
        assert_eq!(documents.len(), 2 + expected.len());
    }
}

/// What nobody reads looks like a setting and is none.
#[test]
fn the_facts_of_a_sovereign_are_those_that_the_tree_asks_for() {
    let versions = yaml(&repository::read("infra/clusters/_template/versions/configmap-versions.yaml"));
    let mut asked = BTreeSet::new();
    for path in repository::files(&repository::root().join("infra/clusters/_template")) {
        let text = std::fs::read_to_string(&path).expect("text");
        for rest in text.split("${").skip(1) {
            let name = rest.split(['}', ':']).next().expect("a name");
            // The path has its default where it stands.
            if versions["data"].get(name).is_none() && name != "TREE_PATH" {
                asked.insert(name.to_owned());
            }
        }
    }
    let facts = &ALL[0].control_planes[0].documents(FLUX)[0]["data"];
    let facts: BTreeSet<_> = facts.as_mapping().expect("facts").keys().filter_map(Value::as_str).collect();
    assert_eq!(facts, asked.iter().map(String::as_str).collect());
}

/// Each in a namespace that is made first: those of Crossplane and of all that name `ghcr-pull`.
#[test]
fn the_secrets_of_the_tree_are_there_before_it() {
    let names = |documents: &[Value]| -> Vec<(String, String)> {
        let text = |d: &Value, key: &str| d["metadata"][key].as_str().unwrap_or_default().to_owned();
        documents.iter().map(|d| (text(d, "namespace"), text(d, "name"))).collect()
    };
    let tree = |path: &str| yaml(&repository::read(&format!("infra/clusters/_template/{path}")));
    let source = tree("crds/helmrepository-blueprints.yaml");
    assert_eq!(source["spec"]["secretRef"]["name"], "ghcr-pull");
    let kyverno = yaml(&repository::read("charts/bp-kyverno/values.yaml"));
    assert_eq!(kyverno["kyverno"]["existingImagePullSecrets"], yaml("[ghcr-pull]"));
    let target = |path: &str| tree(path)["spec"]["targetNamespace"].as_str().expect("a namespace").to_owned();
    let wanted = [
        ("crossplane-system".to_owned(), "hcloud-credentials"),
        (source["metadata"]["namespace"].as_str().expect("a namespace").to_owned(), "ghcr-pull"),
        (target("core/bp-kyverno.yaml"), "ghcr-pull"),
        (target("platform/bp-catalyst-platform.yaml"), "ghcr-pull"),
    ]
    .map(|(namespace, name)| (namespace, name.to_owned()));
    for sovereign in ALL.iter() {
        let node = &sovereign.control_planes[0];
        let documents = node.documents("/etc/catalyst/secrets.yaml");
        assert_eq!(names(&documents), wanted);
        let namespaces = names(&node.documents("/etc/catalyst/namespaces.yaml"));
        for (namespace, name) in &wanted {
            assert!(namespaces.iter().any(|(_, made)| made == namespace), "{namespace}/{name}");
        }
        let credentials: serde_json::Value =
            serde_json::from_str(documents[0]["stringData"]["credentials"].as_str().expect("credentials"))
                .expect("JSON");
        assert_eq!(credentials, serde_json::json!({"token": HCLOUD_TOKEN}));
    }
}

/// Flux stops where the Secret or the host's entry is missing; an empty entry it reads as a visitor
/// without a name (source-controller, `LoginOptionFromSecret`).
#[test]
fn without_a_token_the_registry_is_asked_by_nobody_and_with_one_by_the_bot() {
    for sovereign in ALL.iter() {
        let entry = if sovereign.switches.token {
            let auth = base64(format!("openova-bot:{GHCR_TOKEN}").as_bytes());
            serde_json::json!({"username": "openova-bot", "password": GHCR_TOKEN, "auth": auth})
        } else {
            serde_json::json!({})
        };
        let documents = sovereign.control_planes[0].documents("/etc/catalyst/secrets.yaml");
        for secret in &documents[1..] {
            assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
            let text = secret["stringData"][".dockerconfigjson"].as_str().expect("a configuration");
            let found: serde_json::Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(found, serde_json::json!({"auths": {"ghcr.io": entry}}));
        }
    }
}

/// git reads the patterns as Flux does, which has them from a library in git's likeness.
#[test]
fn flux_fetches_the_tree_whole_and_nothing_else() {
    let source = &ALL[0].control_planes[0].documents(FLUX)[1];
    assert_eq!(source["kind"], "GitRepository");
    let ignore = source["spec"]["ignore"].as_str().expect("patterns");
    let folder = repository::scratch(env!("CARGO_TARGET_TMPDIR"), "ignore");
    let (tree, patterns) = (folder.join("tree"), folder.join("patterns"));
    repository::write(&patterns, ignore);
    let root = repository::root();
    let mut wanted = BTreeSet::new();
    for path in repository::files(&root.join("infra")) {
        let name = path.strip_prefix(&root).expect("inside").to_str().expect("a name").to_owned();
        repository::write(&tree.join(&name), "");
        if name.starts_with("infra/clusters/_template/") {
            wanted.insert(name);
        }
    }
    for name in ["README.md", "charts/bp-cilium/values.yaml", "_template/core/a.yaml"] {
        repository::write(&tree.join(name), "");
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(&tree).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("names")
    };
    git(&["init", "--quiet"]);
    let exclude = format!("--exclude-from={}", patterns.display());
    let found = git(&["ls-files", "--others", &exclude]);
    let found: BTreeSet<String> = found.lines().map(str::to_owned).collect();
    assert!(wanted.len() > 50, "the tree is there");
    assert_eq!(found, wanted);
}

#[test]
fn no_two_nodes_restart_at_once_and_none_before_it_has_joined() {
    const REBOOT: &str = "/etc/catalyst/reboot.conf";
    for sovereign in ALL.iter() {
        let mut minutes = Vec::new();
        for node in sovereign.nodes() {
            let apt = node.files.iter().filter(|(path, _)| path.starts_with("/etc/apt/"));
            assert!(apt.clone().count() > 0);
            assert!(apt.into_iter().all(|(_, file)| !file.text.contains("Automatic-Reboot")));
            let text = node.text(REBOOT);
            assert!(text.contains("Unattended-Upgrade::Automatic-Reboot \"true\";\n"));
            let (_, time) = text.split_once("Automatic-Reboot-Time \"").expect("a time");
            let number = |digits: &str| digits.parse::<u32>().expect("a number");
            minutes.push(number(&time[..2]) * 60 + number(&time[3..5]));
            assert_eq!(&time[5..], "\";\n");
        }
        minutes.sort_unstable();
        for pair in minutes.windows(2) {
            assert!(pair[1] - pair[0] >= 4, "{minutes:?}");
        }
        let planes = sovereign.control_planes.len();
        assert!(minutes[..planes].windows(2).all(|pair| pair[1] - pair[0] >= 30), "{minutes:?}");
    }
}

#[test]
fn no_pod_can_ask_the_metadata_service_for_the_secrets_of_a_node() {
    for sovereign in ALL.iter() {
        let policy = sovereign.control_planes[0].yaml("/etc/catalyst/metadata-policy.yaml");
        assert_eq!(policy["spec"]["endpointSelector"], yaml("{}"), "every pod");
        assert_eq!(policy["spec"]["egressDeny"], yaml("[{toCIDR: [169.254.169.254/32]}]"));
        let others = yaml("{ingress: false, egress: false}");
        assert_eq!(policy["spec"]["enableDefaultDeny"], others, "and nothing else is closed");
    }
}

/// Crossplane signs in with the Secret that the node writes; nothing else would make it.
#[test]
fn crossplane_looks_for_its_secret_where_it_is_written() {
    let config = yaml(&repository::read(
        "infra/clusters/_template/infrastructure/crossplane-config/providerconfig-default.yaml",
    ));
    let wanted = &config["spec"]["credentials"]["secretRef"];
    let written = &ALL[0].control_planes[0].documents("/etc/catalyst/secrets.yaml")[0];
    assert_eq!(wanted["namespace"], written["metadata"]["namespace"]);
    assert_eq!(wanted["name"], written["metadata"]["name"]);
    let keys = written["stringData"].as_mapping().expect("keys");
    assert!(keys.contains_key(&wanted["key"]));
}

#[test]
fn a_sovereign_without_reports_has_nowhere_to_send_them() {
    for sovereign in ALL.iter() {
        for node in sovereign.nodes() {
            let address = "API_URL='https://console.example.org/sovereign'\n";
            let settings = node.text("/etc/catalyst/settings.env");
            assert_eq!(settings.contains(address), sovereign.switches.reports);
            assert_eq!(node.user_data.contains(BEARER), sovereign.switches.reports);
        }
    }
}

#[test]
fn every_download_is_pinned_and_checked() {
    let lock = lock::lock();
    let k3s = lock["binaries"]["k3s"]["version"].as_str().expect("k3s").replace('+', "%2B");
    for node in ALL.iter().flat_map(Sovereign::nodes) {
        let settings = node.text("/etc/catalyst/settings.env");
        for name in ["k3s", "k3s-arm64"] {
            assert!(settings.contains(&format!("/{k3s}/{name}'\n")), "{settings}");
        }
        for line in settings.lines().filter(|line| line.contains("SHA256_")) {
            let (name, architecture) = line.split_once("_SHA256_").expect("a name");
            let (architecture, sum) = architecture.split_once('=').expect("a value");
            let known = &lock["binaries"][name.to_lowercase()]["sha256"][architecture];
            assert_eq!(sum.trim_matches('\''), known.as_str().expect("a checksum"), "{line}");
        }
        let scripts = node.text("/opt/catalyst/lib.sh").to_owned() + node.text("/opt/catalyst/bootstrap.sh");
        for forbidden in ["| sh", "|sh", "| bash", "get.k3s.io", "get-helm"] {
            assert!(!scripts.contains(forbidden), "{forbidden}");
        }
    }
    for sovereign in ALL.iter() {
        let downloads = sovereign.control_planes[0].text("/etc/catalyst/downloads");
        assert_eq!(downloads.lines().count(), 8, "six kinds of the Gateway API, Flux, Cilium");
        for line in downloads.lines() {
            let [name, address, sum] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert!(address.starts_with("https://") && is_sha256(sum), "{line}");
            assert!(!name.contains('/'), "{line}");
        }
    }
}

#[test]
fn the_scripts_are_clean_and_carry_no_comments_to_the_node() {
    let folder = repository::scratch(env!("CARGO_TARGET_TMPDIR"), "scripts");
    let sovereign = ALL.iter().find(|s| s.switches.ha && s.switches.workers).expect("one");
    let roles: [(&str, &Node); 2] =
        [("first", &sovereign.control_planes[0]), ("worker", &sovereign.workers[0])];
    let mut rendered = Vec::new();
    for (role, node) in roles {
        for name in ["lib.sh", "bootstrap.sh"] {
            let text = node.text(&format!("/opt/catalyst/{name}"));
            let comment = |line: &&str| line.trim_start().starts_with("# ");
            assert_eq!(text.lines().find(comment), None, "{role} {name}");
            let path = folder.join(role).join(name);
            repository::write(&path, text);
            rendered.push(path);
        }
    }
    let source = repository::root().join("infra/hetzner/cloud-init");
    let scripts = ["lib.sh", "bootstrap-first.sh", "bootstrap-join.sh"].map(|name| source.join(name));
    shellcheck(&["--external-sources"], &scripts);
    // Rendered, no comment names the sourced file any more, so what one half defines and the other uses
    // looks unused here and undefined there.
    shellcheck(&["--exclude=SC1090,SC1091,SC2034,SC2154"], &rendered);
}

fn shellcheck(arguments: &[&str], scripts: &[PathBuf]) {
    let output = Command::new("shellcheck")
        .args(arguments)
        .arg("--shell=bash")
        .args(scripts)
        .current_dir(repository::root())
        .output()
        .expect("shellcheck is missing. Install it with: apt-get install shellcheck");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}
