//! What the module refuses before anything is made, and what it lets through.

use std::collections::BTreeMap;
use std::path::Path;

use infra_checks::sovereign::{self, Switches, arguments};
use infra_checks::{engine, repository};
use serde_json::{Value, json};

const PLAIN: Switches = Switches { ha: false, workers: false, byo: false, ssh: false, reports: true };

fn accepted() -> Vec<(&'static str, Value)> {
    vec![
        ("sovereign_fqdn", json!("a-1.omani.works")),
        ("control_plane_size", json!("cpx31")),
        ("control_plane_size", json!("ccx33")),
        ("control_plane_size", json!("cax41")),
        ("worker_size", json!("")),
        ("worker_size", json!("cpx51")),
        ("worker_size", json!("ccx13")),
        ("worker_count", json!(50)),
        ("region", json!("hil")),
        ("regions", Value::Null),
        ("regions", json!([{"provider": "hetzner", "cloudRegion": "fsn1"}])),
        ("ssh_allowed_cidrs", Value::Null),
        ("ssh_allowed_cidrs", json!(["203.0.113.0/24", "2001:db8::/32"])),
        ("catalyst_api_url", json!("")),
        ("kubeconfig_bearer_token", json!("")),
        ("ghcr_pull_token", Value::Null),
        ("load_balancer_type", json!("lb31")),
        ("network_cidr", json!("10.8.0.0/16")),
        ("gateway_http_port", json!(30080)),
    ]
}

fn refused() -> Vec<(&'static str, Value)> {
    vec![
        ("sovereign_fqdn", json!("localhost")),
        ("sovereign_fqdn", json!("Acme.example.org")),
        ("sovereign_fqdn", json!("1acme.example.org")),
        ("sovereign_fqdn", json!("acme.example.org\nx")),
        ("sovereign_fqdn", json!(format!("{}.example.org", "a".repeat(60)))),
        ("sovereign_subdomain", json!("-acme")),
        ("org_name", json!("  ")),
        ("org_email", json!("nobody")),
        ("region", json!("lon1")),
        ("regions", json!([{"provider": "ibm", "cloudRegion": "x"}])),
        ("regions", json!([{"provider": "aws", "cloudRegion": "x"}])),
        ("control_plane_size", json!("")),
        ("control_plane_size", json!("cx")),
        ("control_plane_size", json!("m5.large")),
        ("control_plane_size", json!("cx42 ")),
        ("worker_size", json!("cpy31")),
        ("worker_count", json!(51)),
        ("worker_count", json!(-1)),
        ("worker_count", json!(1.5)),
        ("ssh_public_key", json!("-----BEGIN OPENSSH PRIVATE KEY-----")),
        ("ssh_public_key", json!("ssh-dss AAAA a@b")),
        ("ssh_allowed_cidrs", json!(["203.0.113.0"])),
        ("domain_mode", json!("byo-api")),
        ("gitops_repo_url", json!("http://example.org/x")),
        ("gitops_branch", json!("-x")),
        ("hcloud_token", json!("short")),
        ("ghcr_pull_token", json!("a\"b")),
        ("kubeconfig_bearer_token", json!("B0".repeat(32))),
        ("kubeconfig_bearer_token", json!("b0")),
        ("deployment_id", json!("a/b")),
        ("catalyst_api_url", json!("https://console.example.org/")),
        ("load_balancer_type", json!("lb41")),
        ("subnet_cidr", json!("10.0.1.0/30")),
        ("network_cidr", json!("10.0.0.0")),
        ("gateway_https_port", json!(443)),
    ]
}

