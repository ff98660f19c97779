//! The real module, a real OpenTofu or Terraform, the stand-in provider, the stand-in cloud: what
//! stands afterwards is compared with what was asked, and after destroy nothing is left.

mod support;
#[path = "support/tofu.rs"]
mod tofu;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hcloud_rig::api::Settings;
use serde_json::{Value, json};
use support::{Rig, text};
use tofu::{Tofu, kill};

const STEM: &str = "catalyst-acme-example-org";
const SOVEREIGN: &str = "catalyst.openova.io/sovereign";
const DEPLOYMENT: &str = "catalyst.openova.io/deployment-id";

fn quick() -> Settings {
    Settings { action_ms: 40, linger_ms: 100, ..Settings::default() }
}

fn row<'a>(state: &'a Value, table: &str, name: &str) -> &'a Value {
    let rows = state[table].as_array().expect(table);
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {table}"))
}

fn names(state: &Value, table: &str) -> BTreeSet<String> {
    let rows = state[table].as_array().expect(table).iter();
    rows.map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// All that a server is, from the module's documented API.
fn check_server(state: &Value, name: &str, kind: &str, role: &str, ip: &str, group: Option<&str>) {
    let server = row(state, "servers", name);
    assert_eq!(server["server_type"]["name"], kind, "{name}");
    assert_eq!(server["image"]["name"], "ubuntu-24.04");
    let balancer = &state["load_balancers"][0];
    assert_eq!(server["location"]["name"], balancer["location"]["name"]);
    assert_eq!(server["status"], "running");
    assert_eq!(server["labels"][SOVEREIGN], "acme.example.org");
    assert_eq!(server["labels"]["catalyst.openova.io/role"], role);
    let networks = server["private_net"].as_array().expect("networks");
    assert_eq!(networks.len(), 1, "{name}");
    assert_eq!(networks[0]["ip"], ip, "{name}");
    assert_eq!(networks[0]["network"], state["networks"][0]["id"]);
    assert_eq!(
        server["public_net"]["firewalls"],
        json!([{"id": state["firewalls"][0]["id"], "status": "applied"}])
    );
    assert_eq!(server["asked"]["ssh_keys"], json!([state["ssh_keys"][0]["id"]]));
    assert_eq!(server["placement_group"]["name"].as_str(), group, "{name}");
}

/// Network, firewall, key, load balancer: the same for every Sovereign, but for the zone of its network
/// and the networks that may reach port 22.
fn check_surroundings(state: &Value, control_planes: &[&str]) {
    check_surroundings_in("eu-central", &[], state, control_planes);
}

fn check_surroundings_in(zone: &str, ssh: &[&str], state: &Value, control_planes: &[&str]) {
    let network = row(state, "networks", &format!("{STEM}-net"));
    assert_eq!(network["ip_range"], "10.0.0.0/16");
    assert_eq!(network["subnets"][0]["ip_range"], "10.0.1.0/24");
    assert_eq!(network["subnets"][0]["network_zone"], zone);
    assert_eq!(names(state, "ssh_keys"), set(&[STEM]));

    let wall = row(state, "firewalls", &format!("{STEM}-fw"));
    let rules = wall["rules"].as_array().expect("rules");
    let open: BTreeSet<(&str, &str, BTreeSet<&str>)> = rules
        .iter()
        .map(|rule| {
            assert_eq!(rule["direction"], "in");
            let sources = rule["source_ips"].as_array().expect("ips").iter().filter_map(Value::as_str);
            let protocol = rule["protocol"].as_str().expect("text");
            (protocol, rule["port"].as_str().unwrap_or_default(), sources.collect())
        })
        .collect();
    let anywhere = [("tcp", "80"), ("tcp", "443"), ("tcp", "6443"), ("icmp", "")]
        .map(|(protocol, port)| (protocol, port, ["0.0.0.0/0", "::/0"].into()));
    let rarely = (!ssh.is_empty()).then(|| ("tcp", "22", ssh.iter().copied().collect()));
    assert_eq!(open, anywhere.into_iter().chain(rarely).collect());
    assert_eq!(rules.len(), open.len());

    let balancer = row(state, "load_balancers", &format!("{STEM}-lb"));
    assert_eq!(balancer["load_balancer_type"]["name"], "lb11");
    assert_eq!(balancer["private_net"][0]["network"], network["id"]);
    assert_eq!(balancer["private_net"][0]["ip"], "10.0.1.5");
    let services: BTreeSet<(u64, u64, bool)> = balancer["services"]
        .as_array()
        .expect("services")
        .iter()
        .map(|service| {
            assert_eq!(service["protocol"], "tcp");
            assert_eq!(service["health_check"]["port"], service["destination_port"]);
            let port = |field: &str| service[field].as_u64().expect("a port");
            let proxy = service["proxyprotocol"].as_bool().expect("a bool");
            (port("listen_port"), port("destination_port"), proxy)
        })
        .collect();
    // Cilium's Gateway takes connections with the visitor's address ahead of them and no others.
    let proxy = cilium()["gatewayAPI"]["enableProxyProtocol"] == true;
    assert_eq!(services, [(80, 31080, proxy), (443, 31443, proxy), (6443, 6443, false)].into());
    let targets: BTreeSet<u64> = balancer["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .map(|target| {
            assert_eq!(target["use_private_ip"], true);
            target["server"]["id"].as_u64().expect("an id")
        })
        .collect();
    let wanted = control_planes.iter().map(|name| row(state, "servers", name)["id"].as_u64().expect("an id"));
    assert_eq!(targets, wanted.collect());

    // Everything that can carry labels carries the Sovereign's and the deployment's.
    for (table, rows) in state.as_object().expect("tables") {
        for one in rows.as_array().expect("rows") {
            assert_eq!(one["labels"][SOVEREIGN], "acme.example.org", "{table} {}", one["name"]);
            assert_eq!(one["labels"][DEPLOYMENT], tofu::DEPLOYMENT, "{table} {}", one["name"]);
        }
    }
}

