//! Two clients that nobody here wrote, against the stand-in API: the command line `hcloud` (Debian)
//! and the Python SDK (PyPI). What they accept is what the stand-in is believed for.

mod support;

use std::process::Command;

use hcloud_rig::api::Settings;
use serde_json::{Value, json};
use support::{Folder, KEY, Rig, TOKEN, repository, run, text};

const NO_CLI: &str = "Install it with: apt-get install hcloud-cli";
const NO_SDK: &str = "Install it with: scripts/setup test (Python package hcloud in .tools/venv)";

fn hcloud(rig: &Rig, arguments: &str) -> String {
    let mut command = Command::new("hcloud");
    let words = arguments.split(' ').map(|word| word.replace('~', " "));
    command.args(words).args(["--poll-interval", "20ms"]).env("HCLOUD_ENDPOINT", rig.endpoint());
    command.env("HCLOUD_TOKEN", TOKEN).env("HCLOUD_CONFIG", "/dev/null").env_remove("HCLOUD_CONTEXT");
    let output = run(&mut command, NO_CLI);
    assert!(output.status.success(), "hcloud {arguments}\n{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn described(rig: &Rig, arguments: &str) -> Value {
    serde_json::from_str(&hcloud(rig, &format!("{arguments} -o json"))).expect("JSON")
}

#[test]
fn the_command_line_client_makes_and_removes_a_whole_cluster() {
    let rig = Rig::start(Settings { action_ms: 30, linger_ms: 30, ..Settings::default() });
    let folder = Folder::new();
    let user_data = folder.path().join("user-data");
    std::fs::write(&user_data, "#cloud-config\n").expect("a file");

    hcloud(&rig, "network create --name net --ip-range 10.0.0.0/16 --label a=b");
    hcloud(&rig, "network add-subnet net --type cloud --network-zone eu-central --ip-range 10.0.1.0/24");
    hcloud(&rig, &format!("ssh-key create --name key --public-key {}", KEY.replace(' ', "~")));
    hcloud(&rig, "firewall create --name wall");
    hcloud(
        &rig,
        "firewall add-rule wall --direction in --protocol tcp --port 6443 --source-ips 0.0.0.0/0 --source-ips ::/0",
    );
    hcloud(&rig, "placement-group create --name group --type spread");
    hcloud(
        &rig,
        &format!(
            "server create --name one --type cx23 --image ubuntu-24.04 --location fsn1 --ssh-key key --network net --firewall wall --placement-group group --label role=worker --user-data-from-file {}",
            user_data.display()
        ),
    );
    hcloud(
        &rig,
        "server create --name two --type cx23 --image ubuntu-24.04 --location nbg1 --label role=edge",
    );
    hcloud(&rig, "server attach-to-network two --network net --ip 10.0.1.77");
    hcloud(&rig, "load-balancer create --name lb --type lb11 --location fsn1");
    hcloud(&rig, "load-balancer attach-to-network lb --network net");
    hcloud(&rig, "load-balancer add-service lb --protocol tcp --listen-port 80 --destination-port 31080");
    hcloud(&rig, "load-balancer add-target lb --server one --use-private-ip");

    let listed = hcloud(&rig, "server list -l role=edge -o noheader -o columns=name,status");
    assert_eq!(listed.split_whitespace().collect::<Vec<_>>(), ["two", "running"]);
    let one = described(&rig, "server describe one");
    assert_eq!(one["server_type"]["name"], "cx23");
    assert_eq!(one["placement_group"]["name"], "group");
    assert_eq!(one["private_net"][0]["ip"], "10.0.1.1");
    let wall = described(&rig, "firewall describe wall");
    assert_eq!(wall["rules"][0]["port"], "6443");
    assert_eq!(wall["applied_to"][0]["server"]["id"], one["id"]);
    let balancer = described(&rig, "load-balancer describe lb");
    assert_eq!(balancer["services"][0]["destination_port"], 31080);
    assert_eq!(balancer["services"][0]["health_check"]["interval"], 15);
    assert_eq!(balancer["targets"][0]["server"]["id"], one["id"]);
    assert_eq!(rig.state()["servers"][0]["asked"]["user_data"], "#cloud-config\n");
    assert_eq!(rig.state()["servers"][1]["private_net"][0]["ip"], "10.0.1.77");
    hcloud(&rig, "server poweroff two");
    hcloud(&rig, "server change-type two cx33");
    assert_eq!(described(&rig, "server describe two")["server_type"]["name"], "cx33");
    for kind in ["server-type", "load-balancer-type", "location", "image"] {
        assert!(!hcloud(&rig, &format!("{kind} list")).is_empty(), "{kind}");
    }

    for line in [
        "load-balancer delete lb",
        "server delete one",
        "server delete two",
        "network delete net",
        "ssh-key delete key",
        "placement-group delete group",
    ] {
        hcloud(&rig, line);
        // The deleted server still holds group and firewall for a moment.
        std::thread::sleep(std::time::Duration::from_millis(80));
    }
    hcloud(&rig, "firewall delete wall");
    assert!(rig.becomes_empty(), "{}", rig.state());
}

#[test]
fn the_python_client_finds_pages_errors_actions_and_limits_as_documented() {
    let rig = Rig::start(Settings { action_ms: 20, ..Settings::default() });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk.py");
    let mut command = Command::new(repository().join(".tools/venv/bin/python"));
    let output = run(command.arg(script).args([&rig.endpoint(), TOKEN, KEY]), NO_SDK);
    assert!(text(&output).trim_end().ends_with("ok"), "{NO_SDK} if it is missing.\n{}", text(&output));
    assert!(rig.answered(429) > 0);
}

/// Servers name their location since Hetzner took the datacenters away, and so must who reads them.
#[test]
fn no_answer_names_a_datacenter() {
    let rig = Rig::start(Settings::default());
    let server = json!({"name": "one", "server_type": "cx23", "image": "ubuntu-24.04", "location": "nbg1"});
    let (status, made) = rig.request("POST", "servers", Some(server));
    assert_eq!(status, 201);
    assert_eq!(made["server"]["location"]["name"], "nbg1");
    for path in ["servers", "server_types", "locations", &format!("servers/{}", made["server"]["id"])] {
        let (status, answer) = rig.request("GET", path, None);
        assert!(status == 200 && !answer.to_string().contains("datacenter"), "{path}: {answer}");
    }
    let (status, answer) = rig.request("GET", "datacenters", None);
    assert_eq!((status, &answer["error"]["code"]), (410, &json!("deprecated_api_endpoint")));
}

#[test]
fn a_deleted_object_persists_a_moment_and_holds_its_name() {
    let rig = Rig::start(Settings { linger_ms: 400, ..Settings::default() });
    let network = json!({"name": "net", "ip_range": "10.0.0.0/16"});
    let (status, made) = rig.request("POST", "networks", Some(network.clone()));
    assert_eq!(status, 201);
    let path = format!("networks/{}", made["network"]["id"]);
    assert_eq!(rig.request("DELETE", &path, None).0, 204);
    assert_eq!(rig.request("GET", &path, None).0, 200);
    assert_eq!(rig.request("POST", "networks", Some(network.clone())).1["error"]["code"], "uniqueness_error");
    assert!(rig.becomes_empty());
    assert_eq!(rig.request("GET", &path, None).1["error"]["code"], "not_found");
    assert_eq!(rig.request("POST", "networks", Some(network)).0, 201);
}

#[test]
fn a_fault_strikes_as_often_as_asked_and_may_only_lose_the_answer() {
    let rig = Rig::start(Settings::default());
    rig.rig("POST", "faults", Some(json!({"method": "POST", "path": "networks", "times": 2, "after": 1, "status": 502, "answer_lost": true})));
    let ask = |name: &str| {
        rig.request("POST", "networks", Some(json!({"name": name, "ip_range": "10.0.0.0/16"}))).0
    };
    assert_eq!([ask("a"), ask("b"), ask("c"), ask("d")], [201, 502, 502, 201]);
    assert_eq!(rig.names("networks"), ["a", "b", "c", "d"]);
}
