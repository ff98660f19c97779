//! What `memory.yaml` says of a release against what its chart requests: the amounts and the copies that
//! our values set. Where they set none, the upstream chart's own are not known here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use cluster::Topology;
use serde_yaml_ng::{Mapping, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn yaml(path: &str) -> Value {
    fs::read_to_string(root().join(path)).map_or(Value::Null, |text| serde_yaml_ng::from_str(&text).unwrap())
}

/// Later values over earlier ones, as Helm does it.
fn over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Mapping(below), Value::Mapping(above)) => {
            for (key, value) in above {
                over(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (below, above) => *below = above,
    }
}

/// The chart's values for a topology, with those of a chart of ours inside it below them.
fn values(chart: &str, topology: Topology) -> Value {
    let mut values = Value::Mapping(Mapping::new());
    for dependency in
        yaml(&format!("charts/{chart}/Chart.yaml"))["dependencies"].as_sequence().into_iter().flatten()
    {
        let name = dependency["name"].as_str().unwrap();
        if dependency["repository"].as_str().unwrap().starts_with("file://") {
            let inner = yaml(&format!("charts/{name}/values.yaml"));
            over(&mut values, Value::Mapping([(Value::from(name), inner)].into_iter().collect()));
        }
    }
    for file in ["values.yaml".to_owned(), format!("values-{topology}.yaml")] {
        over(&mut values, yaml(&format!("charts/{chart}/{file}")));
    }
    values
}

fn mib(amount: &str) -> u64 {
    match amount.strip_suffix("Mi") {
        Some(number) => number.parse().unwrap(),
        None => amount.strip_suffix("Gi").unwrap().parse::<u64>().unwrap() * 1024,
    }
}

fn number(value: &Value, path: &[&str]) -> Option<u64> {
    path.iter().try_fold(value, |value, step| value.get(step))?.as_u64()
}

/// The copies of what has its resources in this map: said beside them, at least one.
fn copies(map: &Value, resources: &str) -> u64 {
    let own: &[&[&str]] = &[&["replicas"], &["replicaCount"], &["ha", "replicas"]];
    let places =
        if resources == "resourcesRBACManager" { &[["rbacManager", "replicas"].as_slice()] } else { own };
    let fixed = places.iter().find_map(|path| number(map, path)).unwrap_or(1);
    let scaled = map["autoscaling"]["enabled"] == true;
    if scaled { number(map, &["autoscaling", "min"]).unwrap().max(fixed) } else { fixed }
}

/// Lists are left out: what has resources there runs before the others and ends.
fn requested(value: &Value) -> u64 {
    let Some(map) = value.as_mapping() else { return 0 };
    map.iter()
        .map(|(key, inner)| {
            let key = key.as_str().unwrap();
            match inner["requests"]["memory"].as_str().filter(|_| key.starts_with("resources")) {
                Some(amount) => mib(amount) * copies(value, key),
                None => requested(inner),
            }
        })
        .sum()
}

#[test]
fn no_release_is_said_to_need_less_than_its_chart_requests() {
    let memory = yaml("infra/clusters/memory.yaml");
    let mut looked = 0;
    for topology in [Topology::Solo, Topology::Ha] {
        let servers = u64::from(topology.replicas());
        for (name, says) in memory["releases"].as_mapping().unwrap() {
            let chart = name.as_str().unwrap();
            let amount = |key: &str| number(says, &[key]).unwrap_or(0);
            let said = amount("once") + (amount("node") + amount("replica")) * servers;
            let requested = requested(&values(chart, topology));
            assert!(said >= requested, "{chart} ({topology}): {said} MiB said, {requested} MiB requested");
            looked += usize::from(requested > 0);
        }
    }
    assert!(looked >= 18, "only {looked} requests were found");
}

#[test]
fn requests_and_copies_are_read_where_charts_have_them() {
    let ha = |chart| requested(&values(chart, Topology::Ha));
    assert_eq!(ha("bp-cert-manager"), 2 * 96 + 3 * 32 + 2 * 96);
    assert_eq!(ha("bp-crossplane"), 2 * 192 + 2 * 96);
    assert_eq!(ha("bp-openbao"), 3 * 128);
    assert_eq!(ha("bp-catalyst-platform"), 2 * 128 + 128, "two servers and a worker");
}
