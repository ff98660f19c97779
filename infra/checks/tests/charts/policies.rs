//! What the policies admit and refuse. Kyverno itself is not to be had everywhere; this is as much of its language as
//! the policies of Blueprints use, read from its documentation: patterns, `deny`, and the two forms of their keys.

use serde_yaml_ng::Value;

use crate::{
    book::{self, at, string},
    render,
};

fn yaml(text: &str) -> Value {
    serde_yaml_ng::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// `*` stands for any text, `!` for anything else, `&` for both.
fn admits(pattern: &str, text: &str) -> bool {
    pattern.split(" & ").all(|one| match one.strip_prefix('!') {
        Some(other) => !wild(other, text),
        None => wild(one, text),
    })
}

fn wild(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|left| {
            (0..=left.len()).filter(|at| left.is_char_boundary(*at)).any(|at| wild(rest, &left[at..]))
        }),
    }
}

/// A list's one pattern holds for each element, and so for an empty list.
fn fits(pattern: &Value, found: Option<&Value>) -> bool {
    match (pattern, found) {
        (Value::Mapping(keys), Some(found @ Value::Mapping(_))) => keys.iter().all(|(key, pattern)| {
            let key = key.as_str().expect("a name");
            let inside = |anchor| key.strip_prefix(anchor).and_then(|rest| rest.strip_suffix(')'));
            match (inside("X("), inside("=(")) {
                (Some(absent), _) => found.get(absent).is_none(),
                (_, Some(optional)) => found.get(optional).is_none_or(|found| fits(pattern, Some(found))),
                _ => fits(pattern, found.get(key)),
            }
        }),
        (Value::Sequence(patterns), Some(Value::Sequence(list))) => {
            assert_eq!(patterns.len(), 1, "one pattern for a list");
            list.iter().all(|each| fits(&patterns[0], Some(each)))
        }
        (Value::String(pattern), Some(Value::String(text))) => admits(pattern, text),
        (Value::Mapping(_) | Value::Sequence(_) | Value::String(_), _) => false,
        (pattern, found) => panic!("{pattern:?} against {found:?} is not understood here"),
    }
}

/// `{{ PATH || '' }}` and ``{{ length(PATH || `[]`) }}``.
fn asked(expression: &str, object: &Value) -> Value {
    let inner =
        expression.strip_prefix("{{ ").and_then(|rest| rest.strip_suffix(" }}")).expect("an expression");
    let find = |path: &str| at(object, path.strip_prefix("request.object.").expect("of the object"));
    if let Some(list) = inner.strip_prefix("length(").and_then(|rest| rest.strip_suffix(" || `[]`)")) {
        return find(list).and_then(Value::as_sequence).map_or(0, Vec::len).into();
    }
    let path = inner.strip_suffix(" || ''").unwrap_or_else(|| panic!("{expression} is not understood here"));
    find(path).cloned().unwrap_or_else(|| "".into())
}

fn denied(rule: &Value, object: &Value) -> bool {
    let all = at(rule, "validate.deny.conditions.all").and_then(Value::as_sequence).expect("conditions");
    all.iter().all(|condition| {
        assert_eq!(string(condition, "operator"), "Equals");
        asked(&string(condition, "key"), object) == condition["value"]
    })
}

fn concerns(rule: &Value, object: &Value) -> bool {
    let name = format!("{}/{}", string(object, "apiVersion"), string(object, "kind"));
    let resources = &rule["match"]["any"][0]["resources"];
    let kinds = resources["kinds"].as_sequence().expect("kinds");
    let namespaces = resources.get("namespaces").and_then(Value::as_sequence);
    let kind = |kind: &str| if kind.contains('/') { wild(kind, &name) } else { name == format!("v1/{kind}") };
    kinds.iter().any(|one| kind(one.as_str().expect("a kind")))
        && namespaces.is_none_or(|list| list.contains(&object["metadata"]["namespace"]))
}

fn policy(name: &str) -> &'static Value {
    let charts =
        render::all().iter().find(|one| one.chart == "bp-kyverno-policies" && one.variant == "default");
    charts
        .and_then(|one| one.objects.iter().find(|one| string(one, "metadata.name") == name))
        .unwrap_or_else(|| panic!("{name} is not rendered"))
}

/// The rules about objects of Flux and about tags of images that refuse this one.
pub fn refused_by(object: &Value) -> Vec<String> {
    let rules = ["blueprints-are-signed", "images-are-pinned", "organizations-are-confined"]
        .map(|name| at(policy(name), "spec.rules").and_then(Value::as_sequence).expect("rules"));
    let mut refused = Vec::new();
    for rule in rules.into_iter().flatten().filter(|rule| concerns(rule, object)) {
        let validate = &rule["validate"];
        let admitted = if let Some(pattern) = validate.get("pattern") {
            fits(pattern, Some(object))
        } else if let Some(any) = validate.get("anyPattern").and_then(Value::as_sequence) {
            any.iter().any(|pattern| fits(pattern, Some(object)))
        } else {
            !denied(rule, object)
        };
        if !admitted {
            refused.push(string(rule, "name"));
        }
    }
    refused
}

