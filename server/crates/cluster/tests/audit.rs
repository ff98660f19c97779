//! The real template, rendered: clean as it is, and each fault is found when it is planted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use cluster::{Code, Finding, Fqdn, Lock, Topology, audit, exit, exit_code, render};

const SPIRE: &str = "data/bp-spire.yaml";

fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../infra")
}

fn lock() -> Lock {
    Lock::read(&infra().join("versions.yaml")).unwrap()
}

fn fqdn() -> Fqdn {
    "acme.omani.works".parse().unwrap()
}

/// A rendered tree of its own for each test; gone afterwards.
struct Tree(PathBuf);

impl Tree {
    fn render(topology: Topology) -> Self {
        let name = std::thread::current().name().unwrap_or("tree").replace("::", "-");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{topology}"));
        let _ = fs::remove_dir_all(&folder);
        render(&infra().join("clusters/_template"), &lock(), &fqdn(), topology, &folder).unwrap();
        Self(folder)
    }

    fn solo() -> Self {
        Self::render(Topology::Solo)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).unwrap();
    }

    /// Changes a file, and fails if there was nothing to change.
    fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} does not contain {from:?}");
        self.write(file, &text.replace(from, to));
    }

    fn list(&self, folder: &str, file: &str) {
        let listing = format!("{folder}/kustomization.yaml");
        self.write(&listing, &format!("{}  - {file}\n", self.read(&listing)));
    }

    fn audit(&self, server: &str) -> Vec<Finding> {
        audit(&self.0, server.parse().unwrap()).unwrap()
    }

    /// The one kind of fault that was planted is found, in this file, and nothing else is.
    fn finds(&self, code: Code, file: &str) -> Vec<Finding> {
        let findings = self.audit("cx43");
        assert!(!findings.is_empty(), "nothing was found");
        for finding in &findings {
            assert_eq!((finding.code, finding.file.as_str()), (code, file), "{finding}");
        }
        findings
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

#[test]
fn both_topologies_are_clean_on_the_default_server_type() {
    for topology in [Topology::Solo, Topology::Ha] {
        let findings = Tree::render(topology).audit(cluster::DEFAULT_SERVER_TYPE);
        assert!(findings.is_empty(), "{topology}: {findings:#?}");
        assert_eq!(exit_code(&findings), exit::OK);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (Tree::render(Topology::Ha), Tree::solo());
    let again = other.0.with_extension("again");
    let _ = fs::remove_dir_all(&again);
    render(&infra().join("clusters/_template"), &lock(), &fqdn(), Topology::Ha, &again).unwrap();
    for file in ["platform/helmchart-bp-gitea.yaml", "versions/configmap-versions.yaml", "sovereign.yaml"] {
        assert_eq!(one.read(file), fs::read_to_string(again.join(file)).unwrap(), "{file}");
    }
    assert!(one.read("platform/helmchart-bp-gitea.yaml").contains("values-ha.yaml"));
    assert!(other.read("platform/bp-gitea.yaml").contains("fqdn: acme.omani.works"));
    fs::remove_dir_all(again).unwrap();
}

#[test]
fn a_folder_that_holds_something_is_not_written_to() {
    let tree = Tree::solo();
    let again = render(&infra().join("clusters/_template"), &lock(), &fqdn(), Topology::Solo, &tree.0);
    assert!(again.unwrap_err().to_string().contains("is not empty"));
}

#[test]
fn a_bad_domain_is_refused() {
    let long = format!("{}.example.om", "a".repeat(60));
    for text in ["", "acme", "Acme.om", "1acme.om", "acme..om", "acme-.om", "a b.om", "a.om/../..", &long] {
        assert!(text.parse::<Fqdn>().is_err(), "{text:?}");
    }
}

#[test]
fn a_placeholder_without_a_value_stops_the_rendering() {
    let lock = Lock::parse("blueprints: {bp-cilium: {version: 1.0.0}}").unwrap();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-versions");
    let error = render(&infra().join("clusters/_template"), &lock, &fqdn(), Topology::Solo, &out);
    assert!(error.unwrap_err().to_string().contains("has no value and no default"));
    assert!(!out.exists(), "nothing was written");
}

#[test]
fn a_left_placeholder_is_found() {
    let tree = Tree::solo();
    tree.replace(SPIRE, "trustDomain: acme.omani.works", "trustDomain: ${SOVEREIGN_FQDN}");
    tree.finds(Code::Placeholder, SPIRE);
}

#[test]
fn a_missing_edge_is_found() {
    let tree = Tree::solo();
    let file = "data/bp-openbao.yaml";
    tree.replace(file, "    - name: bp-external-secrets\n", "");
    assert_eq!(exit_code(&tree.finds(Code::MissingEdge, file)), exit::FINDINGS);
}

#[test]
fn an_extra_edge_is_found() {
    let tree = Tree::solo();
    tree.replace(SPIRE, "    - name: bp-spire-crds\n", "    - name: bp-spire-crds\n    - name: bp-flux\n");
    tree.finds(Code::ExtraEdge, SPIRE);
}

#[test]
fn a_release_that_nobody_expects_is_found() {
    let tree = Tree::solo();
    tree.replace("expected-graph.yaml", "  bp-sealed-secrets: [bp-cert-manager]\n", "");
    tree.finds(Code::Unknown, "core/bp-sealed-secrets.yaml");
}

#[test]
fn an_expected_release_that_is_not_there_is_found() {
    let tree = Tree::solo();
    tree.replace("expected-graph.yaml", "releases:\n", "releases:\n  bp-nothing: []\n");
    tree.finds(Code::Absent, "expected-graph.yaml");
}

#[test]
fn a_cycle_is_found_and_has_an_exit_code_of_its_own() {
    let tree = Tree::solo();
    tree.replace("data/bp-nats-jetstream.yaml", "    - name: bp-spire\n", "    - name: bp-openbao\n");
    tree.replace("data/bp-openbao.yaml", "    - name: bp-spire\n", "    - name: bp-nats-jetstream\n");
    tree.replace("expected-graph.yaml", "bp-nats-jetstream: [bp-spire]", "bp-nats-jetstream: [bp-openbao]");
    tree.replace("expected-graph.yaml", "secrets, bp-spire]", "secrets, bp-nats-jetstream]");
    let findings = tree.finds(Code::Cycle, "data/bp-nats-jetstream.yaml");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].message.contains("bp-nats-jetstream → bp-openbao → bp-nats-jetstream"));
    assert_eq!(exit_code(&findings), exit::CYCLE);
}