/// The values that the first node installs Cilium with.
fn cilium() -> serde_yaml_ng::Value {
    let file = support::repository().join("charts/bp-cilium/cilium-values.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(file).expect("values")).expect("YAML")
}

/// Through every step, by a plan in a file.
fn make(tofu: &Tofu) {
    tofu.init();
    tofu.well(&["validate"]);
    tofu.well(&["plan", "-out", "the.plan"]);
    tofu.well(&["show", "the.plan"]);
    tofu.well(&["apply", "the.plan"]);
    tofu.has_nothing_to_do();
}

/// All of them, and no other.
fn check_outputs(tofu: &Tofu, state: &Value, control_planes: &[&str]) {
    let ip = |row: &Value| row["public_net"]["ipv4"]["ip"].as_str().expect("an address").to_owned();
    let planes: Vec<_> = control_planes.iter().map(|name| ip(row(state, "servers", name))).collect();
    let balancer = ip(&state["load_balancers"][0]);
    let expected = json!({
        "control_plane_ip": planes[0], "control_plane_ips": planes, "load_balancer_ip": balancer,
        "kubernetes_api_url": format!("https://{balancer}:6443"), "sovereign_fqdn": "acme.example.org",
        "console_url": "https://console.acme.example.org",
        "gitops_repo_url": "https://github.com/openova-io/openova",
    });
    let outputs = tofu.outputs();
    let outputs = outputs.as_object().expect("outputs").iter();
    let found: Value = outputs.map(|(name, output)| (name.clone(), output["value"].clone())).collect();
    assert_eq!(found, expected);
}

fn user_data(state: &Value, name: &str) -> String {
    row(state, "servers", name)["asked"]["user_data"].as_str().expect("text").to_owned()
}

/// A file that cloud-init writes.
fn file(user_data: &str, path: &str) -> String {
    let config: serde_yaml_ng::Value = serde_yaml_ng::from_str(user_data).expect("user_data is YAML");
    let mut files = config["write_files"].as_sequence().expect("write_files").iter();
    let file = files.find(|file| file["path"] == path).unwrap_or_else(|| panic!("no {path}"));
    file["content"].as_str().expect("content").to_owned()
}

/// Returns the token that the nodes join with.
fn check_user_data(state: &Value, control_planes: &[&str], workers: &[&str]) -> String {
    let balancer = row(state, "load_balancers", &format!("{STEM}-lb"));
    let address = balancer["public_net"]["ipv4"]["ip"].as_str().expect("an address");
    let first = user_data(state, control_planes[0]);
    let token = file(&first, "/etc/rancher/k3s/token");
    for name in control_planes.iter().chain(workers) {
        let text = user_data(state, name);
        assert!(text.starts_with("#cloud-config\n") && text.len() <= 32 * 1024, "{name}: {}", text.len());
        assert!(text.contains("acme.example.org"), "{name}");
        assert_eq!(file(&text, "/etc/rancher/k3s/token"), token, "{name}");
        let ip = &row(state, "servers", name)["private_net"][0]["ip"];
        assert!(text.contains(ip.as_str().expect("an ip")), "{name} does not know its address");
        let is_first = *name == control_planes[0];
        // What only the first control plane may know: the cloud's token, the registry's.
        assert_eq!(text.contains(support::TOKEN), is_first, "{name}");
        assert_eq!(text.contains(tofu::SECRETS[1]), is_first, "{name}");
    }
    assert!(first.contains(&format!("https://{address}:6443")), "the kubeconfig's address");
    token
}

#[test]
fn a_solo_sovereign_comes_up_as_asked_and_goes_without_a_trace() {
    let rig = Rig::start(quick());
    let tofu = Tofu::new(&rig, json!({}));
    make(&tofu);

    let state = rig.state();
    let first = format!("{STEM}-cp1");
    assert_eq!(names(&state, "servers"), set(&[&first]));
    assert_eq!(names(&state, "placement_groups"), set(&[]));
    check_server(&state, &first, "cx43", "control-plane", "10.0.1.2", None);
    check_surroundings(&state, &[&first]);
    let token = check_user_data(&state, &[&first], &[]);

    check_outputs(&tofu, &state, &[&first]);

    tofu.destroy();
    tofu.kept(&token);
    assert!(rig.becomes_empty(), "{}", rig.state());
    tofu.kept_its_secrets();
}

#[test]
fn three_control_planes_and_their_workers_come_up_as_asked_and_go_without_a_trace() {
    let rig = Rig::start(quick());
    let variables = json!({
        "ha_enabled": true, "worker_count": 11, "worker_size": "cx33", "control_plane_size": "cpx42",
        "ssh_allowed_cidrs": ["203.0.113.0/24", "2001:db8::/32"],
    });
    let tofu = Tofu::new(&rig, variables);
    make(&tofu);

    let state = rig.state();
    let name = |suffix: &str| format!("{STEM}-{suffix}");
    let (planes, workers): (Vec<String>, Vec<String>) = (
        (1..=3).map(|n| name(&format!("cp{n}"))).collect(),
        (1..=11).map(|n| name(&format!("w{n}"))).collect(),
    );
    let planes: Vec<&str> = planes.iter().map(String::as_str).collect();
    let workers: Vec<&str> = workers.iter().map(String::as_str).collect();
    assert_eq!(names(&state, "servers"), set(&[&planes[..], &workers[..]].concat()));
    for (name, ip) in planes.iter().zip(["10.0.1.2", "10.0.1.3", "10.0.1.4"]) {
        check_server(&state, name, "cpx42", "control-plane", ip, Some(&format!("{STEM}-cp")));
    }
    // A placement group takes ten: the eleventh worker is in the second.
    for (index, name) in workers.iter().enumerate() {
        let group = format!("{STEM}-w{}", index / 10 + 1);
        check_server(&state, name, "cx33", "worker", &format!("10.0.1.{}", 10 + index), Some(&group));
    }
    check_surroundings_in("eu-central", &["203.0.113.0/24", "2001:db8::/32"], &state, &planes);
    let token = check_user_data(&state, &planes, &workers);
    check_outputs(&tofu, &state, &planes);

    // What a server was born with does not replace it; the network and the load balancer are as asked.
    for (variables, code) in [
        (["server_image=ubuntu-22.04", "org_email=other@acme.example"], 0),
        (["load_balancer_type=lb21", "org_name=Acme"], 2),
        (["network_cidr=10.0.0.0/15", "org_name=Acme"], 2),
    ] {
        let [one, other] = variables;
        let output = tofu.run(&["plan", "-detailed-exitcode", "-var", one, "-var", other]);
        assert_eq!(output.status.code(), Some(code), "{variables:?}\n{}", text(&output));
    }

    tofu.destroy();
    tofu.kept(&token);
    assert!(rig.becomes_empty(), "{}", rig.state());
    tofu.kept_its_secrets();
}

#[test]
fn another_place_offers_other_sizes_and_what_it_does_not_offer_is_never_asked_for() {
    let rig = Rig::start(quick());
    let tofu = Tofu::new(&rig, json!({"region": "ash"}));
    tofu.init();
    let output = tofu.apply();
    assert!(!output.status.success());
    assert!(text(&output).contains("ash does not offer control_plane_size = cx43"), "{}", text(&output));
    assert_eq!(rig.rig("GET", "requests", None), json!([]), "the plan refuses before anything is asked");

    let variables =
        json!({"region": "ash", "control_plane_size": "cpx41", "worker_count": 1, "worker_size": "ccx13"});
    let tofu = Tofu::new(&rig, variables);
    make(&tofu);
    let state = rig.state();
    let name = |suffix: &str| format!("{STEM}-{suffix}");
    check_server(&state, &name("cp1"), "cpx41", "control-plane", "10.0.1.2", None);
    check_server(&state, &name("w1"), "ccx13", "worker", "10.0.1.10", Some(&name("w1")));
    check_surroundings_in("us-east", &[], &state, &[&name("cp1")]);
    tofu.destroy();
    assert!(rig.becomes_empty(), "{}", rig.state());
}

/// The catalogue that the module checks by is what the stand-in offers, and nothing else.
#[test]
fn the_catalogue_and_the_stand_in_offer_the_same() {
    let file = support::repository().join("infra/hetzner/catalogue.yaml");
    let catalogue: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&std::fs::read_to_string(file).expect("the catalogue")).expect("YAML");
    let groups = catalogue["serverTypes"].as_sequence().expect("groups");
    let places = catalogue["locations"].as_mapping().expect("locations");
    let rig = Rig::start(quick());
    let all = |table: &str| rig.request("GET", &format!("{table}?per_page=50"), None).1[table].clone();
    let zones = all("locations");
    for (name, zone) in places {
        let mut zones = zones.as_array().expect("locations").iter();
        let found = zones.find(|one| one["name"].as_str() == name.as_str()).expect("a location");
        assert_eq!(found["network_zone"].as_str(), zone.as_str());
    }
    let kinds = all("server_types");
    assert!(kinds.as_array().is_some_and(|kinds| kinds.len() > 20), "{kinds}");
    let architecture = if catalogue["architecture"] == "arm64" { "arm" } else { "x86" };
    for kind in kinds.as_array().expect("types") {
        let name = kind["name"].as_str().expect("a name");
        let group = groups.iter().find(|group| group["memory"].get(name).is_some());
        if kind["architecture"] != architecture {
            assert!(group.is_none(), "{name} is no {}", catalogue["architecture"].as_str().expect("one"));
            continue;
        }
        let group = group.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        assert_eq!(group["memory"][name].as_f64(), kind["memory"].as_f64(), "{name}");
        let listed = group["locations"].as_sequence().expect("a list");
        for place in places.keys() {
            let mut locations = kind["locations"].as_array().expect("locations").iter();
            let here = locations.any(|location| location["name"].as_str() == place.as_str());
            assert_eq!(here, listed.contains(place), "{name} in {place:?}");
        }
    }
    for group in groups.iter().filter(|group| group["locations"][0].is_string()) {
        for name in group["memory"].as_mapping().expect("types").keys() {
            let mut kinds = kinds.as_array().expect("types").iter();
            assert!(kinds.any(|kind| kind["name"].as_str() == name.as_str()), "{name:?} is not to be had");
        }
    }
}

