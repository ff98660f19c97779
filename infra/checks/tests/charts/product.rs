//! The product's own chart: who may change the database, what waits for what, and that a misspelt value is refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_yaml_ng::Value;

use crate::{
    book::{self, Chart, at, string},
    render::{self, Rendering, all, described},
    rendered::{containers, pods},
};

fn renderings() -> Vec<&'static Rendering> {
    let found: Vec<_> = all().iter().filter(|one| one.chart.contains("catalyst")).collect();
    assert!(found.len() > 6, "only {} renderings", found.len());
    found
}

fn chart(name: &str) -> Chart {
    book::all().into_iter().find(|chart| chart.name == name).expect("there")
}

fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_sequence).map_or(&[], Vec::as_slice)
}

fn component(object: &Value) -> &str {
    object["metadata"]["labels"]["app.kubernetes.io/component"].as_str().unwrap_or_default()
}

/// A pod's settings that come from Secrets: name, then Secret and key.
fn secret_settings(pod: &Value) -> BTreeMap<String, (String, String)> {
    let all = containers(pod).into_iter().flat_map(|container| list(container, "env"));
    all.filter_map(|setting| {
        let from = at(setting, "valueFrom.secretKeyRef")?;
        Some((string(setting, "name"), (string(from, "name"), string(from, "key"))))
    })
    .collect()
}

#[test]
fn only_the_migration_is_given_the_owners_url() {
    let mut looked = 0;
    for rendering in renderings() {
        let owner = if rendering.variant == "outside" {
            ("catalyst-database".to_owned(), "owner-url".to_owned())
        } else {
            let cluster = rendering.objects.iter().find(|object| string(object, "kind") == "Cluster");
            (format!("{}-app", string(cluster.expect("a database"), "metadata.name")), "uri".to_owned())
        };
        for object in &rendering.objects {
            let Some(pod) = pods(object) else { continue };
            let (who, settings) = (described(rendering, object), secret_settings(pod));
            let migrates = component(object) == "migrate";
            assert_eq!(settings.get("CATALYST_DATABASE_OWNER_URL"), migrates.then_some(&owner), "{who}");
            let of_owner = settings.values().filter(|setting| **setting == owner).count();
            assert_eq!(of_owner, usize::from(migrates), "{who}: {settings:?}");
            assert!(settings.contains_key("CATALYST_DATABASE_URL"), "{who}");
            let text = serde_yaml_ng::to_string(pod).expect("YAML");
            assert!(!text.contains("envFrom"), "{who}: a whole Secret");
            assert!(migrates || !text.contains("-db-app"), "{who}: the owner's Secret");
            looked += 1;
        }
    }
    assert!(looked > 20, "only {looked} pods");
}

#[test]
fn servers_and_workers_have_a_sign_in_that_owns_nothing() {
    let mut looked = 0;
    for rendering in renderings() {
        let of = |kind: &'static str| {
            rendering.objects.iter().filter(move |object| string(object, "kind") == kind)
        };
        let Some(cluster) = of("Cluster").next() else { continue };
        let [role] = list(cluster, "spec.managed.roles") else { panic!("one role") };
        let (name, secret) = (string(role, "name"), string(role, "passwordSecret.name"));
        assert_ne!(name, string(cluster, "spec.bootstrap.initdb.owner"));
        assert_eq!((&role["login"], &role["inherit"]), (&Value::Bool(true), &Value::Bool(false)));
        for right in ["superuser", "createdb", "createrole", "replication", "bypassrls"] {
            assert!(role.get(right).is_none(), "{right}");
        }
        let made = list(cluster, "spec.bootstrap.initdb.postInitApplicationSQL");
        for group in list(role, "inRoles").iter().map(|group| group.as_str().expect("a name")) {
            let create = Value::from(format!("create role {group} nologin"));
            assert!(made.contains(&create), "nobody makes {group}");
        }

        let mut secrets = of("ExternalSecret").filter(|object| string(object, "spec.target.name") == secret);
        let target = at(secrets.next().expect("its password"), "spec.target").expect("a target");
        // What CloudNativePG takes a password from.
        assert_eq!(string(target, "template.type"), "kubernetes.io/basic-auth");
        assert_eq!(target["template"]["metadata"]["labels"]["cnpg.io/reload"].as_str(), Some("true"));
        assert_eq!(string(target, "template.data.username"), name);
        assert_eq!(string(target, "template.data.password"), "{{ .password }}");
        let (host, database) =
            (string(cluster, "metadata.name"), string(cluster, "spec.bootstrap.initdb.database"));
        let namespace = &rendering.namespace;
        assert_eq!(
            string(target, "template.data.uri"),
            format!("postgresql://{name}:{{{{ .password }}}}@{host}-rw.{namespace}.svc:5432/{database}")
        );
        for object in rendering.objects.iter() {
            let Some(pod) = pods(object) else { continue };
            let settings = secret_settings(pod);
            assert_eq!(settings["CATALYST_DATABASE_URL"], (secret.clone(), "uri".to_owned()));
            looked += 1;
        }
    }
    assert!(looked > 15, "only {looked} pods");
}

