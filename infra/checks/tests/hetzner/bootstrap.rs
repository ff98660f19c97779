//! The bootstraps, really run on a stage: order, repetition, failure and what is left behind.

use infra_checks::sovereign::{API_IP, BEARER, GHCR_TOKEN, HCLOUD_TOKEN, Node, Sovereign};

use crate::birth::ALL;
use crate::stage::{COPIES, Stage};

fn sovereign(reports: bool) -> &'static Sovereign {
    ALL.iter()
        .find(|s| {
            let switches = s.switches;
            switches.ha && switches.workers && switches.token && switches.reports == reports
        })
        .expect("one with everything")
}

fn first() -> &'static Node {
    &sovereign(true).control_planes[0]
}

const MARKER: &str = "var/lib/catalyst/cloud-init-complete";
const REBOOT: &str = "etc/apt/apt.conf.d/53catalyst-reboot";
const PUT: &str = "--request PUT";
const POST: &str = "--request POST";

#[test]
fn the_first_control_plane_goes_from_nothing_to_flux_in_this_order() {
    let stage = Stage::set("order", first());
    let run = stage.run();
    assert!(run.worked, "{}", run.log);
    let order = [
        "apt-get -o DPkg::Lock::Timeout=300 install",
        "swapoff",
        "systemctl try-reload-or-restart ssh",
        "systemctl enable --now fail2ban",
        "systemctl enable --now unattended-upgrades",
        "ip -4",
        "helm-v",
        "gateway.networking.k8s.io_tlsroutes.yaml",
        "/flux2/",
        "cilium-",
        "systemctl enable k3s",
        "systemctl restart --no-block k3s",
        "systemctl is-active --quiet k3s",
        "kubectl get --raw /healthz",
        "kubectl get storageclass local-path",
        "annotate storageclass local-path --overwrite storageclass.kubernetes.io/is-default-class=true",
        "jsonpath",
        "-f /var/lib/catalyst/cache/gateway-api-",
        "helm upgrade --install cilium /var/lib/catalyst/cache/cilium.tgz --namespace kube-system",
        "rollout status daemonset/cilium",
        "-f /etc/catalyst/metadata-policy.yaml",
        "-f /var/lib/catalyst/cache/flux.yaml",
        "label --overwrite -f /var/lib/catalyst/cache/flux.yaml app.kubernetes.io/managed-by=Helm",
        "meta.helm.sh/release-name=flux meta.helm.sh/release-namespace=flux-system",
        "--namespace flux-system wait --for=condition=Available",
        "-f /etc/catalyst/namespaces.yaml",
        "-f /etc/catalyst/secrets.yaml",
        "-f /etc/catalyst/flux-objects.yaml",
        PUT,
    ];
    for pair in order.windows(2) {
        assert!(run.at(pair[0]) < run.at(pair[1]), "{pair:?}\n{:#?}", run.calls);
    }
    assert_eq!(run.count("cache/gateway-api-"), 6 + 6, "each fetched and applied once");
    assert!(stage.exists(MARKER));
    let reboot = first().text("/etc/catalyst/reboot.conf");
    assert_eq!(stage.text(&format!("root/{REBOOT}")), reboot);
}

#[test]
fn the_kubeconfig_is_returned_once_with_the_public_address_and_the_bearer_in_no_argument() {
    let stage = Stage::set("kubeconfig", first());
    let run = stage.run();
    assert_eq!(run.count(PUT), 1, "{}", run.log);
    assert_eq!(stage.text("sent-kubeconfig"), format!("server: https://{API_IP}:6443\n"));
    assert_eq!(stage.text("headers"), format!("Authorization: Bearer {BEARER}\n"));
    let address = "/sovereign/api/v1/deployments/0123456789abcdef/kubeconfig";
    assert!(run.calls[run.at(PUT)].ends_with(address));
    assert!(run.calls[run.at(PUT)].contains("--proto =https "), "never in plain text");
    assert!(run.calls.iter().all(|call| !call.contains(BEARER)));
}

#[test]
fn after_success_no_secret_but_k3s_own_is_left_on_the_disk() {
    let stage = Stage::set("cleanup", first());
    assert!(stage.run().worked);
    let token = &sovereign(true).token;
    for path in infra_checks::repository::files(&stage.root()) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        for secret in [HCLOUD_TOKEN, GHCR_TOKEN, BEARER] {
            assert!(!text.contains(secret), "{}", path.display());
        }
        let its_own = path.ends_with("etc/rancher/k3s/token");
        assert_eq!(text.contains(token.as_str()), its_own, "{}", path.display());
    }
    for path in COPIES {
        assert!(!stage.exists(path), "{path}");
    }
    assert!(stage.exists("etc/cloud/cloud-init.disabled"));
    assert!(!stage.text("root/etc/fstab").contains("swap"));
}

