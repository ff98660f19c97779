//! Crossplane's definitions and compositions. The compositions' templates are rendered by Helm's engine, which
//! has the functions of function-go-templating that they use; `.observed` is given as values.

use std::{
    collections::BTreeSet,
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_yaml_ng::Value;

use crate::{
    book::{self, at, string},
    render,
};

pub fn folder() -> std::path::PathBuf {
    book::charts().join("bp-crossplane-claims")
}

pub fn definitions() -> Value {
    book::yaml(&folder().join("files/definitions.yaml"))
}

fn rendered() -> Vec<Value> {
    let all =
        render::all().iter().find(|one| one.chart == "bp-crossplane-claims" && one.variant == "default");
    all.expect("rendered").objects.clone()
}

/// What the composition of this kind makes of a claim.
fn composed(kind: &str, spec: &str) -> Vec<Value> {
    composed_from(
        kind,
        &format!(
            "observed: {{composite: {{resource: {{metadata: {{name: demo, uid: 1f2e3d4c}}, spec: {spec}}}}}}}"
        ),
    )
}

fn composed_from(kind: &str, values: &str) -> Vec<Value> {
    let template = book::text(&folder().join(format!("files/compositions/{kind}.gotmpl")))
        .replace(".observed", ".Values.observed")
        .replace("@provider@", "default")
        .replace("@kubernetes@", "default");
    // Of its own each time: several tests compose the same claims.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let chart = render::scratch("compositions").join(format!("{kind}-{number}"));
    fs::create_dir_all(chart.join("templates")).expect("made");
    fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: composed\nversion: 1.0.0\n").expect("written");
    fs::write(chart.join("templates/composed.yaml"), template).expect("written");
    fs::write(chart.join("values.yaml"), values).expect("written");
    let output = render::helm().args(["template", "demo"]).arg(&chart).output().expect("Helm runs");
    assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stderr));
    render::documents(&String::from_utf8(output.stdout).expect("text"))
}

fn of<'a>(objects: &'a [Value], group: &str, kind: &str) -> Vec<&'a Value> {
    let is = |object: &&Value| {
        string(object, "apiVersion").starts_with(&format!("{group}/")) && string(object, "kind") == kind
    };
    objects.iter().filter(is).collect()
}

const POOL: &str =
    "name: w, clusterRef: {name: c1}, sku: ccx33, role: worker, region: fsn1, image: ubuntu-24.04";
const REGION: &str = "region: ash, provider: hetzner, skuCP: cpx41, skuWorker: cpx31, workerCount: 2, sshKeyName: k, image: ubuntu-24.04, ipRange: 10.0.0.0/16, subnetIpRange: 10.0.1.0/24, loadBalancerType: lb11";

/// A claim of each kind, as the API would write it.
pub fn samples() -> Vec<(&'static str, String)> {
    let k3s = string(&book::lock(), "binaries.k3s.version");
    vec![
        ("region", format!("{{{REGION}}}")),
        ("cluster", format!("{{name: c1, regionRef: {{name: r}}, k3sVersion: {k3s}}}")),
        ("vcluster", "{name: v1, organization: acme, clusterRef: {name: c1}}".to_owned()),
        ("nodepool", format!("{{{POOL}, replicas: 3, networkId: 4711, firewallIds: [1, 2]}}")),
        (
            "loadbalancer",
            "{name: lb, region: fsn1, loadBalancerType: lb11, algorithm: least-conn, networkId: 7, listeners: [{port: 443, protocol: tcp, targetPort: 31443}], targets: [{type: label-selector, labelSelector: a=b}, {type: ip, ip: 10.0.1.9}]}".to_owned(),
        ),
        (
            "peering",
            "{regionAID: 1, regionBID: 2, cidrA: 10.0.0.0/16, cidrB: 10.1.0.0/16, gatewayA: 10.0.1.1, gatewayB: 10.1.1.1, bidirectional: true}".to_owned(),
        ),
        ("firewallrule", "{name: f, selector: a=b, rules: [{direction: in, protocol: tcp, port: '22', sourceIps: [192.0.2.0/24]}]}".to_owned()),
        ("nodeaction", "{nodeRef: {nodeName: n1}, action: replace, gracePeriod: 60, replaceWith: {sku: ccx33, region: hel1}}".to_owned()),
    ]
}

#[test]
fn each_kind_that_the_api_writes_is_defined_in_the_group_that_it_writes() {
    let kinds: BTreeSet<_> = rendered()
        .iter()
        .filter(|object| string(object, "kind") == "CompositeResourceDefinition")
        .map(|object| {
            assert_eq!(string(object, "spec.group"), "compose.openova.io");
            let plural = string(object, "spec.names.plural");
            assert_eq!(string(object, "metadata.name"), format!("{plural}.compose.openova.io"));
            string(object, "spec.claimNames.kind")
        })
        .collect();
    let written = [
        "ClusterClaim",
        "FirewallRuleClaim",
        "LoadBalancerClaim",
        "NodeActionClaim",
        "NodePoolClaim",
        "PeeringClaim",
        "RegionClaim",
        "VClusterClaim",
    ];
    assert_eq!(kinds, written.map(str::to_owned).into());
}