/// The tables are there before anybody has said how mail leaves, and whatever sends mail waits for that.
#[test]
fn a_pod_that_sends_mail_waits_for_the_mail_server() {
    for rendering in renderings() {
        for object in &rendering.objects {
            let Some(pod) = pods(object) else { continue };
            let who = described(rendering, object);
            let mail = secret_settings(pod).contains_key("CATALYST_SMTP_URL");
            assert_eq!(mail, component(object) != "migrate", "{who}");
            for setting in containers(pod).into_iter().flat_map(|container| list(container, "env")) {
                let optional = at(setting, "valueFrom.secretKeyRef.optional");
                assert_eq!(optional, None, "{who}: {setting:?}");
                // Without an address that others reach, the program asks for no mail server.
                assert!(mail || string(setting, "name") != "CATALYST_PUBLIC_URL", "{who}");
            }
        }
    }
    let tree = book::root().join("infra/clusters/_template/platform");
    let release = book::yaml(&tree.join("bp-catalyst-platform.yaml"));
    let retries = at(&release, "spec.install.remediation.retries").and_then(Value::as_i64);
    assert_eq!(retries, Some(-1), "a person's delay must not end in a release that nobody tries again");
}

#[test]
fn a_program_that_hangs_is_started_again() {
    let metrics = book::text(&book::root().join("server/src/web/monitoring.rs"));
    assert!(metrics.contains("\"/livez\""), "what a worker is asked for");
    let database = book::text(&book::root().join("server/src/database.rs"));
    let (_, rest) =
        database.split_once("const OWNERS_TIME: Duration = Duration::from_secs(").expect("a time");
    let patience: u64 = rest.split(')').next().expect("a number").parse().expect("seconds");
    let mut seen = BTreeSet::new();
    for rendering in renderings() {
        for object in rendering.objects.iter().filter(|object| string(object, "kind") == "Deployment") {
            let who = described(rendering, object);
            let [container] = list(object, "spec.template.spec.containers") else { panic!("{who}: one") };
            let listens =
                list(container, "env").iter().find(|one| string(one, "name") == "CATALYST_METRICS_LISTEN");
            let (path, port) = match component(object) {
                // Numbers are at an address of their own, that servers have only where somebody looks.
                "server" => {
                    assert_eq!(listens.is_some(), rendering.variant == "observability", "{who}");
                    ("/healthz", Value::from("http"))
                }
                _ => {
                    let address = string(listens.expect("an address"), "value");
                    let (_, port) = address.rsplit_once(':').expect("a port");
                    ("/livez", Value::from(port.parse::<u16>().expect("a number")))
                }
            };
            for probe in ["startupProbe", "livenessProbe"] {
                let asks = at(container, probe).and_then(|probe| probe.get("httpGet"));
                let asks = asks.unwrap_or_else(|| panic!("{who}: no {probe}"));
                assert_eq!((string(asks, "path").as_str(), &asks["port"]), (path, &port), "{who}: {probe}");
            }
            let of_start = |path: &str| container["startupProbe"][path].as_u64().expect("a number");
            let time = of_start("periodSeconds") * of_start("failureThreshold");
            assert!(time > patience, "{who}: ended while it waits for the migration");
            seen.insert(component(object));
        }
    }
    assert_eq!(seen, ["server", "worker"].into());
}

