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
    assert_eq!(server["datacenter"]["location"]["name"], "fsn1");
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

/// Network, firewall, key, load balancer: the same for every Sovereign.
fn check_surroundings(state: &Value, control_planes: &[&str]) {
    let network = row(state, "networks", &format!("{STEM}-net"));
    assert_eq!(network["ip_range"], "10.0.0.0/16");
    assert_eq!(network["subnets"][0]["ip_range"], "10.0.1.0/24");
    assert_eq!(network["subnets"][0]["network_zone"], "eu-central");
    assert_eq!(names(state, "ssh_keys"), set(&[STEM]));

    let wall = row(state, "firewalls", &format!("{STEM}-fw"));
    let rules = wall["rules"].as_array().expect("rules");
    let open: BTreeSet<(String, String)> = rules
        .iter()
        .map(|rule| {
            assert_eq!(rule["direction"], "in");
            let sources: BTreeSet<_> =
                rule["source_ips"].as_array().expect("ips").iter().map(Value::to_string).collect();
            assert_eq!(sources, set(&["\"0.0.0.0/0\"", "\"::/0\""]));
            (
                rule["protocol"].as_str().expect("text").to_owned(),
                rule["port"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let expected = [("tcp", "80"), ("tcp", "443"), ("tcp", "6443"), ("icmp", "")];
    assert_eq!(open, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());

    let balancer = row(state, "load_balancers", &format!("{STEM}-lb"));
    assert_eq!(balancer["load_balancer_type"]["name"], "lb11");
    assert_eq!(balancer["private_net"][0]["network"], network["id"]);
    assert_eq!(balancer["private_net"][0]["ip"], "10.0.1.5");
    let services: BTreeSet<(u64, u64)> = balancer["services"]
        .as_array()
        .expect("services")
        .iter()
        .map(|service| {
            assert_eq!(service["protocol"], "tcp");
            assert_eq!(service["health_check"]["port"], service["destination_port"]);
            let port = |field: &str| service[field].as_u64().expect("a port");
            (port("listen_port"), port("destination_port"))
        })
        .collect();
    assert_eq!(services, [(80, 31080), (443, 31443), (6443, 6443)].into());
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

    // Everything that can carry labels carries the Sovereign's.
    for (table, rows) in state.as_object().expect("tables") {
        for one in rows.as_array().expect("rows") {
            assert_eq!(one["labels"][SOVEREIGN], "acme.example.org", "{table} {}", one["name"]);
        }
    }
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
    tofu.init();
    tofu.well(&["validate"]);
    tofu.well(&["plan", "-out", "the.plan"]);
    tofu.well(&["show", "the.plan"]);
    tofu.well(&["apply", "the.plan"]);
    tofu.has_nothing_to_do();

    let state = rig.state();
    let first = format!("{STEM}-cp1");
    assert_eq!(names(&state, "servers"), set(&[&first]));
    assert_eq!(names(&state, "placement_groups"), set(&[]));
    check_server(&state, &first, "cx42", "control-plane", "10.0.1.2", None);
    check_surroundings(&state, &[&first]);
    let token = check_user_data(&state, &[&first], &[]);

    let outputs = tofu.outputs();
    let address = |table: &str| state[table][0]["public_net"]["ipv4"]["ip"].clone();
    assert_eq!(outputs["control_plane_ip"]["value"], address("servers"));
    assert_eq!(outputs["load_balancer_ip"]["value"], address("load_balancers"));
    assert_eq!(outputs["sovereign_fqdn"]["value"], "acme.example.org");
    assert_eq!(outputs["console_url"]["value"], "https://console.acme.example.org");

    tofu.destroy();
    tofu.kept(&token);
    assert!(rig.becomes_empty(), "{}", rig.state());
    tofu.kept_its_secrets();
}

#[test]
fn three_control_planes_and_their_workers_come_up_as_asked_and_go_without_a_trace() {
    let rig = Rig::start(quick());
    let variables = json!({
        "ha_enabled": true, "worker_count": 11, "worker_size": "cx32", "control_plane_size": "cpx41",
    });
    let tofu = Tofu::new(&rig, variables);
    tofu.init();
    let output = tofu.apply();
    assert!(output.status.success(), "{}", text(&output));
    tofu.has_nothing_to_do();

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
        check_server(&state, name, "cpx41", "control-plane", ip, Some(&format!("{STEM}-cp")));
    }
    // A placement group takes ten: the eleventh worker is in the second.
    for (index, name) in workers.iter().enumerate() {
        let group = format!("{STEM}-w{}", index / 10 + 1);
        check_server(&state, name, "cx32", "worker", &format!("10.0.1.{}", 10 + index), Some(&group));
    }
    check_surroundings(&state, &planes);
    let token = check_user_data(&state, &planes, &workers);

    tofu.destroy();
    tofu.kept(&token);
    assert!(rig.becomes_empty(), "{}", rig.state());
    tofu.kept_its_secrets();
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
    let tofu = Tofu::new(&rig, json!({}));
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
    check_server(&state, &first, "cx42", "control-plane", "10.0.1.2", None);
    check_surroundings(&state, &[&first]);
    tofu.destroy();
    assert!(rig.becomes_empty(), "{}", rig.state());
    tofu.kept_its_secrets();
}
