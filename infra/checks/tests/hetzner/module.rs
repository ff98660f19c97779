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
            // What the inner module is told was checked by the outer one.
            let ruled = body.contains("= bool\n") || name.starts_with("cloud-init/");
            assert!(ruled || body.contains("  validation {\n"), "{name}: {head} has no rule");
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
        "http       = { listen = 80, node = local.gateway_ports.http, ",
        "https      = { listen = 443, node = local.gateway_ports.https, ",
        "kubernetes = { listen = local.kubernetes_api_port, node = local.kubernetes_api_port, ",
    ] {
        assert!(text.contains(service), "{service}");
    }
    assert!(text.contains("health_check {") && text.contains("use_private_ip   = true"));
}

fn yaml(path: &str) -> serde_yaml_ng::Value {
    serde_yaml_ng::from_str(&repository::read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn default_of(variable: &str) -> String {
    let variables = repository::read("infra/hetzner/variables-network.tf");
    let all = blocks(&variables, "variable");
    let (_, body) =
        all.into_iter().find(|(head, _)| head.contains(&format!("{variable}\""))).expect(variable);
    let (_, rest) = body.split_once("default     = ").expect("a default");
    rest.lines().next().expect("a line").trim_matches('"').to_owned()
}

/// Envoy closes every connection that lacks the load balancer's word on who the visitor is, and takes
/// that word for a part of the request where it does not expect it: both ends have it, or neither.
#[test]
fn the_visitors_address_comes_through_the_load_balancer_and_the_gateway() {
    let balancer = repository::read("infra/hetzner/load_balancer.tf");
    assert!(balancer.contains("proxyprotocol    = each.value.proxy\n"));
    let says = |service: &str, value: bool| {
        let mut lines = balancer.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with(&format!("{service} "))).expect(service);
        assert!(line.ends_with(&format!("proxy = {value} }}")), "{line}");
    };
    for values in
        [yaml("charts/bp-cilium/cilium-values.yaml"), yaml("charts/bp-cilium/values.yaml")["cilium"].clone()]
    {
        let takes = values["gatewayAPI"]["enableProxyProtocol"].as_bool().expect("a bool");
        assert!(takes, "the server would see the load balancer's address");
        says("http", takes);
        says("https", takes);
        // Hops that Envoy would believe of what the visitor itself says.
        assert!(values["gatewayAPI"].get("xffNumTrustedHops").is_none());
    }
    says("kubernetes", false);

    // The server believes Envoy: on a node, or by its address among the pods.
    let trusted = yaml("charts/catalyst/values.yaml")["trustedProxies"].clone();
    assert_eq!(trusted, "10.0.0.0/8", "the rules of network_cidr and pod_cidr name it");
    for variable in ["network_cidr", "pod_cidr"] {
        assert!(default_of(variable).starts_with("10."), "{variable}");
    }
}

/// Envoy listens on the nodes where the load balancer sends people, and nobody can move one end alone.
#[test]
fn the_gateway_listens_on_the_ports_that_are_passed_on() {
    let ports = &yaml("charts/bp-gateway/values.yaml")["ports"];
    let (http, https) = (ports["http"].as_u64().expect("http"), ports["https"].as_u64().expect("https"));
    let line = format!("  gateway_ports = {{ http = {http}, https = {https} }}\n");
    for (name, text) in sources() {
        assert_eq!(text.contains(&line), name == "locals.tf", "{name}");
        for (head, _) in blocks(&text, "variable") {
            assert!(!head.contains("_port"), "{name}: {head}");
        }
    }
}

#[test]
fn the_provider_is_the_one_of_the_lock() {
    let version = lock::lock()["providers"]["hcloud"]["version"].clone();
    let version = version.as_str().expect("a version");
    let text = format!("version = \"{version}\"");
    assert!(repository::read("infra/hetzner/versions.tf").contains(&text), "{text}");

    let mut numbers = version.split('.').map(|number| number.parse::<u32>().expect("a number"));
    let (major, minor) = (numbers.next().expect("a major"), numbers.next().expect("a minor"));
    assert!((major, minor) >= (1, 58), "{version} needs the datacenters that Hetzner took away");
    let rig = repository::read("end2end/rig/hcloud/README.md");
    assert!(rig.contains(&format!("`hetznercloud/hcloud` {major}.{minor} ")), "the rig imitates another");
    let record = repository::read("end2end/rig/hcloud/src/provider/documented.yaml");
    assert!(record.contains(&format!("that of {major}.{minor}.")), "the record is of another");
}

/// A lock of a provider that came from a mirror would hold its hashes, not the publisher's.
#[test]
fn no_provider_lock_and_no_state_is_kept_here() {
    for path in repository::files(&repository::root().join("infra/hetzner")) {
        let name = path.display().to_string();
        assert!(!name.contains(".terraform.lock.hcl") && !name.contains("tfstate"), "{name}");
    }
}
