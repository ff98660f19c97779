//! The scripts of the charts: clean by shellcheck, and OpenBao's decision about its first start.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use crate::{book, render};

#[test]
fn scripts_are_clean() {
    let charts = book::charts();
    let output = Command::new("shellcheck")
        .current_dir(book::root())
        .arg("--external-sources")
        .args(["guard", "prepare", "bp-openbao/files/init.sh"].map(|name| charts.join(name)))
        .output()
        .expect("shellcheck is missing. Install it with: apt-get install shellcheck");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
}

/// What the server of this name is told at its start, when the others answer with `neighbour`.
fn first_start(name: &str, neighbour: &str) -> String {
    let folder = render::scratch("openbao").join(format!("{name}-{}", neighbour.len()));
    let (bin, target) = (folder.join("bin"), folder.join("target"));
    fs::create_dir_all(&bin).expect("made");
    fs::create_dir_all(&target).expect("made");
    program(&bin, "hostname", &format!("echo {name}"));
    let answer = if neighbour.is_empty() { "exit 1".to_owned() } else { format!("echo '{neighbour}'") };
    program(&bin, "wget", &answer);
    let setup = book::charts().join("bp-openbao/files");
    let output = Command::new("sh")
        .arg(setup.join("init.sh"))
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("TARGET", &target)
        .env("SETUP", &setup)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(target.join("start.hcl")).expect("written")
}

#[test]
fn only_the_first_server_sets_openbao_up() {
    assert!(first_start("openbao-0", "").contains("initialize \"identity\""));
    assert!(!first_start("openbao-1", "").contains("initialize"));
    assert!(!first_start("openbao-2", "").contains("initialize"));
}

#[test]
fn a_first_server_with_an_empty_disk_joins_those_that_know_openbao() {
    assert!(!first_start("openbao-0", "{\"initialized\":true}").contains("initialize \""));
    assert!(first_start("openbao-0", "{\"initialized\":false}").contains("initialize \"identity\""));
}

#[test]
fn openbaos_role_and_the_store_that_uses_it_agree() {
    let init = book::text(&book::charts().join("bp-openbao/files/init.hcl"));
    let store = book::yaml(&book::charts().join("bp-external-secrets-stores/values.yaml"));
    let text = |path: &str| book::string(&store, &format!("store.{path}"));
    assert!(init.contains(&format!("auth/{}/role/{}\"", text("mountPath"), text("role"))));
    assert!(init.contains(&format!("sys/mounts/{}\"", text("path"))));
    assert!(init.contains(&format!("= [\"{}\"]", text("serviceAccount.name"))));
    assert!(init.contains(&format!("= [\"{}\"]", text("serviceAccount.namespace"))));
    let operator = book::yaml(&book::charts().join("bp-external-secrets/values.yaml"));
    assert_eq!(book::string(&operator, "external-secrets.serviceAccount.name"), text("serviceAccount.name"));
    assert_eq!(init.matches('{').count(), init.matches('}').count());
    let (stored, admin) = init.split_once("sys/policies/acl/sovereign-admin").expect("two policies");
    assert!(!stored.contains("path \"*\""), "the store reads secrets and nothing else");
    assert!(admin.contains("bound_service_account_names      = [\"openbao-admin\"]"));
}

#[test]
fn openbao_opens_itself_with_the_key_that_is_made() {
    let values = book::yaml(&book::charts().join("bp-openbao/values.yaml"));
    let config = book::string(&values, "openbao.server.ha.raft.config");
    let (_, seal) = config.split_once("seal \"static\"").expect("a seal");
    let server = &values["openbao"]["server"];
    let mount =
        server["volumeMounts"].as_sequence().expect("mounts").iter().find(|one| one["name"] == "seal");
    let folder = book::string(mount.expect("a mount"), "mountPath");
    assert!(seal.contains(&format!("\"file://{folder}/key\"")), "{seal}");
    let template = book::text(&book::charts().join("bp-openbao/templates/seal-key.yaml"));
    assert!(template.contains("\n  length: 32\n"), "AES-256 takes 32 bytes");
}
