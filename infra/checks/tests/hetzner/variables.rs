//! What the module refuses before anything is made, and what it lets through.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use infra_checks::sovereign::{self, Switches, arguments};
use infra_checks::{engine, repository};
use serde_json::{Value, json};

const PLAIN: Switches =
    Switches { ha: false, workers: false, byo: false, ssh: false, reports: true, token: true };

fn accepted() -> Vec<(&'static str, Value)> {
    vec![
        ("pool_domain", json!("example.org")),
        ("hcloud_project_id", json!("1234567")),
        ("server_image", json!("161547269")),
        ("versions_file", json!("${path.module}/../infra/versions.yaml")),
        ("cilium_values_file", json!("${path.module}/../charts/bp-cilium/cilium-values.yaml")),
        ("pod_cidr", json!("10.128.0.0/9")),
        ("service_cidr", json!("192.168.0.0/20")),
        ("control_plane_size", json!("cpx32")),
        ("control_plane_size", json!("ccx33")),
        ("worker_size", json!("")),
        ("worker_size", json!("cpx52")),
        ("worker_size", json!("ccx13")),
        ("regions", Value::Null),
        ("regions", json!([{"provider": "hetzner", "cloudRegion": "fsn1"}])),
        ("ssh_allowed_cidrs", Value::Null),
        ("ssh_allowed_cidrs", json!(["203.0.113.0/24", "2001:db8::/32"])),
        ("catalyst_api_url", json!("")),
        ("catalyst_api_url", json!("https://console.example.org")),
        ("catalyst_api_url", json!("http://127.0.0.1:9")),
        ("catalyst_api_url", json!("http://localhost/sovereign")),
        ("kubeconfig_bearer_token", json!("")),
        ("ghcr_pull_token", Value::Null),
        ("load_balancer_type", json!("lb31")),
        ("network_cidr", json!("10.0.0.0/15")),
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
        ("control_plane_size", json!("cx43 ")),
        ("control_plane_size", json!("cax41")),
        ("worker_size", json!("cax11")),
        ("worker_size", json!("cpy31")),
        ("worker_count", json!(51)),
        ("worker_count", json!(-1)),
        ("worker_count", json!(1.5)),
        ("ssh_public_key", json!("-----BEGIN OPENSSH PRIVATE KEY-----")),
        ("ssh_public_key", json!("ssh-dss AAAA a@b")),
        ("ssh_allowed_cidrs", json!(["203.0.113.0"])),
        ("ssh_allowed_cidrs", json!(["203.0.113.7/24"])),
        ("domain_mode", json!("byo-api")),
        ("gitops_repo_url", json!("http://example.org/x")),
        ("gitops_branch", json!("-x")),
        ("hcloud_token", json!("short")),
        ("ghcr_pull_token", json!("a\"b")),
        ("kubeconfig_bearer_token", json!("B0".repeat(32))),
        ("kubeconfig_bearer_token", json!("b0")),
        ("deployment_id", json!("a/b")),
        ("catalyst_api_url", json!("https://console.example.org/")),
        ("catalyst_api_url", json!("http://console.example.org/sovereign")),
        ("catalyst_api_url", json!("http://127.0.0.1.example.org")),
        ("catalyst_api_url", json!("http://localhost@console.example.org")),
        ("catalyst_api_url", json!("ftp://console.example.org")),
        ("load_balancer_type", json!("lb41")),
        ("subnet_cidr", json!("10.0.1.0/30")),
        ("subnet_cidr", json!("10.0.1.7/24")),
        ("network_cidr", json!("10.0.0.0")),
        ("network_cidr", json!("10.0.0.1/16")),
        ("network_cidr", json!("192.168.0.0/16")),
        ("network_cidr", json!("10.0.0.0/7")),
        ("pod_cidr", json!("10.42.0.1/16")),
        ("pod_cidr", json!("100.64.0.0/16")),
        ("pod_cidr", json!("fd00::/48")),
        ("service_cidr", json!("10.43.0.0")),
        ("service_cidr", json!("10.43.0.1/16")),
        ("pool_domain", json!("example")),
        ("pool_domain", json!("Example.org")),
        ("hcloud_project_id", json!("a b")),
        ("server_image", json!("")),
        ("server_image", json!("debian-12")),
        ("versions_file", json!("/nowhere.yaml")),
        ("cilium_values_file", json!("${path.module}/../infra/versions.yaml")),
    ]
}