/// The HelmChart of a Blueprint as the tree has it.
fn chart() -> Value {
    let tree = book::root().join("infra/clusters/_template/core");
    book::yaml(&tree.join("helmchart-bp-kyverno.yaml"))
}

pub fn with(mut object: Value, path: &[&str], value: &str) -> Value {
    let (last, above) = path.split_last().expect("a path");
    let place = above.iter().fold(&mut object, |value, step| &mut value[*step]);
    let map = place.as_mapping_mut().expect("a map");
    match value {
        "" => drop(map.remove(*last)),
        text => drop(map.insert((*last).into(), yaml(text))),
    }
    object
}

#[test]
fn a_chart_that_our_workflow_signed_is_admitted() {
    let key =
        with(chart(), &["spec", "verify"], "{provider: cosign, secretRef: {name: blueprint-signing-key}}");
    for good in [chart(), key] {
        assert_eq!(refused_by(&good), [""; 0], "{good:?}");
    }
}

#[test]
fn a_chart_that_anybody_might_have_signed_is_refused() {
    let pattern = &["charts-are-verified"][..];
    let identity = chart()["spec"]["verify"]["matchOIDCIdentity"][0].clone();
    let other =
        format!("[{}, {{issuer: '.*', subject: '.*'}}]", serde_json::to_string(&identity).expect("JSON"));
    for (path, value, by) in [
        (&["spec", "verify"][..], "", &["charts-are-verified", "signers-are-named"][..]),
        (&["spec", "verify"], "{provider: cosign}", &["charts-are-verified", "signers-are-named"]),
        (&["spec", "verify", "matchOIDCIdentity"], "[]", &["signers-are-named"]),
        (&["spec", "verify", "matchOIDCIdentity"], "[{issuer: '.*', subject: '.*'}]", pattern),
        (&["spec", "verify", "matchOIDCIdentity"], &other, pattern),
        (&["spec", "verify", "provider"], "notation", pattern),
        (&["spec", "verify", "secretRef"], "{name: my-own-key}", pattern),
        (&["spec", "sourceRef"], "{kind: GitRepository, name: blueprints}", pattern),
        (&["spec", "sourceRef"], "{kind: HelmRepository, name: somewhere-else}", pattern),
        (&["spec", "chart"], "nginx", pattern),
    ] {
        assert_eq!(refused_by(&with(chart(), path, value)), by, "{path:?}: {value}");
    }
}

#[test]
fn sources_are_ours_and_verified() {
    let helm = |url: &str, kind: &str| {
        yaml(&format!(
            "{{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, spec: {{type: {kind}, url: '{url}'}}}}"
        ))
    };
    assert_eq!(refused_by(&helm("oci://ghcr.io/openova-io", "oci")), [""; 0]);
    for (url, kind) in [
        ("oci://ghcr.io/openova-io-evil", "oci"),
        ("https://charts.example", "default"),
        ("oci://ghcr.io/openova-io", "default"),
    ] {
        assert_eq!(refused_by(&helm(url, kind)), ["repositories-are-ours"], "{url}");
    }
    let oci = |url: &str, verify: &str| {
        yaml(&format!(
            "{{apiVersion: source.toolkit.fluxcd.io/v1beta2, kind: OCIRepository, spec: {{url: '{url}', verify: {verify}}}}}"
        ))
    };
    let ours = "oci://ghcr.io/openova-io/bp-cnpg";
    let signed = serde_json::to_string(&chart()["spec"]["verify"]).expect("JSON");
    assert_eq!(refused_by(&oci(ours, &signed)), [""; 0]);
    let pattern = "oci-repositories-are-verified";
    assert_eq!(refused_by(&oci("oci://docker.io/library/x", &signed)), [pattern]);
    assert_eq!(refused_by(&oci(ours, "{provider: cosign, matchOIDCIdentity: []}")), ["signers-are-named"]);
    assert_eq!(refused_by(&oci(ours, "{provider: cosign, secretRef: {name: mine}}")), [pattern]);
    assert_eq!(refused_by(&oci(ours, "{}")), [pattern, "signers-are-named"]);
}