#[test]
fn a_node_that_could_not_clean_up_is_not_done() {
    let stage = Stage::set("unclean", first());
    let cloud = stage.root().join("etc/cloud");
    std::fs::remove_dir_all(&cloud).expect("a folder");
    assert!(!stage.run().worked && !stage.exists(MARKER));
    std::fs::create_dir(&cloud).expect("a folder");
    assert!(stage.run().worked && stage.exists(MARKER));
}

#[test]
fn run_again_after_success_it_does_nothing() {
    let stage = Stage::set("again", first());
    assert!(stage.run().worked);
    let again = stage.run();
    assert!(again.worked && again.calls.is_empty(), "{:?}", again.calls);
}

#[test]
fn a_failed_step_is_reported_without_secrets_and_leaves_no_marker() {
    let stage = Stage::set("failure", first());
    stage.fail("helm", 3);
    stage.fail("curl-failure", 2);
    let run = stage.run();
    assert!(!run.worked);
    assert!(!stage.exists(MARKER) && !stage.exists(REBOOT));
    assert_eq!(run.count("helm upgrade"), 3, "it was tried again");
    assert_eq!(run.count("cache/flux.yaml --"), 0);
    assert_eq!(run.count("-f /var/lib/catalyst/cache/flux.yaml"), 0, "what follows is not tried");
    assert_eq!(run.count(PUT), 0, "no kubeconfig of a cluster that is not there");
    assert_eq!(run.count(POST), 3, "a report that does not get through is repeated");
    assert!(run.calls[run.at(POST)].contains("--proto =https "));

    let sent: serde_json::Value = serde_json::from_str(&stage.text("sent-failure")).expect("valid JSON");
    assert_eq!(sent["step"], "cilium");
    assert_eq!(sent["node"], "first-10.0.1.2");
    assert_eq!(sent["exitCode"], 1);
    let log = sent["log"].as_str().expect("a log");
    assert!(log.contains("a bad values file") && log.lines().count() <= 41, "{log}");
    let token = sovereign(true).token.as_str();
    for secret in [HCLOUD_TOKEN, GHCR_TOKEN, BEARER, token, "verysecret"] {
        assert!(!log.contains(secret), "{secret}\n{log}");
    }
}

#[test]
fn after_a_failure_it_can_be_started_over_and_fetches_nothing_twice() {
    let stage = Stage::set("resume", first());
    stage.fail("helm", 3);
    assert!(!stage.run().worked);
    let second = stage.run();
    assert!(second.worked, "{}", second.log);
    assert_eq!(second.count("--output"), second.count("--request "), "no download again");
    assert!(stage.exists(MARKER));
}

/// By then bp-cilium and bp-flux may have taken over what was installed here.
#[test]
fn started_over_for_the_kubeconfig_alone_it_touches_nothing_that_works() {
    let stage = Stage::set("rerun", first());
    stage.fail("curl-kubeconfig", 60);
    let run = stage.run();
    assert!(!run.worked && run.count("helm upgrade") == 1, "{}", run.log);
    assert!(stage.text("sent-failure").contains("\"step\":\"kubeconfig\""));
    let again = stage.run();
    assert!(again.worked && stage.exists(MARKER), "{}", again.log);
    assert_eq!(again.count(PUT), 1);
    for done in ["helm", "systemctl restart", "kubectl", "apt-get"] {
        assert_eq!(again.count(done), 0, "{:#?}", again.calls);
    }
}

#[test]
fn a_start_that_hangs_is_given_up_and_reported() {
    for (name, node) in [("hang", first()), ("hang-worker", &sovereign(true).workers[0])] {
        let stage = Stage::set(name, node);
        stage.fail("start-hangs", 1000);
        let run = stage.run();
        assert!(!run.worked && !stage.exists(MARKER), "{:#?}", run.calls);
        assert!(stage.text("sent-failure").contains("\"step\":\"k3s-start\""));
        assert_eq!(run.count("kubectl"), 0);
    }
}