#[test]
fn waiting_for_somebody_who_does_not_exist_is_found() {
    let tree = Tree::solo();
    tree.replace(SPIRE, "- name: bp-spire-crds\n", "- name: bp-vault\n");
    tree.replace("expected-graph.yaml", "bp-spire: [bp-spire-crds]", "bp-spire: [bp-vault]");
    tree.finds(Code::Dangling, SPIRE);
}

#[test]
fn waiting_for_a_later_tier_is_found() {
    let tree = Tree::solo();
    let file = "crds/bp-spire-crds.yaml";
    tree.replace(file, "  chartRef:\n", "  dependsOn:\n    - name: bp-cert-manager\n  chartRef:\n");
    tree.replace("expected-graph.yaml", "bp-spire-crds: []", "bp-spire-crds: [bp-cert-manager]");
    tree.finds(Code::TierOrder, file);
}

#[test]
fn a_provider_config_that_does_not_wait_for_its_provider_is_found() {
    let tree = Tree::solo();
    let file = "infrastructure/kustomization-crossplane-config.yaml";
    tree.replace(file, "  dependsOn:\n    - name: crossplane-provider\n", "");
    let expected = "crossplane-config: [crossplane-provider]";
    tree.replace("expected-graph.yaml", expected, "crossplane-config: []");
    let findings = tree.audit("cx43");
    let found: Vec<_> = findings.iter().map(|finding| (finding.code, finding.file.as_str())).collect();
    let both = ["default", "kubernetes"]
        .map(|name| format!("infrastructure/crossplane-config/providerconfig-{name}.yaml"));
    assert_eq!(found, both.each_ref().map(|file| (Code::ProviderOrder, file.as_str())));
}