#[test]
fn each_definition_has_its_composition() {
    let objects = rendered();
    let compositions = of(&objects, "apiextensions.crossplane.io", "Composition");
    for definition in of(&objects, "apiextensions.crossplane.io", "CompositeResourceDefinition") {
        let wanted = string(definition, "spec.defaultCompositionRef.name");
        let composition =
            compositions.iter().find(|one| string(one, "metadata.name") == wanted).expect("one");
        assert_eq!(string(composition, "spec.compositeTypeRef.kind"), string(definition, "spec.names.kind"));
        let steps = at(composition, "spec.pipeline").and_then(Value::as_sequence).expect("steps");
        let functions = of(&objects, "pkg.crossplane.io", "Function");
        for step in steps {
            let name = string(step, "functionRef.name");
            assert!(
                functions.iter().any(|one| string(one, "metadata.name") == name),
                "{name} is not installed"
            );
        }
        let template = string(&steps[0], "input.inline.template");
        assert!(!template.contains("@provider@") && template.len() > 200, "{wanted}");
    }
    assert_eq!(compositions.len(), definitions().as_mapping().expect("a map").len());
}

#[test]
fn server_types_and_places_are_those_of_the_module() {
    let catalogue = book::yaml(&book::root().join("infra/hetzner/catalogue.yaml"));
    let pattern = string(&catalogue, "serverTypePattern");
    let places: BTreeSet<_> =
        catalogue["locations"].as_mapping().expect("a map").keys().filter_map(Value::as_str).collect();
    let all = definitions();
    for path in ["Region.spec.skuCP", "Region.spec.skuWorker", "NodePool.spec.sku"] {
        assert_eq!(string(&all, &format!("{path}.pattern")), pattern, "{path}");
    }
    for path in ["Region.spec.region", "NodePool.spec.region", "LoadBalancer.spec.region"] {
        let list = at(&all, &format!("{path}.enum")).and_then(Value::as_sequence).expect("a list");
        assert_eq!(list.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(), places, "{path}");
    }
}

#[test]
fn what_is_required_is_described() {
    for (kind, definition) in definitions().as_mapping().expect("a map") {
        for name in definition["required"].as_sequence().expect("a list") {
            assert!(definition["spec"].get(name).is_some(), "{kind:?}: {name:?}");
        }
    }
}

#[test]
fn a_pool_has_as_many_servers_as_it_asks_for() {
    for wanted in [0, 1, 3, 100] {
        let objects = composed("nodepool", &format!("{{{POOL}, replicas: {wanted}}}"));
        let servers = of(&objects, "server.hetzner.crossplane.io", "Server");
        assert_eq!(servers.len(), wanted);
        let names: BTreeSet<_> =
            servers.iter().map(|server| string(server, "spec.forProvider.name")).collect();
        assert_eq!(names.len(), wanted, "names differ");
        assert_eq!(
            of(&objects, "compose.openova.io", "XNodePool")[0]["status"]["replicas"],
            Value::from(wanted)
        );
    }
}

#[test]
fn a_pool_counts_the_servers_that_are_ready() {
    let condition =
        |status| format!("{{resource: {{status: {{conditions: [{{type: Ready, status: '{status}'}}]}}}}}}");
    let values = format!(
        "observed: {{composite: {{resource: {{metadata: {{name: demo}}, spec: {{{POOL}, replicas: 2}}}}}}, resources: {{server-0: {}, server-1: {}}}}}",
        condition("True"),
        condition("False")
    );
    let objects = composed_from("nodepool", &values);
    assert_eq!(of(&objects, "compose.openova.io", "XNodePool")[0]["status"]["ready"], Value::from(1));
}

#[test]
fn a_region_is_whole() {
    let objects = composed("region", &format!("{{{REGION}}}"));
    let count = |group: &str, kind| of(&objects, &format!("{group}.hetzner.crossplane.io"), kind).len();
    assert_eq!(count("network", "Network"), 1);
    assert_eq!(count("network", "Subnet"), 1);
    assert_eq!(count("network", "Firewall"), 1);
    assert_eq!(count("server", "Server"), 3, "one control plane, two workers");
    assert_eq!(count("server", "Network"), 3);
    assert_eq!(count("loadbalancer", "BalancerTarget"), 1);
    let services = of(&objects, "loadbalancer.hetzner.crossplane.io", "BalancerService");
    let ports: BTreeSet<_> = services
        .iter()
        .map(|one| {
            (
                one["spec"]["forProvider"]["listenPort"].as_u64(),
                one["spec"]["forProvider"]["destinationPort"].as_u64(),
            )
        })
        .collect();
    assert_eq!(ports, [(Some(80), Some(31080)), (Some(443), Some(31443)), (Some(6443), Some(6443))].into());
    // As infra/hetzner: what Cilium's Gateway takes there it takes here.
    let cilium = book::yaml(&book::charts().join("bp-cilium/cilium-values.yaml"));
    for service in &services {
        let of = &service["spec"]["forProvider"];
        let expected = of["listenPort"] != 6443 && cilium["gatewayAPI"]["enableProxyProtocol"] == true;
        assert_eq!(of["proxyprotocol"], expected, "{of:?}");
    }
    let subnet = of(&objects, "network.hetzner.crossplane.io", "Subnet")[0];
    assert_eq!(string(subnet, "spec.forProvider.networkZone"), "us-east");
}