#[test]
fn a_file_with_another_checksum_never_runs() {
    for (start, file, step) in [
        ("k3s", "k3s", "k3s-download"),
        ("helm-", "helm.tar.gz", "downloads"),
        ("cilium-", "cilium.tgz", "downloads"),
        ("install.yaml", "flux.yaml", "downloads"),
    ] {
        let stage = Stage::set("tampered", first());
        stage.tamper(start);
        let run = stage.run();
        assert!(!run.worked);
        assert_eq!(run.count("systemctl restart"), 0);
        assert!(!stage.exists("usr/local/bin/k3s"));
        assert!(!stage.exists(&format!("var/lib/catalyst/cache/{file}")));
        let sent = stage.text("sent-failure");
        assert!(sent.contains(step) && sent.contains("another checksum than expected"), "{start}: {sent}");
    }
}

#[test]
fn a_network_that_comes_and_goes_is_waited_for() {
    let stage = Stage::set("flaky", first());
    stage.fail("curl-install.yaml", 4);
    stage.fail("k3s-get", 3);
    stage.fail("ip", 3);
    stage.fail("curl-kubeconfig", 2);
    let run = stage.run();
    assert!(run.worked, "{}", run.log);
    assert_eq!(run.count("/install.yaml"), 5);
    assert_eq!(run.count("ip -4"), 4);
}

#[test]
fn whatever_is_asked_of_others_may_fail_once() {
    for (name, node) in [("stumble", first()), ("stumble-worker", &sovereign(true).workers[0])] {
        let stage = Stage::set(name, node);
        stage.stumble();
        let run = stage.run();
        assert!(run.worked && stage.exists(MARKER), "{}", run.log);
    }
}

#[test]
fn an_arm64_processor_gets_the_program_that_is_made_for_it() {
    let stage = Stage::set("arm64", &sovereign(true).workers[0]);
    stage.processor("aarch64");
    let run = stage.run();
    assert!(run.worked && run.calls.iter().any(|call| call.ends_with("/k3s-arm64")), "{:#?}", run.calls);
}

#[test]
fn a_kubeconfig_whose_answer_was_lost_counts_as_delivered_and_a_refused_one_does_not() {
    let stage = Stage::set("lost", first());
    stage.fail("lost-kubeconfig", 1);
    stage.answer("kubeconfig", 403);
    let run = stage.run();
    assert!(run.worked && run.count(PUT) == 2, "{}", run.log);

    let stage = Stage::set("lost-for-good", first());
    stage.fail("lost-kubeconfig", 60);
    stage.answer("kubeconfig", 403);
    assert!(!stage.run().worked);
    let again = stage.run();
    assert!(again.worked && again.count(PUT) == 1, "{}", again.log);

    let stage = Stage::set("refused", first());
    stage.answer("kubeconfig", 403);
    let run = stage.run();
    assert!(!run.worked);
    assert!(!stage.exists(MARKER));
    assert!(stage.text("sent-failure").contains("\"step\":\"kubeconfig\""));
    let left = ["var/lib/catalyst/kubeconfig", "var/lib/catalyst/bootstrap.log", "etc/catalyst/api-header"];
    assert_eq!(left.map(|path| stage.mode(path)), [0o600; 3]);
}

#[test]
fn without_a_server_to_report_to_it_works_all_the_same() {
    let stage = Stage::set("silent", &sovereign(false).control_planes[0]);
    let run = stage.run();
    assert!(run.worked, "{}", run.log);
    assert_eq!(run.count("--request "), 0);
}

#[test]
fn further_control_planes_and_workers_only_join() {
    for (name, node, service) in [
        ("join", &sovereign(true).control_planes[1], "k3s"),
        ("worker", &sovereign(true).workers[0], "k3s-agent"),
    ] {
        let stage = Stage::set(name, node);
        stage.fail("curl-ping", 5);
        stage.fail("ip", 2);
        let run = stage.run();
        assert!(run.worked, "{}", run.log);
        assert_eq!(run.count("ip -4"), 3, "it waits for its own address");
        assert_eq!(run.count("https://10.0.1.2:6443/ping"), 6, "it waits for the first");
        assert!(run.at("/ping") < run.at(&format!("systemctl restart --no-block {service}")));
        assert_eq!(run.count("kubectl") + run.count("helm") + run.count("--request "), 0);
        assert!(stage.exists(MARKER));
    }
}

#[test]
fn a_node_that_cannot_join_says_so() {
    let stage = Stage::set("lonely", &sovereign(true).workers[0]);
    stage.fail("curl-ping", 1000);
    let run = stage.run();
    assert!(!run.worked && !stage.exists(MARKER));
    assert!(stage.text("sent-failure").contains("first-control-plane"));
    assert!(stage.text("sent-failure").contains("worker-10.0.1.10"));
}
