//! Alert rules and dashboard: they ask for what the program tells, each alert fires when it should and no other
//! time, and nothing of it is there until it is asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

use serde_json::json;
use serde_yaml_ng::Value;

use crate::{
    book::{self, at, string},
    render::{self, Rendering, all},
};

fn folder() -> PathBuf {
    book::charts().join("catalyst/observability")
}

fn promtool(arguments: &[&str]) {
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(folder())
        .output()
        .expect("promtool is missing. Install it with: scripts/setup test");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {}: {text}", arguments.join(" "));
}

fn list(value: &Value, path: &str) -> Vec<Value> {
    at(value, path).and_then(Value::as_sequence).unwrap_or_else(|| panic!("no {path}")).clone()
}

fn alerts() -> Vec<Value> {
    let rules = book::yaml(&folder().join("alerts.yaml"));
    let found: Vec<_> = list(&rules, "groups").iter().flat_map(|group| list(group, "rules")).collect();
    assert!(found.len() >= 9, "only {} alerts", found.len());
    found
}

/// The dashboard's queries. JSON is YAML.
fn queries() -> Vec<String> {
    let dashboard = book::yaml(&folder().join("dashboard.json"));
    let targets = list(&dashboard, "panels").into_iter().flat_map(|panel| list(&panel, "targets"));
    let found: Vec<_> = targets.map(|target| string(&target, "expr")).collect();
    assert!(found.len() > 15, "only {} queries", found.len());
    found
}

#[test]
fn each_alert_fires_when_it_should_and_not_otherwise() {
    promtool(&["check", "rules", "alerts.yaml"]);
    promtool(&["test", "rules", "alerts_test.yaml"]);
    let tests = book::yaml(&folder().join("alerts_test.yaml"));
    let mut seen = BTreeSet::new();
    for case in list(&tests, "tests").iter().flat_map(|test| list(test, "alert_rule_test")) {
        let fires = case.get("exp_alerts").and_then(Value::as_sequence).is_some_and(|list| !list.is_empty());
        seen.insert((string(&case, "alertname"), fires));
    }
    for name in alerts().iter().map(|alert| string(alert, "alert")) {
        assert!(seen.contains(&(name.clone(), true)), "{name} is not seen to fire");
        assert!(seen.contains(&(name.clone(), false)), "{name} is not seen to be still");
    }
}

#[test]
fn each_query_of_the_dashboard_is_promql() {
    let rules: Vec<_> = queries()
        .iter()
        .map(|query| json!({"record": "query", "expr": query.replace("$__rate_interval", "5m")}))
        .collect();
    let file = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    let path = render::scratch("dashboard").join("queries.yaml");
    fs::write(&path, file.to_string()).expect("written");
    promtool(&["check", "rules", path.to_str().expect("text")]);
}

/// Series that the program tells, with their labels: read from where they are registered.
fn told() -> BTreeMap<String, BTreeSet<String>> {
    let source = book::text(&book::root().join("server/src/metrics.rs"));
    assert!(source.contains("Registry::with_prefix(\"catalyst\")"));
    let mut found = BTreeMap::new();
    for statement in source.split("registry.register").skip(1) {
        let statement = statement.split(");").next().expect("a statement");
        let name = statement.split('"').nth(1).expect("a name");
        let unit = if statement.contains("Unit::Seconds") { "_seconds" } else { "" };
        assert_eq!(statement.contains("Unit::"), !unit.is_empty(), "{name}: an unknown unit");
        let (field, _) = statement.rsplit_once(".clone()").expect("a field");
        let field = field.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().expect("a name");
        let kind = source
            .lines()
            .find_map(|line| line.trim().strip_prefix(field)?.strip_prefix(": "))
            .unwrap_or_else(|| panic!("{name}: no field {field}"));
        let labels = kind.strip_prefix("Family<").and_then(|rest| rest.split(',').next());
        let labels: BTreeSet<_> = labels.map(|name| fields(&source, name)).into_iter().flatten().collect();
        let name = format!("catalyst_{name}{unit}");
        if kind.contains("Counter") {
            found.insert(format!("{name}_total"), labels);
        } else if kind.contains("Histogram") {
            let with_bound = labels.iter().cloned().chain(["le".to_owned()]).collect();
            found.insert(format!("{name}_bucket"), with_bound);
            found.insert(format!("{name}_sum"), labels.clone());
            found.insert(format!("{name}_count"), labels);
        } else {
            assert!(kind.contains("Gauge"), "{name}: {kind}");
            found.insert(name, labels);
        }
    }
    assert!(found.len() > 12, "{found:?}");
    found
}