/// Answers that are right or wrong beside one another: rules.tf.
fn accepted_together() -> Vec<Value> {
    let byo = json!({
        "domain_mode": "byo", "sovereign_fqdn": "a-1.omani.works", "pool_domain": "", "sovereign_subdomain": "",
    });
    vec![
        byo,
        json!({"worker_count": 50, "worker_size": "cx53"}),
        json!({"region": "ash", "control_plane_size": "cpx31"}),
        json!({"region": "hil", "control_plane_size": "ccx13", "worker_count": 1, "worker_size": "cpx51"}),
        json!({"network_cidr": "10.8.0.0/16", "subnet_cidr": "10.8.255.192/26"}),
    ]
}

/// With what the complaint says.
fn refused_together() -> Vec<(&'static str, Value)> {
    let networks = |network: &str, subnet: &str| json!({"network_cidr": network, "subnet_cidr": subnet});
    vec![
        ("ash does not offer control_plane_size = cx43", json!({"region": "ash"})),
        ("fsn1 does not offer control_plane_size = cx42", json!({"control_plane_size": "cx42"})),
        (
            "nbg1 does not offer control_plane_size = cpx31",
            json!({"region": "nbg1", "control_plane_size": "cpx31"}),
        ),
        ("control_plane_size = cx99", json!({"control_plane_size": "cx99"})),
        ("control_plane_size = cpx32", json!({"region": "hil", "control_plane_size": "cpx32"})),
        ("worker_size = ccx12", json!({"worker_size": "ccx12"})),
        (
            "worker_size = cx23",
            json!({"region": "hil", "control_plane_size": "cpx31", "worker_size": "cx23"}),
        ),
        ("worker_size is required", json!({"worker_count": 1})),
        ("none of them may be empty", json!({"pool_domain": ""})),
        ("none of them may be empty", json!({"sovereign_subdomain": ""})),
        ("sovereign_subdomain, a dot and pool_domain", json!({"pool_domain": "example.com"})),
        ("subnet_cidr must lie inside network_cidr", json!({"subnet_cidr": "10.1.0.0/24"})),
        ("subnet_cidr must lie inside network_cidr", json!({"subnet_cidr": "10.0.0.0/15"})),
        ("network_cidr and pod_cidr; network_cidr and service_cidr", json!({"network_cidr": "10.0.0.0/8"})),
        ("network_cidr and pod_cidr", json!({"pod_cidr": "10.0.128.0/17"})),
        ("network_cidr and service_cidr", networks("10.43.8.0/21", "10.43.8.0/24")),
        ("network_cidr and service_cidr", json!({"service_cidr": "10.0.1.0/24"})),
        ("pod_cidr and service_cidr", json!({"pod_cidr": "10.40.0.0/14"})),
    ]
}

