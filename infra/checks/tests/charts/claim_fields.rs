//! Compositions and the claims that they are made for know the same fields.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    book,
    claims::{definitions, folder, samples},
};

/// A definition in the schema's form, and no field beside those that it names.
fn schema(kind: &str) -> Value {
    let all = serde_json::to_value(definitions()).expect("JSON");
    let definition = &all.as_object().expect("a map").iter().find(|(name, _)| name.to_lowercase() == kind);
    let definition = definition.unwrap_or_else(|| panic!("{kind} is not defined")).1;
    closed(&json!({"type": "object", "required": definition["required"], "properties": definition["spec"]}))
}

/// The API server takes unknown fields away without a word; here they are faults.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut map: serde_json::Map<_, _> =
                map.iter().map(|(key, inner)| (key.clone(), closed(inner))).collect();
            if map.contains_key("properties") && map.get("type") == Some(&json!("object")) {
                map.insert("additionalProperties".to_owned(), json!(false));
            }
            Value::Object(map)
        }
        Value::Array(list) => list.iter().map(closed).collect(),
        other => other.clone(),
    }
}

/// The schema of what stands at this path; `[]` goes into a list.
fn field<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(schema, |schema, step| match step {
        "[]" => schema.get("items"),
        step => schema["properties"]
            .get(step)
            .or_else(|| schema.get("additionalProperties").filter(|one| one.is_object())),
    })
}

/// The path of fields at the beginning of a text.
fn path(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(text.len());
    text[..end].trim_matches('.')
}

/// Every path of the claim that a composition reads: by `$spec`, by a variable that stands for a part of it, by the
/// dot inside a `range` or `with` over a part of it, by `dig`.
fn read(template: &str) -> BTreeSet<String> {
    let mut names = vec![("$spec".to_owned(), String::new())];
    let mut found = BTreeSet::new();
    let mut dots: Vec<Option<String>> = Vec::new();
    for action in template.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
        let action = action.trim_matches(['-', ' ']);
        if action.starts_with("/*") {
            continue;
        }
        let part = action.split_once("$spec.").map(|(_, rest)| path(rest).to_owned());
        let ranges = action.starts_with("range ");
        if let Some((name, of)) = action.split_once(":= $spec.") {
            let name = name.trim().rsplit([' ', ',']).next().expect("a name").to_owned();
            names.push((name, if ranges { format!("{}.[]", path(of)) } else { path(of).to_owned() }));
        }
        if let Some(rest) =
            action.split_once("dig ").filter(|_| action.contains(" $spec ")).map(|(_, rest)| rest)
        {
            let mut steps: Vec<&str> = rest.split('"').skip(1).step_by(2).collect();
            steps.pop();
            found.insert(steps.join("."));
        }
        for (name, of) in &names {
            for rest in action.split(&format!("{name}.")).skip(1) {
                found.insert(format!("{of}.{}", path(rest)).trim_matches('.').to_owned());
            }
        }
        if let Some(Some(dot)) = dots.last() {
            for rest in action.split([' ', '(']).filter_map(|word| word.strip_prefix('.')) {
                found.insert(format!("{dot}.{}", path(rest)).trim_end_matches('.').to_owned());
            }
        }
        match action.split(' ').next() {
            Some("range") => {
                dots.push(part.filter(|_| !action.contains(":=")).map(|part| format!("{part}.[]")))
            }
            Some("with") => dots.push(part),
            Some("if") => dots.push(dots.last().cloned().flatten()),
            Some("end") => drop(dots.pop().expect("something is open")),
            _ => {}
        }
    }
    assert!(dots.is_empty(), "{dots:?} is left open");
    found
}

#[test]
fn compositions_read_only_what_a_claim_may_say() {
    for (kind, _) in samples() {
        let schema = schema(kind);
        let text = book::text(&folder().join(format!("files/compositions/{kind}.gotmpl")));
        let paths = read(&text);
        assert!(paths.len() > 2, "{kind}: only {paths:?}");
        for path in paths {
            assert!(field(&schema, &path).is_some(), "{kind}: a claim has no {path}");
        }
    }
}

#[test]
fn whatever_a_claim_may_say_changes_something() {
    // There is one provider; the field is for the second.
    let idle = [("region", "provider")];
    for (kind, _) in samples() {
        let schema = schema(kind);
        let text = book::text(&folder().join(format!("files/compositions/{kind}.gotmpl")));
        let paths = read(&text);
        for name in schema["properties"].as_object().expect("fields").keys() {
            let used = paths.iter().any(|path| path.split('.').next() == Some(name));
            assert_eq!(used, !idle.contains(&(kind, name.as_str())), "{kind}: {name}");
        }
    }
}

#[test]
fn the_claims_of_these_tests_are_claims() {
    for (kind, spec) in samples() {
        let spec: Value = serde_yaml_ng::from_str(&spec).expect("YAML");
        let validator = jsonschema::validator_for(&schema(kind)).expect("a schema");
        let faults: Vec<_> =
            validator.iter_errors(&spec).map(|fault| format!("{} {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{kind}: {faults:?}");
    }
}

#[test]
fn an_unknown_field_in_a_composition_is_found() {
    let paths = read(
        "{{- range $i, $one := $spec.targets }}{{ $one.typo }}{{ end }}{{ with $spec.regionRef }}{{ .nam }}{{ end }}{{ $spec.regon }}",
    );
    let unknown: Vec<_> =
        paths.iter().filter(|path| field(&schema("loadbalancer"), path).is_none()).collect();
    assert_eq!(unknown, ["regionRef.nam", "regon", "targets.[].typo"]);
}