fn fields(source: &str, name: &str) -> Vec<String> {
    let (_, rest) = source.split_once(&format!("struct {name} {{")).unwrap_or_else(|| panic!("no {name}"));
    let body = rest.split('}').next().expect("a body");
    body.lines()
        .filter(|line| !line.trim().starts_with("//"))
        .filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned()))
        .collect()
}

/// Series of ours in an expression, with the labels that it selects by.
fn asked(expression: &str) -> Vec<(String, Vec<String>)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    expression
        .match_indices("catalyst_")
        .map(|(start, _)| {
            let rest = &expression[start..];
            let (name, rest) = rest.split_at(rest.find(|c: char| !part(c)).unwrap_or(rest.len()));
            let selector = rest.strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
            let labels =
                selector.split(',').map(|one| one.trim().split(|c: char| !part(c)).next().expect("a name"));
            (name.to_owned(), labels.filter(|label| !label.is_empty()).map(str::to_owned).collect())
        })
        .collect()
}

#[test]
fn rules_their_tests_and_the_dashboard_ask_for_what_the_program_tells() {
    let told = told();
    let tests = book::yaml(&folder().join("alerts_test.yaml"));
    let series = list(&tests, "tests").into_iter().flat_map(|test| list(&test, "input_series"));
    let mut expressions: Vec<_> = series.map(|one| string(&one, "series")).collect();
    expressions.extend(alerts().iter().map(|alert| string(alert, "expr")));
    expressions.extend(queries());
    let mut seen = BTreeSet::new();
    for expression in &expressions {
        for (name, labels) in asked(expression) {
            let known = told.get(&name).unwrap_or_else(|| panic!("nobody tells {name}: {expression}"));
            for label in labels {
                // The pod's name comes from Prometheus.
                assert!(label == "pod" || known.contains(&label), "{name} has no {label}: {expression}");
            }
            seen.insert(name);
        }
    }
    let unseen: Vec<_> = told
        .keys()
        .filter(|name| !name.ends_with("_sum") && !name.ends_with("_count") && !seen.contains(*name))
        .collect();
    assert!(unseen.is_empty(), "told, and nobody looks: {unseen:?}");
}

#[test]
fn each_alert_says_what_is_wrong_and_the_run_book_what_to_do() {
    let operations = book::text(&book::root().join("docs/operations.md"));
    let (_, book) = operations.split_once("\n## Run book\n").expect("a run book");
    let sections: BTreeMap<String, &str> = book
        .split("\n### ")
        .skip(1)
        .map(|section| section.split_once('\n').expect("a text"))
        .map(|(heading, text)| (heading.to_lowercase().replace(' ', "-"), text))
        .collect();
    let mut named = BTreeSet::new();
    for alert in alerts() {
        let name = string(&alert, "alert");
        let severity = string(&alert, "labels.severity");
        assert!(["critical", "warning"].contains(&severity.as_str()), "{name}: {severity}");
        for path in ["for", "annotations.summary", "annotations.description"] {
            assert!(!string(&alert, path).is_empty(), "{name}: {path}");
        }
        let runbook = string(&alert, "annotations.runbook");
        let anchor =
            runbook.strip_prefix("docs/operations.md#").unwrap_or_else(|| panic!("{name}: {runbook}"));
        let text =
            sections.get(anchor).unwrap_or_else(|| panic!("{name}: docs/operations.md has no {anchor}"));
        assert!(text.contains("\n1. "), "{anchor}: nothing to do");
        assert!(named.insert(anchor.to_owned()), "{name}: {anchor} is another's");
    }
    assert_eq!(sections.into_keys().collect::<BTreeSet<_>>(), named, "headings and alerts");
}

fn product() -> Vec<&'static Rendering> {
    let found: Vec<_> = all().iter().filter(|one| one.chart.contains("catalyst")).collect();
    assert!(found.len() > 6, "only {} renderings", found.len());
    found
}

#[test]
fn nothing_is_watched_until_it_is_asked_for() {
    let traces = ["monitoring.coreos.com", "grafana_dashboard", "port: metrics", "name: metrics"];
    for rendering in product() {
        let text = serde_yaml_ng::to_string(&rendering.objects).expect("YAML");
        for trace in traces {
            let on = rendering.variant == "observability";
            assert_eq!(text.contains(trace), on, "{} ({}): {trace}", rendering.chart, rendering.variant);
        }
    }
}