#[test]
fn every_composed_object_is_named_once_and_uses_the_one_provider_config() {
    // Groups and kinds of the provider that the version lock names.
    let known = [
        ("server.hetzner.crossplane.io/v1alpha1", &["Server", "Network"][..]),
        ("network.hetzner.crossplane.io/v1alpha1", &["Network", "Subnet", "Firewall", "Route"]),
        (
            "loadbalancer.hetzner.crossplane.io/v1alpha1",
            &["Balancer", "BalancerNetwork", "BalancerService", "BalancerTarget"],
        ),
        ("kubernetes.crossplane.io/v1alpha2", &["Object"]),
    ];
    let tree = book::root()
        .join("infra/clusters/_template/infrastructure/crossplane-config/providerconfig-default.yaml");
    let config = string(&book::yaml(&tree), "metadata.name");
    assert_eq!(string(&book::yaml(&folder().join("values.yaml")), "providerConfig"), config);
    for (kind, spec) in samples() {
        let mut names = BTreeSet::new();
        for object in composed(kind, &spec) {
            let version = string(&object, "apiVersion");
            if version == "compose.openova.io/v1alpha1" {
                assert_eq!(string(&object, "kind").to_lowercase(), format!("x{kind}"));
                continue;
            }
            let kinds = known
                .iter()
                .find(|(known, _)| *known == version)
                .unwrap_or_else(|| panic!("{kind}: {version}"));
            assert!(kinds.1.contains(&string(&object, "kind").as_str()), "{kind}: {object:?}");
            assert_eq!(string(&object, "spec.providerConfigRef.name"), config, "{kind}");
            let annotations = at(&object, "metadata.annotations").expect("annotations");
            let name = annotations["gotemplating.fn.crossplane.io/composition-resource-name"].as_str();
            assert!(names.insert(name.expect("a name").to_owned()), "{kind}: {name:?} twice");
        }
    }
}

#[test]
fn nothing_is_left_as_a_placeholder_and_no_kubectl_runs() {
    for path in book::files_in(&folder().join("files/compositions")) {
        let text = book::text(&path);
        for word in ["PLACEHOLDER", "kubectl", "bitnami", "infra.openova.io"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

/// provider-kubernetes makes objects with the rights that the tree gives it.
#[test]
fn the_provider_may_make_what_the_compositions_make_and_nothing_else() {
    let tree = book::root().join("infra/clusters/_template/infrastructure/crossplane-provider");
    let read = |name: &str| book::yaml(&tree.join(format!("{name}-provider-kubernetes.yaml")));
    let mut made = BTreeSet::new();
    for (kind, spec) in samples() {
        for object in of(&composed(kind, &spec), "kubernetes.crossplane.io", "Object") {
            let manifest = &object["spec"]["forProvider"]["manifest"];
            assert_eq!(string(manifest, "apiVersion"), "v1");
            made.insert(format!("{}s", string(manifest, "kind").to_lowercase()));
        }
    }
    let mut may = BTreeSet::new();
    for rule in read("clusterrole")["rules"].as_sequence().expect("rules") {
        assert_eq!(rule["apiGroups"], Value::from(vec![Value::from("")]));
        may.extend(
            rule["resources"]
                .as_sequence()
                .expect("resources")
                .iter()
                .map(|one| one.as_str().expect("a name").to_owned()),
        );
    }
    assert_eq!(may, made);
    let account = string(&read("deploymentruntimeconfig"), "spec.serviceAccountTemplate.metadata.name");
    let binding = read("clusterrolebinding");
    assert_eq!(string(&binding["subjects"][0], "name"), account);
    assert_eq!(binding["roleRef"]["name"], read("clusterrole")["metadata"]["name"]);
    let provider = book::yaml(&tree.join("provider-kubernetes.yaml"));
    assert_eq!(
        provider["spec"]["runtimeConfigRef"]["name"],
        read("deploymentruntimeconfig")["metadata"]["name"]
    );
    for name in ["hetzner", "kubernetes"] {
        let provider = book::yaml(&tree.join(format!("provider-{name}.yaml")));
        let package = format!("${{CROSSPLANE_PROVIDER_{}}}", name.to_uppercase());
        assert_eq!(string(&provider, "spec.package"), package);
    }
}
