//! Routes and challenges join a Gateway that takes them.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::{
    book::{at, string},
    render::{Rendering, all, described},
};

fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_sequence).map_or(&[], Vec::as_slice)
}

fn of_kind<'a>(rendering: &'a Rendering, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    rendering.objects.iter().filter(move |object| string(object, "kind") == kind)
}

/// The listeners of each Gateway by namespace and name, as each variant of the chart has them.
fn variants() -> Vec<BTreeMap<(String, String), &'static [Value]>> {
    let gateways = |rendering| {
        of_kind(rendering, "Gateway").map(|gateway| {
            let name = (string(gateway, "metadata.namespace"), string(gateway, "metadata.name"));
            (name, list(gateway, "spec.listeners"))
        })
    };
    all().iter().filter(|one| one.chart == "bp-gateway").map(|one| gateways(one).collect()).collect()
}

/// The Gateway that a reference names.
fn named(parent: &Value, own: &str) -> (String, String) {
    let namespace = parent.get("namespace").and_then(Value::as_str).unwrap_or(own);
    (namespace.to_owned(), string(parent, "name"))
}

/// Cilium 1.16 takes a route from a listener without a hostname when a listener of the same Gateway has a
/// hostname that fits, whatever its protocol, and makes nothing of a Gateway while a certificate is missing.
#[test]
fn challenges_and_the_redirect_join_a_gateway_without_tls() {
    let mut parents = Vec::new();
    for rendering in all() {
        for issuer in of_kind(rendering, "ClusterIssuer") {
            for solver in list(issuer, "spec.acme.solvers") {
                let wanted = list(solver, "http01.gatewayHTTPRoute.parentRefs");
                parents.extend(wanted.iter().map(|parent| (parent, described(rendering, issuer))));
            }
        }
        for route in of_kind(rendering, "HTTPRoute") {
            if string(route, "metadata.name") == "https-redirect" {
                let wanted = list(route, "spec.parentRefs");
                parents.extend(wanted.iter().map(|parent| (parent, described(rendering, route))));
            }
        }
    }
    assert!(parents.len() >= 8, "only {}", parents.len());
    for gateways in variants() {
        for (parent, who) in &parents {
            let [listener] = gateways[&named(parent, "gateway-system")] else {
                panic!("{who}: its Gateway has other listeners")
            };
            assert_eq!(listener["name"], parent["sectionName"], "{who}");
            assert_eq!(string(listener, "protocol"), "HTTP", "{who}");
            assert_eq!(string(listener, "allowedRoutes.namespaces.from"), "All", "{who}");
            assert_eq!(listener.get("hostname"), None, "{who}");
        }
    }
}

#[test]
fn every_route_joins_a_listener_that_takes_it() {
    let mut joined = BTreeSet::new();
    for (rendering, gateways) in
        all().iter().flat_map(|one| variants().into_iter().map(move |all| (one, all)))
    {
        for route in of_kind(rendering, "HTTPRoute") {
            let who = described(rendering, route);
            let own = string(route, "metadata.namespace");
            for parent in list(route, "spec.parentRefs") {
                let listener = gateways
                    .get(&named(parent, &own))
                    .and_then(|all| all.iter().find(|one| one["name"] == parent["sectionName"]))
                    .unwrap_or_else(|| panic!("{who}: nothing listens as {parent:?}"));
                if string(listener, "allowedRoutes.namespaces.from") == "Selector" {
                    let selector = at(listener, "allowedRoutes.namespaces.selector");
                    let [expression] = selector.map_or(&[][..], |one| list(one, "matchExpressions")) else {
                        panic!("{who}: one expression")
                    };
                    assert!(list(expression, "values").contains(&own.as_str().into()), "{who}: {own}");
                }
                if let Some(under) = listener.get("hostname").and_then(Value::as_str) {
                    let hosts = list(route, "spec.hostnames");
                    let fits = |host: &Value| host.as_str().is_some_and(|host| host.ends_with(&under[1..]));
                    assert!(!hosts.is_empty() && hosts.iter().all(fits), "{who}: {hosts:?} under {under}");
                }
                joined.insert((own.clone(), string(parent, "sectionName")));
            }
        }
    }
    assert!(joined.len() >= 4, "only {joined:?}");
}

/// In host network mode each Gateway listens by itself.
#[test]
fn no_port_belongs_to_two_gateways() {
    for gateways in variants() {
        let ports = |listeners: &[Value]| -> BTreeSet<_> {
            listeners.iter().map(|listener| listener["port"].as_u64()).collect()
        };
        let each: Vec<_> = gateways.values().map(|listeners| ports(listeners)).collect();
        let together: BTreeSet<_> = each.iter().flatten().collect();
        assert_eq!(together.len(), each.iter().map(BTreeSet::len).sum::<usize>(), "{gateways:?}");
        assert_eq!(together, [Some(31080), Some(31443)].iter().collect());
    }
}