/// How many seconds the program waits for the database; the chart's comment says so, too.
fn patience() -> u64 {
    let source = book::text(&book::root().join("server/src/metrics.rs"));
    let (_, rest) = source.split_once("const PATIENCE: Duration = Duration::from_secs(").expect("a time");
    let seconds = rest.split(')').next().expect("a number").parse().expect("seconds");
    let template = book::text(&book::charts().join("catalyst/templates/observability.yaml"));
    assert!(template.contains(&format!("The program waits {seconds} s for the database")));
    seconds
}

#[test]
fn once_asked_for_prometheus_finds_every_pod_and_the_rules_know_it() {
    let mut looked = 0;
    for rendering in product().into_iter().filter(|one| one.variant == "observability") {
        let of = |kind: &str| -> Vec<&Value> {
            rendering.objects.iter().filter(|object| string(object, "kind") == kind).collect()
        };
        let [monitor] = of("PodMonitor")[..] else { panic!("one monitor") };
        let [rule] = of("PrometheusRule")[..] else { panic!("one set of rules") };
        let [policy] = of("NetworkPolicy")[..] else { panic!("one policy") };
        assert_eq!(at(rule, "spec"), Some(&book::yaml(&folder().join("alerts.yaml"))));
        let boards = of("ConfigMap");
        let board = boards.iter().find(|map| string(map, "metadata.labels.grafana_dashboard") == "1");
        let board = at(board.expect("a dashboard"), "data").expect("data")["catalyst.json"].as_str();
        let board: serde_json::Value = serde_json::from_str(board.expect("text")).expect("JSON");
        assert_eq!(board["uid"], "catalyst");

        let ingress = list(policy, "spec.ingress");
        let scraping = ingress.iter().find(|rule| rule["ports"][0]["port"].as_str() == Some("metrics"));
        let from = &scraping.expect("a rule for Prometheus")["from"][0]["namespaceSelector"]["matchLabels"];
        assert_eq!(from["kubernetes.io/metadata.name"].as_str(), Some("monitoring"));

        let endpoint = &list(monitor, "spec.podMetricsEndpoints")[0];
        assert_eq!(endpoint["port"].as_str(), Some("metrics"));
        let timeout =
            string(endpoint, "scrapeTimeout").trim_end_matches('s').parse::<u64>().expect("seconds");
        assert!(
            timeout > patience(),
            "Prometheus leaves before it is told that the database does not answer"
        );
        let target = &at(monitor, "spec.podTargetLabels").expect("labels")[0];
        assert_eq!(target.as_str(), Some("app.kubernetes.io/component"));
        let selector = at(monitor, "spec.selector.matchLabels").and_then(Value::as_mapping).expect("labels");
        for pod in of("Deployment") {
            let labels = at(pod, "spec.template.metadata.labels").expect("labels");
            for (label, value) in selector {
                assert_eq!(labels.get(label), Some(value));
            }
            // What CatalystNoTarget looks for.
            assert_eq!(labels[string(monitor, "spec.jobLabel").as_str()].as_str(), Some("catalyst"));
            let component = labels["app.kubernetes.io/component"].as_str().expect("text");
            let no_target = string(&alerts()[0], "expr");
            assert!(no_target.contains(&format!("app_kubernetes_io_component=\"{component}\"")));

            let container = &list(pod, "spec.template.spec.containers")[0];
            let named = |list: &str, name: &str| {
                let mut all = container[list].as_sequence().expect("a list").iter();
                all.find(|one| string(one, "name") == name).expect("there").clone()
            };
            let listen = string(&named("env", "CATALYST_METRICS_LISTEN"), "value");
            let port = string(&named("ports", "metrics"), "containerPort");
            assert_eq!(listen, format!("0.0.0.0:{port}"));
            looked += 1;
        }
    }
    assert_eq!(looked, 4, "server and worker, of the chart and of its Blueprint");
}

#[test]
fn a_misspelt_switch_is_refused() {
    for (name, values) in [
        ("catalyst", "observability: {enable: true}\n"),
        ("bp-catalyst-platform", "catalyst: {observability: {enabled: \"yes\"}}\n"),
    ] {
        let chart = book::all().into_iter().find(|chart| chart.name == name).expect("there");
        let file = render::scratch("refused").join(format!("observability-{name}.yaml"));
        fs::write(&file, values).expect("written");
        let files = [chart.folder.join("tests/default.yaml"), file];
        let error = render::template(&chart, &render::prepared(&chart), &files).expect_err("refused");
        assert!(error.contains("observability"), "{name}: {error}");
    }
}