#[test]
fn a_private_image_can_be_pulled() {
    for rendering in renderings().into_iter().filter(|one| one.chart == "bp-catalyst-platform") {
        for object in &rendering.objects {
            let Some(pod) = pods(object) else { continue };
            let names: Vec<_> = list(pod, "imagePullSecrets").iter().map(|one| string(one, "name")).collect();
            assert_eq!(names, ["ghcr-pull"], "{}", described(rendering, object));
        }
    }
}

#[test]
fn a_volume_for_one_node_has_one_pod_at_a_time() {
    let mut seen = BTreeSet::new();
    for rendering in renderings() {
        let claims: BTreeMap<_, _> = rendering
            .objects
            .iter()
            .filter(|object| string(object, "kind") == "PersistentVolumeClaim")
            .map(|claim| (string(claim, "metadata.name"), list(claim, "spec.accessModes")))
            .collect();
        for object in rendering.objects.iter().filter(|object| string(object, "kind") == "Deployment") {
            let who = described(rendering, object);
            let volumes = list(object, "spec.template.spec.volumes").iter();
            let single = volumes
                .filter_map(|volume| at(volume, "persistentVolumeClaim.claimName")?.as_str())
                .any(|name| claims[name] != [Value::from("ReadWriteMany")]);
            let strategy = at(object, "spec.strategy").expect("a strategy");
            assert_eq!(string(strategy, "type"), if single { "Recreate" } else { "RollingUpdate" }, "{who}");
            // Said in both cases, or the API server keeps what the other one left and refuses the change.
            let rolling = strategy.get("rollingUpdate").unwrap_or_else(|| panic!("{who}: not said"));
            assert_eq!(rolling.is_null(), single, "{who}");
            assert!(!single || at(object, "spec.replicas") == Some(&Value::from(1)), "{who}");
            seen.insert((component(object), single));
        }
    }
    assert_eq!(seen, [("server", false), ("worker", true), ("worker", false)].into());
}

#[test]
fn what_several_nodes_change_is_the_same_alone_and_in_the_blueprint() {
    let blueprint = book::yaml(&chart("bp-catalyst-platform").folder.join("values-ha.yaml"));
    let alone = book::yaml(&chart("catalyst").folder.join("values-ha.yaml"));
    assert_eq!(blueprint.as_mapping().map(|map| map.len()), Some(1));
    assert_eq!(blueprint["catalyst"], alone);
}

#[test]
fn a_misspelt_value_is_refused() {
    let product = chart("catalyst");
    for (name, indent) in [("catalyst", ""), ("bp-catalyst-platform", "catalyst: ")] {
        let blueprint = chart(name);
        let folder = render::prepared(&blueprint);
        for (number, (wrong, told)) in [
            ("{servers: {replicas: 3}}", "servers"),
            ("{server: {replica: 3}}", "replica"),
            ("{server: {autoscaling: {enabled: \"yes\"}}}", "autoscaling.enabled"),
            ("{database: {existingsecret: a}}", "existingsecret"),
            ("{worker: {resources: {limit: {memory: 1Gi}}}}", "limit"),
            ("{git: {accessMode: RWX}}", "accessMode"),
            ("{mail: {fromStore: {enable: false}}}", "enable"),
            ("{imagePullSecrets: [ghcr-pull]}", "imagePullSecrets"),
            ("{env: {LOG: debug}}", "env"),
        ]
        .into_iter()
        .enumerate()
        {
            let file = render::scratch("refused").join(format!("{name}-{number}.yaml"));
            fs::write(&file, format!("{indent}{wrong}\n")).expect("written");
            let files = [blueprint.folder.join("tests/default.yaml"), file];
            let error = render::template(&blueprint, &folder, &files).expect_err(wrong);
            let ours = error.contains(&format!("\n{}:\n", product.name));
            assert!(ours && error.contains(told), "{name}: {wrong}: {error}");
        }
    }
}

/// Paths of values: of a schema, down to what may have any keys.
fn known(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_mapping) else {
        found.insert(path.to_owned());
        return;
    };
    assert_eq!(schema["additionalProperties"], Value::Bool(false), "{path}");
    for (name, inner) in properties {
        let name = name.as_str().expect("a name");
        known(inner, &if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }, found);
    }
}