/// What a plan says of these cases, a module call for each, each in a file of its own.
fn plan(name: &str, cases: &[Value]) -> Vec<Value> {
    let folder = repository::scratch(env!("CARGO_TARGET_TMPDIR"), name);
    let module = sovereign::copy(&folder);
    // The rules alone: nothing is rendered for what is refused.
    for name in ["cloud_init.tf", "outputs-of-the-test.tf"] {
        std::fs::remove_file(module.join(name)).expect("a copied file");
    }
    let caller = folder.join("caller");
    for (index, changes) in cases.iter().enumerate() {
        let mut call = arguments(PLAIN);
        for (variable, value) in changes.as_object().expect("variables") {
            call[variable] = value.clone();
        }
        let name = format!("case_{index}");
        let text = json!({"module": {name.clone(): call}}).to_string();
        repository::write(&caller.join(format!("{name}.tf.json")), text);
    }
    engine::run_well(&caller, &["init"]);
    let output = engine::run(&caller, &["plan", "-json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn errors(said: &[Value]) -> impl Iterator<Item = (&str, &str)> {
    said.iter().filter(|line| line["@level"] == "error").map(|line| {
        let diagnostic = &line["diagnostic"];
        let file = diagnostic["range"]["filename"].as_str().unwrap_or("none");
        (file, diagnostic["detail"].as_str().unwrap_or_default())
    })
}

#[test]
fn bad_answers_are_refused_with_the_name_of_the_variable() {
    let cases = refused();
    let changes: Vec<_> = cases.iter().map(|(variable, value)| json!({*variable: value})).collect();
    let said = plan("variables", &changes);
    // The file of the call is named. A rule that cannot read its own variable complains from the module's.
    let complaints: BTreeMap<_, _> = errors(&said).collect();
    for (index, (variable, value)) in cases.iter().enumerate() {
        let complaint = complaints.get(format!("case_{index}.tf.json").as_str());
        let complaint = complaint.unwrap_or_else(|| panic!("{variable} = {value} was taken"));
        assert!(complaint.contains(variable), "{variable} = {value}: {complaint}");
    }
    assert_eq!(complaints.len(), cases.len(), "{complaints:?}");
}

/// Asked only where no single variable is refused.
#[test]
fn good_answers_are_taken_and_those_that_do_not_fit_together_refused() {
    let mut cases: Vec<_> =
        accepted().into_iter().map(|(variable, value)| json!({variable: value})).collect();
    cases.extend(accepted_together());
    let good = cases.len();
    cases.extend(refused_together().into_iter().map(|(_, case)| case));
    let said = plan("rules", &cases);
    // A complaint names the rule, not the call; a call that fits has its rules in the plan.
    let fits: BTreeSet<_> =
        said.iter().filter_map(|line| line["change"]["resource"]["addr"].as_str()).collect();
    for (index, case) in cases.iter().enumerate() {
        let rules = format!("module.case_{index}.terraform_data.rules");
        assert_eq!(fits.contains(rules.as_str()), index < good, "{case}");
    }
    let mut complaints: Vec<_> = errors(&said).collect();
    for (wanted, case) in refused_together() {
        let found = complaints.iter().position(|(_, text)| text.contains(wanted));
        complaints.remove(found.unwrap_or_else(|| panic!("{case}: not {wanted:?} in {complaints:?}")));
    }
    assert!(complaints.is_empty(), "{complaints:?}");
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
    let text = refusal(&folder, &arguments(PLAIN), &["plan"]);
    assert!(text.contains("no address or checksum for: flux.yaml"), "{text}");
}

#[test]
fn more_than_hetzner_takes_is_told_to_no_node() {
    let folder = repository::scratch(env!("CARGO_TARGET_TMPDIR"), "long");
    sovereign::copy(&folder);
    let mut call = arguments(PLAIN);
    call["org_name"] = json!("a".repeat(32 * 1024));
    // A plan does not know the join token yet, and with it the length.
    let text = refusal(&folder, &call, &["apply", "-auto-approve"]);
    assert!(text.contains("Hetzner takes 32768"), "{text}");
}

/// What the copied module says, which must refuse this.
fn refusal(folder: &Path, call: &Value, command: &[&str]) -> String {
    let caller = folder.join("caller");
    repository::write(&caller.join("main.tf.json"), json!({"module": {"sovereign": call}}).to_string());
    engine::run_well(&caller, &["init"]);
    let output = engine::run(&caller, command);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The wizard and the claims of Crossplane read the same catalogue.
#[test]
fn the_catalogue_and_the_rules_of_the_variables_are_the_same() {
    let catalogue: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&repository::read("infra/hetzner/catalogue.yaml")).expect("YAML");
    let variables = repository::read("infra/hetzner/variables.tf");
    let pattern = catalogue["serverTypePattern"].as_str().expect("a pattern");
    let places = catalogue["locations"].as_mapping().expect("locations");
    for group in catalogue["serverTypes"].as_sequence().expect("groups") {
        let offered = group["locations"].as_sequence().expect("a list");
        assert!(offered.iter().all(|place| places.contains_key(place)), "{offered:?}");
    }
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