#[test]
fn a_name_that_is_taken_is_said_and_what_bears_it_can_be_adopted() {
    let rig = Rig::start(quick());
    let name = format!("{STEM}-net");
    let (_, made) = rig.request("POST", "networks", Some(json!({"name": name, "ip_range": "10.0.0.0/16"})));
    let tofu = Tofu::new(&rig, json!({}));
    tofu.init();
    let output = tofu.apply();
    assert!(!output.status.success());
    assert!(text(&output).contains("uniqueness_error"), "{}", text(&output));

    tofu.well(&["import", "hcloud_network.main", &made["network"]["id"].to_string()]);
    let output = tofu.apply();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(rig.names("networks"), [name]);
    tofu.has_nothing_to_do();
    tofu.kept_its_secrets();
}

#[test]
fn a_rate_limit_in_the_middle_only_slows_an_apply() {
    let rig = Rig::start(Settings { rate_limit: 25, rate_refill_per_second: 25.0, ..quick() });
    let tofu = Tofu::new(&rig, json!({"ha_enabled": true}));
    tofu.init();
    let output = tofu.apply();
    assert!(output.status.success(), "{}", text(&output));
    assert!(rig.answered(429) > 0, "the limit was not reached: the test is too easy");
    assert_eq!(rig.names("servers").len(), 3);
    check_surroundings(
        &rig.state(),
        &["cp1", "cp2", "cp3"].map(|n| format!("{STEM}-{n}")).iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

#[test]
fn whoever_needs_the_network_waits_for_it_however_slow_it_is() {
    let rig = Rig::start(quick());
    for path in ["networks/*/actions/add_subnet", "load_balancers/*/actions/attach_to_network"] {
        let slow = json!({"method": "POST", "path": path, "times": 9, "status": 200, "delay_ms": 2500});
        rig.rig("POST", "faults", Some(slow));
    }
    let tofu = Tofu::new(&rig, json!({"worker_count": 1, "worker_size": "cx33"}));
    tofu.init();
    let output = tofu.apply();
    assert!(output.status.success(), "{}", text(&output));
    let first = format!("{STEM}-cp1");
    check_surroundings(&rig.state(), &[&first]);
}

/// Address in the module, table and name of all that it makes for a solo Sovereign and can be
/// adopted by its id.
fn adoptable() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("hcloud_network.main", "networks", format!("{STEM}-net")),
        ("hcloud_firewall.main", "firewalls", format!("{STEM}-fw")),
        ("hcloud_ssh_key.main", "ssh_keys", STEM.to_owned()),
        ("hcloud_load_balancer.main", "load_balancers", format!("{STEM}-lb")),
        ("hcloud_server.control_plane[0]", "servers", format!("{STEM}-cp1")),
    ]
}