/// The schema with its definitions where they are used, as a Blueprint's card writes them.
fn resolved(value: &Value, definitions: &Value) -> Value {
    let name = value.get("$ref").and_then(Value::as_str).and_then(|text| text.rsplit('/').next());
    match (name, value) {
        (Some(name), _) => resolved(&definitions[name], definitions),
        (None, Value::Mapping(map)) => {
            let inside = map.iter().map(|(key, inner)| (key.clone(), resolved(inner, definitions)));
            Value::Mapping(inside.collect())
        }
        (None, other) => other.clone(),
    }
}

#[test]
fn the_schema_knows_the_values_and_no_others() {
    let product = chart("catalyst");
    let schema = book::yaml(&product.folder.join("values.schema.json"));
    let mut known_paths = BTreeSet::new();
    known(&resolved(&schema, &schema["definitions"]), "", &mut known_paths);
    let mut paths = Vec::new();
    book::leaves(&product.values, "", &mut paths);
    let set: BTreeSet<_> = paths.into_iter().collect();
    let unknown: Vec<_> = set.difference(&known_paths).collect();
    assert!(unknown.is_empty(), "set, and not in the schema: {unknown:?}");
    // Helm's own, and amounts that nobody has to set.
    let free = |path: &str| path == "global" || path.contains(".resources.");
    let unset: Vec<_> = known_paths.difference(&set).filter(|path| !free(path)).collect();
    assert!(unset.is_empty(), "in the schema, and without a default: {unset:?}");
}

#[test]
fn the_card_asks_for_what_the_chart_takes() {
    let schema = book::yaml(&chart("catalyst").folder.join("values.schema.json"));
    let card = book::yaml(&chart("bp-catalyst-platform").folder.join("blueprint.yaml"));
    let asked = at(&card, "spec.configSchema.properties.catalyst").expect("the product's values");
    assert_eq!(asked["additionalProperties"], Value::Bool(false));
    let mut taken = resolved(&schema["properties"], &schema["definitions"]);
    taken.as_mapping_mut().expect("a map").remove("global");
    assert_eq!(asked["properties"], taken);
}

#[test]
fn each_of_nats_servers_keeps_the_events() {
    let nats = chart("bp-nats-jetstream");
    for (topology, file) in [("solo", "values.yaml"), ("ha", "values-ha.yaml")] {
        let values = book::yaml(&nats.folder.join(file));
        let together = at(&values, "nats.config.cluster.enabled") == Some(&Value::Bool(true));
        let servers = at(&values, "nats.config.cluster.replicas").and_then(Value::as_u64);
        let servers = if together { servers.expect("a number") } else { 1 };
        let product = renderings()
            .into_iter()
            .find(|one| one.chart == "bp-catalyst-platform" && one.variant == topology);
        let worker = product.expect("rendered").objects.iter().find(|object| component(object) == "worker");
        let [container] = list(worker.expect("a worker"), "spec.template.spec.containers") else {
            panic!("one container")
        };
        let mut env = list(container, "env").iter();
        let kept = env.find(|one| string(one, "name") == "CATALYST_NATS_REPLICAS").expect("set");
        assert_eq!(string(kept, "value"), servers.to_string(), "{topology}");
    }
}

/// Its settings are tried with the program, in server/tests/it/settings.rs.
#[test]
fn the_documented_pod_for_backups_finds_the_releases_objects_and_goes_by_the_scheduler() {
    let text = book::text(&book::root().join("docs/operations.md"));
    let (_, rest) = text.split_once("```yaml\n").expect("a pod");
    let pod: Value = serde_yaml_ng::from_str(rest.split("```").next().expect("its end")).expect("YAML");
    assert_eq!(string(&pod, "metadata.name"), "catalyst-backup");
    // A claim of a class that waits for its first consumer is bound by nobody else.
    assert_eq!(at(&pod, "spec.nodeName"), None);
    let release = renderings().into_iter().find(|one| one.chart == "bp-catalyst-platform").expect("rendered");
    let names = |kind: &'static str| {
        let objects = release.objects.iter().filter(move |object| string(object, "kind") == kind);
        objects.map(|object| string(object, "metadata.name"))
    };
    let made: BTreeSet<_> = names("PersistentVolumeClaim")
        .chain(names("ExternalSecret"))
        .chain(names("Cluster").map(|name| format!("{name}-app")))
        .chain(["catalyst-backup".to_owned()])
        .collect();
    let volumes = list(&pod, "spec.volumes").iter();
    let named = volumes.filter_map(|volume| {
        at(volume, "persistentVolumeClaim.claimName").or(at(volume, "secret.secretName"))?.as_str()
    });
    let owner = secret_settings(&pod["spec"])["CATALYST_DATABASE_URL"].0.clone();
    for name in named.map(str::to_owned).chain([owner]) {
        assert!(made.contains(&name), "nobody makes {name}");
    }
}