#[test]
fn a_provider_that_is_ready_before_it_has_brought_its_kinds_is_found() {
    let file = "infrastructure/kustomization-crossplane-provider.yaml";
    let tree = Tree::solo();
    let text = tree.read(file);
    let (unwatched, _) = text.split_once("  healthChecks:").unwrap();
    tree.write(file, unwatched);
    assert_eq!(tree.finds(Code::ProviderOrder, file).len(), 2);
    // Ready is what a Provider never says, so nobody would wait for it.
    tree.write(file, &format!("{unwatched}  wait: true\n"));
    tree.finds(Code::ProviderOrder, file);
    let tree = Tree::solo();
    tree.replace(file, "name: providerconfigs.hetzner.", "name: servers.hetzner.");
    let findings = tree.finds(Code::ProviderOrder, file);
    assert!(findings[0].message.contains("providerconfigs.hetzner.crossplane.io"), "{}", findings[0]);
}

#[test]
fn a_health_check_of_what_is_not_there_is_found() {
    let file = "infrastructure/kustomization-crossplane.yaml";
    for (from, to) in [
        ("name: bp-crossplane\n", "name: bp-crossplan\n"),
        ("      namespace: flux-system\n", "      namespace: crossplane-system\n"),
        (
            "    - apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease",
            "    - apiVersion: kustomize.toolkit.fluxcd.io/v1\n      kind: Kustomization",
        ),
    ] {
        let tree = Tree::solo();
        tree.replace(file, from, to);
        tree.finds(Code::Dangling, file);
    }
}

#[test]
fn a_source_that_is_not_there_is_found() {
    for (file, from, to) in [
        ("infrastructure/kustomization-crossplane.yaml", "name: openova\n", "name: opennova\n"),
        ("apps/kustomization-organizations.yaml", "    name: organizations\n", "    name: organisations\n"),
        ("data/helmchart-bp-spire.yaml", "name: blueprints\n", "name: blueprint\n"),
        ("data/helmchart-bp-spire.yaml", "kind: HelmRepository\n", "kind: GitRepository\n"),
    ] {
        let tree = Tree::solo();
        tree.replace(file, from, to);
        tree.finds(Code::Source, file);
    }
    let tree = Tree::solo();
    let inline = "chart:\n    spec:\n      chart: bp-spire\n      sourceRef:\n        kind: HelmRepository\n        name: charts\n";
    tree.replace(SPIRE, "chartRef:\n    kind: HelmChart\n    name: bp-spire\n", inline);
    let findings = tree.finds(Code::Source, SPIRE);
    assert_eq!(findings.len(), 2, "unsigned, and from nowhere: {findings:#?}");
}

#[test]
fn a_field_that_the_locked_flux_does_not_know_is_found() {
    let tree = Tree::solo();
    tree.replace(SPIRE, "  install:\n", "  install:\n    disableTakeOwnership: true\n");
    let findings = tree.finds(Code::Schema, SPIRE);
    assert!(findings[0].message.contains("disableTakeOwnership"), "{}", findings[0]);
}

#[test]
fn a_wrong_type_and_an_unknown_kind_are_found() {
    let tree = Tree::solo();
    tree.replace(SPIRE, "      retries: 3", "      retries: many");
    tree.finds(Code::Schema, SPIRE);
    let tree = Tree::solo();
    tree.replace("apps/role-organizations.yaml", "kind: Role\n", "kind: Roll\n");
    tree.finds(Code::Schema, "apps/role-organizations.yaml");
}

#[test]
fn a_namespace_declared_twice_is_found() {
    let tree = Tree::solo();
    let second = "platform/namespace-again.yaml";
    tree.write(second, &tree.read("data/namespace-openbao.yaml"));
    tree.list("platform", "namespace-again.yaml");
    tree.finds(Code::NamespaceTwice, second);
}

#[test]
fn a_namespace_that_every_cluster_has_is_found() {
    let tree = Tree::solo();
    let file = "core/namespace-kube-system.yaml";
    tree.write(file, &tree.read("data/namespace-openbao.yaml").replace("openbao", "kube-system"));
    tree.list("core", "namespace-kube-system.yaml");
    tree.finds(Code::NamespaceBuiltIn, file);
}

#[test]
fn a_namespace_that_nobody_declares_is_found() {
    let tree = Tree::solo();
    tree.replace("data/bp-openbao.yaml", "targetNamespace: openbao", "targetNamespace: vault");
    tree.finds(Code::NamespaceUndeclared, "data/bp-openbao.yaml");
}