#[test]
fn an_apply_that_is_killed_is_repeated_after_adopting_what_its_state_forgot() {
    let rig = Rig::start(Settings { action_ms: 1500, ..quick() });
    let tofu = Tofu::new(&rig, json!({}));
    tofu.init();
    let child = tofu.apply_in_background();
    let until = Instant::now() + Duration::from_secs(30);
    // The creation of the load balancer was answered and is being waited for.
    while rig.names("load_balancers").is_empty() {
        assert!(Instant::now() < until, "the apply made nothing");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill(child);
    rig.rig("PUT", "settings", Some(json!({"action_ms": 40, "linger_ms": 100})));

    let known = text(&tofu.run(&["state", "list"]));
    let mut adopted = 0;
    for (address, table, name) in adoptable() {
        let state = rig.state();
        let mut rows = state[table].as_array().expect(table).iter();
        let Some(found) = rows.find(|row| row["name"] == name) else { continue };
        if !known.lines().any(|line| line == address) {
            tofu.well(&["import", address, &found["id"].to_string()]);
            adopted += 1;
        }
    }
    assert!(adopted > 0, "nothing was forgotten: the test is too easy\n{known}");
    let output = tofu.apply();
    assert!(output.status.success(), "{}", text(&output));
    tofu.has_nothing_to_do();
    let first = format!("{STEM}-cp1");
    let state = rig.state();
    check_server(&state, &first, "cx43", "control-plane", "10.0.1.2", None);
    check_surroundings(&state, &[&first]);
    tofu.destroy();
    assert!(rig.becomes_empty(), "{}", rig.state());
    tofu.kept_its_secrets();
}