/// For a deletion Kyverno asks the old object what a condition asks of the new one: what is refused could not even
/// be removed. Patterns it does not hold against deletions.
#[test]
fn what_is_refused_can_be_deleted() {
    let mut denying = 0;
    for rendering in render::all().iter().filter(|one| one.chart == "bp-kyverno-policies") {
        for rule in rendering
            .objects
            .iter()
            .flat_map(|policy| at(policy, "spec.rules").and_then(Value::as_sequence).into_iter().flatten())
        {
            if at(rule, "validate.deny").is_some() {
                let operations = &rule["match"]["any"][0]["resources"]["operations"];
                assert_eq!(*operations, yaml("[CREATE, UPDATE]"), "{}", string(rule, "name"));
                denying += 1;
            }
        }
    }
    assert!(denying >= 4, "only {denying}");
}

#[test]
fn a_release_installs_what_was_verified() {
    let release = |spec: &str| {
        yaml(&format!("{{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, spec: {{{spec}}}}}"))
    };
    let inline = |source: &str, verify: &str| {
        release(&format!("chart: {{spec: {{chart: bp-x, sourceRef: {source}{verify}}}}}"))
    };
    let ours = "{kind: HelmRepository, name: blueprints}";
    let key = ", verify: {provider: cosign, secretRef: {name: blueprint-signing-key}}";
    for good in [release("chartRef: {kind: HelmChart, name: x}"), inline(ours, key)] {
        assert_eq!(refused_by(&good), [""; 0], "{good:?}");
    }
    for bad in [
        inline(ours, ""),
        inline(ours, ", verify: {provider: cosign}"),
        inline("{kind: GitRepository, name: blueprints}", key),
        inline("{kind: Bucket, name: x}", key),
        release("chartRef: {kind: GitRepository, name: x}"),
    ] {
        assert_eq!(refused_by(&bad), ["releases-are-verified"], "{bad:?}");
    }
}

#[test]
fn what_the_tree_applies_is_admitted() {
    let tree = book::root().join("infra/clusters/_template");
    for path in infra_checks::repository::files(&tree) {
        assert_eq!(refused_by(&book::yaml(&path)), [""; 0], "{}", path.display());
    }
}

#[test]
fn policies_refuse_and_do_not_only_report() {
    let mut looked = 0;
    for one in render::all().iter().filter(|one| one.chart == "bp-kyverno-policies") {
        let action = if one.variant == "audit" { "Audit" } else { "Enforce" };
        for policy in &one.objects {
            assert_eq!(string(policy, "spec.validationFailureAction"), action, "{}", one.variant);
            looked += 1;
        }
    }
    assert!(looked >= 20, "only {looked}");
}

#[test]
fn an_image_of_ours_runs_only_when_our_workflow_signed_it() {
    let verify = &policy("images-are-signed")["spec"]["rules"][0]["verifyImages"][0];
    let pattern = verify["imageReferences"][0].as_str().expect("a pattern");
    let ours = string(&book::lock(), "images.catalyst.repository");
    assert!(wild(pattern, &format!("{ours}:1.0.0")), "{pattern}");
    for flag in ["required", "verifyDigest", "mutateDigest"] {
        assert_eq!(verify[flag], Value::Bool(true), "{flag}");
    }
    let signer = &verify["attestors"][0]["entries"][0]["keyless"];
    assert_eq!(string(signer, "issuer"), "https://token.actions.githubusercontent.com");
    let subject = string(signer, "subject");
    let workflow = |owner| {
        wild(
            &subject,
            &format!(
                "https://github.com/{owner}/openova/.github/workflows/image-release.yml@refs/tags/v1.0.0"
            ),
        )
    };
    assert!(workflow("openova-io") && !workflow("somebody"), "{subject}");
}

#[test]
fn an_image_without_a_tag_or_with_the_latest_is_refused() {
    for (image, pinned) in [("x/y:1.2", true), ("x/y@sha256:00", true), ("x/y", false), ("x/y:latest", false)]
    {
        for place in ["containers", "initContainers"] {
            let pod = yaml("{apiVersion: v1, kind: Pod, spec: {containers: [{image: 'x:1'}]}}");
            let pod = with(pod, &["spec", place], &format!("[{{image: '{image}'}}]"));
            assert_eq!(refused_by(&pod).is_empty(), pinned, "{place}: {image}");
        }
    }
}

#[test]
fn no_service_takes_a_port_of_the_gateway() {
    let gateway = book::yaml(&book::charts().join("bp-gateway/values.yaml"));
    let conditions = &policy("gateway-ports-are-free")["spec"]["rules"][0]["validate"]["deny"]["conditions"];
    let ports = [&gateway["ports"]["http"], &gateway["ports"]["https"]].map(Value::clone);
    assert_eq!(conditions["any"][0]["value"], Value::from(ports.to_vec()));
}