#[test]
fn a_namespace_that_could_be_pruned_is_found() {
    let tree = Tree::solo();
    let file = "data/namespace-openbao.yaml";
    tree.replace(file, "prune: disabled", "prune: enabled");
    tree.finds(Code::NamespacePrune, file);
}

#[test]
fn a_release_that_does_not_wait_has_to_say_why() {
    let tree = Tree::solo();
    tree.replace(SPIRE, "  install:\n", "  install:\n    disableWait: true\n");
    tree.finds(Code::WaitReason, SPIRE);
    let reason = "  annotations:\n    catalyst.openova.io/no-wait-reason: because\nspec:\n";
    tree.replace(SPIRE, "spec:\n  interval", &format!("{reason}  interval"));
    assert!(tree.audit("cx43").is_empty());
}

#[test]
fn a_range_of_versions_and_a_doubled_chart_name_are_found() {
    let tree = Tree::solo();
    let file = "data/helmchart-bp-spire.yaml";
    tree.replace(file, "version: ", "version: ^");
    tree.finds(Code::Source, file);
    let tree = Tree::solo();
    let file = "crds/helmrepository-blueprints.yaml";
    tree.replace(file, "oci://ghcr.io/openova-io", "oci://ghcr.io/openova-io/bp-cilium");
    tree.finds(Code::Source, file);
}

#[test]
fn a_chart_that_anybody_may_have_signed_or_that_is_not_there_is_found() {
    let tree = Tree::solo();
    let file = "data/helmchart-bp-spire.yaml";
    let text = tree.read(file);
    let (unsigned, _) = text.split_once("    matchOIDCIdentity:").unwrap();
    tree.write(file, unsigned);
    tree.finds(Code::Source, file);
    let tree = Tree::solo();
    tree.replace(SPIRE, "kind: HelmChart\n    name: bp-spire", "kind: HelmChart\n    name: bp-spira");
    tree.finds(Code::Source, SPIRE);
}

#[test]
fn a_duplicate_object_is_found() {
    let tree = Tree::solo();
    let file = "data/helmchart-again.yaml";
    tree.write(file, &tree.read("data/helmchart-bp-spire.yaml"));
    tree.list("data", "helmchart-again.yaml");
    tree.finds(Code::Duplicate, "data/helmchart-bp-spire.yaml");
}

#[test]
fn an_unlisted_file_and_a_listed_one_that_is_gone_are_found() {
    let tree = Tree::solo();
    tree.replace("data/kustomization.yaml", "  - namespace-openbao.yaml\n", "");
    tree.finds(Code::Orphan, "data/namespace-openbao.yaml");
    let tree = Tree::solo();
    tree.list("data", "bp-nothing.yaml");
    tree.finds(Code::MissingFile, "data/kustomization.yaml");
}

#[test]
fn what_is_not_yaml_or_several_objects_is_found() {
    let tree = Tree::solo();
    let file = "apps/role-organizations.yaml";
    tree.write(file, "kind: [Role\n");
    tree.finds(Code::Yaml, file);
    tree.write(file, "kind: Role\nkind: Role\n");
    tree.finds(Code::Yaml, file);
    let tree = Tree::solo();
    let account = tree.read("apps/serviceaccount-organizations.yaml");
    let again = account.replace("name: organizations", "name: others");
    tree.write("apps/serviceaccount-organizations.yaml", &format!("{account}---\n{again}"));
    tree.finds(Code::OneObject, "apps/serviceaccount-organizations.yaml");
}

#[test]
fn servers_that_are_too_small_are_found() {
    for topology in [Topology::Solo, Topology::Ha] {
        let findings = Tree::render(topology).audit("cx23");
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!(findings[0].code, Code::Memory);
    }
    assert!("cx99".parse::<cluster::ServerType>().is_err());
}

#[test]
fn a_release_whose_memory_nobody_knows_is_found() {
    let tree = Tree::solo();
    tree.replace("memory.yaml", "  bp-cnpg: { once: 64, replica: 64 }\n", "");
    tree.finds(Code::Memory, "data/bp-cnpg.yaml");
}

#[test]
fn a_folder_without_a_tree_cannot_be_audited() {
    let error = audit(Path::new(env!("CARGO_MANIFEST_DIR")), "cx43".parse().unwrap()).unwrap_err();
    assert!(error.to_string().contains("none of the tree's folders"));
}
