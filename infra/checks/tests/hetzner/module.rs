//! The module's text: form, documentation, and what it must not contain. What its resources do is
//! shown by the rig, against its own provider.

use std::collections::BTreeMap;

use infra_checks::{engine, lock, repository};

fn sources() -> BTreeMap<String, String> {
    let folder = repository::root().join("infra/hetzner");
    repository::files(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "tf"))
        .map(|path| {
            let name = path.strip_prefix(&folder).expect("inside").display().to_string();
            (name, std::fs::read_to_string(&path).expect("text"))
        })
        .collect()
}

/// The blocks of one kind: first line and body.
fn blocks<'a>(text: &'a str, kind: &str) -> Vec<(&'a str, &'a str)> {
    let start = format!("{kind} \"");
    text.split("\n}\n")
        .filter_map(|block| {
            let at = block.find(&format!("\n{start}")).map(|at| at + 1);
            let at = at.or_else(|| block.starts_with(&start).then_some(0))?;
            block[at..].split_once('\n')
        })
        .collect()
}

#[test]
fn it_is_formatted() {
    let folder = repository::root().join("infra/hetzner");
    let output = engine::run(&folder, &["fmt", "-check", "-recursive", "-diff"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn it_uses_hcloud_and_nothing_else() {
    for (name, text) in sources() {
        for (head, _) in blocks(&text, "resource") {
            let own = head.contains("\"hcloud_") || head.contains("\"terraform_data\"");
            assert!(own, "{name}: {head}");
        }
        for forbidden in ["local-exec", "remote-exec", "provisioner ", "data \"", "null_resource"] {
            assert!(!text.contains(forbidden), "{name}: {forbidden}");
        }
    }
    let all: String = sources().into_values().collect();
    assert_eq!(all.matches("source  = \"").count(), 1, "one provider");
}

#[test]
fn every_variable_and_output_is_documented_and_never_null() {
    for (name, text) in sources() {
        for (head, body) in blocks(&text, "variable") {
            for part in ["description = \"", "type ", "nullable "] {
                assert!(body.contains(part), "{name}: {head} lacks {part}");
            }
            let secret = ["_token\"", "bearer"].iter().any(|word| head.contains(word));
            assert_eq!(body.contains("sensitive "), secret, "{name}: {head}");
        }
        for (head, body) in blocks(&text, "output") {
            assert!(body.contains("description = \""), "{name}: {head}");
        }
    }
}

#[test]
fn everything_that_can_carry_labels_carries_them() {
    let cannot = ["network_subnet", "load_balancer_network", "load_balancer_service", "load_balancer_target"];
    let mut labelled = 0;
    for (name, text) in sources() {
        for (head, body) in blocks(&text, "resource") {
            if !head.contains("hcloud_")
                || cannot.iter().any(|kind| head.contains(&format!("hcloud_{kind}\"")))
            {
                continue;
            }
            labelled += 1;
            assert!(body.contains("labels "), "{name}: {head}");
        }
    }
    assert_eq!(labelled, 8);
}

#[test]
fn the_load_balancer_passes_web_and_kubernetes_on() {
    let text = repository::read("infra/hetzner/load_balancer.tf");
    for service in [
        "http       = { listen = 80, node = var.gateway_http_port }",
        "https      = { listen = 443, node = var.gateway_https_port }",
        "kubernetes = { listen = local.kubernetes_api_port, node = local.kubernetes_api_port }",
    ] {
        assert!(text.contains(service), "{service}");
    }
    assert!(text.contains("health_check {") && text.contains("use_private_ip   = true"));
}

/// Envoy listens on the nodes where the load balancer sends people.
#[test]
fn the_gateway_listens_on_the_ports_that_are_passed_on() {
    let gateway: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&repository::read("charts/bp-gateway/values.yaml")).expect("YAML");
    let variables = repository::read("infra/hetzner/variables-network.tf");
    for (protocol, variable) in [("http", "gateway_http_port"), ("https", "gateway_https_port")] {
        let port = gateway["ports"][protocol].as_u64().expect("a port");
        let (_, body) = blocks(&variables, "variable")
            .into_iter()
            .find(|(head, _)| head.contains(variable))
            .expect("the variable");
        assert!(body.contains(&format!("default     = {port}\n")), "{protocol}: {port}");
    }
}

#[test]
fn the_provider_is_the_one_of_the_lock() {
    let version = lock::lock()["providers"]["hcloud"]["version"].clone();
    let text = format!("version = \"{}\"", version.as_str().expect("a version"));
    assert!(repository::read("infra/hetzner/versions.tf").contains(&text), "{text}");
}

/// A lock of a provider that came from a mirror would hold its hashes, not the publisher's.
#[test]
fn no_provider_lock_and_no_state_is_kept_here() {
    for path in repository::files(&repository::root().join("infra/hetzner")) {
        let name = path.display().to_string();
        assert!(!name.contains(".terraform.lock.hcl") && !name.contains("tfstate"), "{name}");
    }
}