#[test]
fn the_product_reaches_nats_and_no_tenant_does() {
    let policy = |of: &Rendering| {
        let mut found = of.objects.iter().filter(|object| string(object, "kind") == "NetworkPolicy");
        found.next().cloned().unwrap_or_else(|| panic!("{} has no NetworkPolicy", of.chart))
    };
    let to_nats = |rule: &&Value| list(rule, "ports").iter().any(|port| port["port"] == 4222);
    let product = all().iter().find(|one| one.chart == "bp-catalyst-platform").expect("rendered");
    let asked = policy(product);
    let nats = all().iter().filter(|one| one.chart == "bp-nats-jetstream");
    let mut looked = 0;
    for nats in nats {
        let given = policy(nats);
        for rule in list(&given, "spec.ingress") {
            let scraped = list(rule, "ports").iter().any(|port| port["port"] == 7777);
            let said = if scraped { "ports" } else { "from" };
            assert!(!list(rule, said).is_empty(), "{}: {rule:?}", nats.variant);
        }
        let from = list(&given, "spec.ingress").iter().find(to_nats).expect("a rule for clients");
        let namespaces: Vec<String> = list(from, "from")
            .iter()
            .map(|one| {
                one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
                    .as_str()
                    .expect("a name")
                    .to_owned()
            })
            .collect();
        assert_eq!(namespaces, [string(&asked, "metadata.namespace")], "{}", nats.variant);
        assert!(list(&asked, "spec.egress").iter().any(|rule| to_nats(&rule)), "the product may not connect");
        looked += 1;
    }
    assert!(looked > 1);
}

#[test]
fn the_product_talks_to_whom_it_needs_and_to_nobody_else() {
    for rendering in
        all().iter().filter(|one| one.chart == "bp-catalyst-platform" && one.variant == "default")
    {
        let mut found = rendering.objects.iter().filter(|object| string(object, "kind") == "NetworkPolicy");
        let policy = found.next().expect("a NetworkPolicy");
        assert_eq!(list(policy, "spec.policyTypes"), ["Ingress", "Egress"]);
        let ports = |path: &str| -> BTreeSet<String> {
            let rules = list(policy, path);
            assert!(rules.iter().all(|rule| !list(rule, "ports").is_empty()), "any port: {rules:?}");
            rules.iter().flat_map(|rule| list(rule, "ports")).map(|port| string(port, "port")).collect()
        };
        assert_eq!(ports("spec.ingress"), ["http".to_owned()].into());
        let wanted = ["443", "465", "4222", "53", "5432", "587"];
        assert_eq!(ports("spec.egress"), wanted.map(str::to_owned).into());
        for rule in list(policy, "spec.egress") {
            let [to] = list(rule, "to") else { panic!("to anybody: {rule:?}") };
            let metadata = list(to, "ipBlock.except") == ["169.254.169.254/32"];
            assert!(to.get("ipBlock").is_none() || metadata, "the node's metadata: {rule:?}");
        }
    }
}

#[test]
fn nobody_notices_that_a_server_is_replaced() {
    for rendering in renderings() {
        let mut servers = rendering.objects.iter().filter(|object| component(object) == "server");
        let server = servers.find(|object| string(object, "kind") == "Deployment").expect("a server");
        let who = described(rendering, server);
        assert_eq!(string(server, "spec.strategy.rollingUpdate.maxUnavailable"), "0", "{who}");
        let pod = at(server, "spec.template.spec").expect("a pod");
        let container = &list(pod, "containers")[0];
        assert_eq!(string(container, "readinessProbe.httpGet.path"), "/readyz", "{who}");
        let before = at(container, "lifecycle.preStop.sleep.seconds").and_then(Value::as_u64);
        let after = at(pod, "terminationGracePeriodSeconds").and_then(Value::as_u64);
        assert!(before > Some(0) && after > before.map(|seconds| seconds + 20), "{who}");
    }
}
