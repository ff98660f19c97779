//! What Flux applies for Organizations it applies as their account, which may do little.

use serde_yaml_ng::Value;

use crate::{
    book::{self, string},
    policies::{refused_by, with},
};

fn apps(file: &str) -> Value {
    book::yaml(&book::root().join("infra/clusters/_template/apps").join(file))
}

const ACCOUNT: &[&str] = &["spec", "serviceAccountName"];
const RULE: [&str; 1] = ["with-the-account-of-organizations"];

#[test]
fn what_organizations_have_applied_names_their_account() {
    let ours = apps("kustomization-organizations.yaml");
    let account = apps("serviceaccount-organizations.yaml");
    assert_eq!(string(&ours, "spec.serviceAccountName"), string(&account, "metadata.name"));
    assert_eq!(string(&ours, "metadata.namespace"), string(&account, "metadata.namespace"));
    assert_eq!(string(&ours, "spec.targetNamespace"), string(&account, "metadata.namespace"));
    // One Application that does not come up holds no other back.
    assert!(!ours["spec"]["wait"].as_bool().unwrap_or(false));
    assert_eq!(refused_by(&ours), [""; 0]);
    for other in ["", "''", "default", "kustomize-controller"] {
        assert_eq!(refused_by(&with(ours.clone(), ACCOUNT, other)), RULE, "{other:?}");
    }
    // The platform's own are applied by Flux itself.
    let platform = with(with(ours, ACCOUNT, ""), &["metadata", "namespace"], "flux-system");
    assert_eq!(refused_by(&platform), [""; 0]);
}

#[test]
fn a_release_among_them_names_their_account_too() {
    let release = book::yaml(&book::root().join("infra/clusters/_template/data/bp-spire.yaml"));
    assert_eq!(refused_by(&release), [""; 0]);
    let among = with(release, &["metadata", "namespace"], "catalyst-organizations");
    assert_eq!(refused_by(&among), RULE);
    assert_eq!(refused_by(&with(among, ACCOUNT, "organizations")), [""; 0]);
}

#[test]
fn their_account_may_write_nothing_but_sources_and_kustomizations_of_its_own_namespace() {
    let role = apps("role-organizations.yaml");
    assert_eq!(string(&role, "kind"), "Role");
    let may: Vec<String> = role["rules"]
        .as_sequence()
        .expect("rules")
        .iter()
        .map(|rule| {
            let [group] = &rule["apiGroups"].as_sequence().expect("groups")[..] else { panic!("{rule:?}") };
            let [resource] = &rule["resources"].as_sequence().expect("resources")[..] else {
                panic!("{rule:?}")
            };
            format!("{}/{}", group.as_str().expect("a group"), resource.as_str().expect("a name"))
        })
        .collect();
    let wanted = ["source.toolkit.fluxcd.io/gitrepositories", "kustomize.toolkit.fluxcd.io/kustomizations"];
    assert_eq!(may, wanted);
    let binding = apps("rolebinding-organizations.yaml");
    assert_eq!(
        (string(&binding, "kind"), string(&binding, "roleRef.kind")),
        ("RoleBinding".into(), "Role".into())
    );
    let account = apps("serviceaccount-organizations.yaml");
    assert_eq!(binding["subjects"][0]["name"], account["metadata"]["name"]);
}