/// One module call for each case, each in a file of its own: the complaint names the file.
fn complaints(folder: &Path, cases: &[(&str, Value)]) -> BTreeMap<String, String> {
    let caller = folder.join("caller");
    for (index, (variable, value)) in cases.iter().enumerate() {
        let mut call = arguments(PLAIN);
        call[*variable] = value.clone();
        let name = format!("case_{index}");
        let text = json!({"module": {name.clone(): call}}).to_string();
        repository::write(&caller.join(format!("{name}.tf.json")), text);
    }
    engine::run_well(&caller, &["init"]);
    let output = engine::run(&caller, &["plan", "-json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["@level"] == "error")
        .map(|line| {
            let diagnostic = &line["diagnostic"];
            let file = diagnostic["range"]["filename"].as_str().unwrap_or("none");
            (file.to_owned(), diagnostic["detail"].to_string())
        })
        .collect()
}

#[test]
fn good_answers_are_taken_and_bad_ones_refused_with_the_name_of_the_variable() {
    let folder = repository::scratch(env!("CARGO_TARGET_TMPDIR"), "variables");
    let module = sovereign::copy(&folder);
    // The rules alone: nothing is rendered for what is refused.
    for name in ["cloud_init.tf", "outputs-of-the-test.tf"] {
        std::fs::remove_file(module.join(name)).expect("a copied file");
    }
    let mut cases = accepted();
    let good = cases.len();
    cases.extend(refused());
    let complaints = complaints(&folder, &cases);
    for (index, (variable, value)) in cases.iter().enumerate() {
        let complaint = complaints.get(&format!("case_{index}.tf.json"));
        if index < good {
            assert_eq!(complaint, None, "{variable} = {value}");
        } else {
            let complaint = complaint.unwrap_or_else(|| panic!("{variable} = {value} was taken"));
            assert!(complaint.contains(variable), "{variable} = {value}: {complaint}");
        }
    }
    // A rule that cannot read its own variable complains from the module's file.
    let elsewhere: Vec<_> = complaints.iter().filter(|(file, _)| !file.starts_with("case_")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn a_lock_without_a_checksum_stops_the_plan() {
    let folder = repository::scratch(env!("CARGO_TARGET_TMPDIR"), "gap");
    sovereign::copy(&folder);
    let lock = infra_checks::lock::filled();
    let mut lock: serde_yaml_ng::Value = serde_yaml_ng::from_str(&lock).expect("YAML");
    lock["manifests"]["flux"]["sha256"] = serde_yaml_ng::Value::Null;
    let text = serde_yaml_ng::to_string(&lock).expect("YAML");
    repository::write(&folder.join("infra/versions.yaml"), text);
    let call = json!({"module": {"sovereign": arguments(PLAIN)}}).to_string();
    let caller = folder.join("caller");
    repository::write(&caller.join("main.tf.json"), call);
    engine::run_well(&caller, &["init"]);
    let output = engine::run(&caller, &["apply", "-auto-approve"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("no address or checksum for: flux.yaml"), "{text}");
}

/// The wizard and the claims of Crossplane read the same catalogue.
#[test]
fn the_catalogue_and_the_rules_of_the_variables_are_the_same() {
    let catalogue: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&repository::read("infra/hetzner/catalogue.yaml")).expect("YAML");
    let variables = repository::read("infra/hetzner/variables.tf");
    let pattern = catalogue["serverTypePattern"].as_str().expect("a pattern");
    assert_eq!(variables.matches(&format!("regex(\"{pattern}\"")).count(), 2);
    let locations: Vec<String> = catalogue["locations"]
        .as_mapping()
        .expect("locations")
        .keys()
        .map(|name| format!("{:?}", name.as_str().expect("a name")))
        .collect();
    assert!(variables.contains(&format!("contains([{}], var.region)", locations.join(", "))));
    let types = catalogue["loadBalancerTypes"].as_sequence().expect("types");
    let types: Vec<String> = types.iter().map(|t| format!("{:?}", t.as_str().expect("a type"))).collect();
    let network = repository::read("infra/hetzner/variables-network.tf");
    assert!(network.contains(&format!("contains([{}], var.load_balancer_type)", types.join(", "))));
}
