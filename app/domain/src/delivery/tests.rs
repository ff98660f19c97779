use super::*;
use serde_json::Value as Json;
use std::path::PathBuf;

const CATALOG: &str = include_str!("../../seed/catalog.json");

fn spec(app: &str) -> ApplicationSpec {
    ApplicationSpec {
        organization_slug: "acme".to_owned(),
        organization_name: "Acme Trading".to_owned(),
        app_slug: app.to_owned(),
        app_name: app.to_owned(),
        blueprint_version: "1.0.0".to_owned(),
        plan_slug: "m".to_owned(),
        ram_mb: 256,
        cpu_milli: 250,
        disk_gb: 5,
        domain: "apps.example.com".to_owned(),
    }
}

fn render(spec: &ApplicationSpec) -> Files {
    files(spec, Branch::Main).expect("the Application is rendered")
}

fn read(files: &Files, path: &str) -> Json {
    serde_yaml_ng::from_str(&files[path]).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every object of the repository with its path.
fn objects(files: &Files) -> Vec<(String, Json)> {
    let yaml = files.keys().filter(|path| path.ends_with(".yaml"));
    yaml.map(|path| (path.clone(), read(files, path))).collect()
}

fn visit(value: &Json, act: &mut impl FnMut(&str, &Json)) {
    match value {
        Json::Object(fields) => {
            for (key, value) in fields {
                act(key, value);
                visit(value, act);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| visit(item, act)),
        _ => {}
    }
}

#[test]
fn a_whole_repository_is_as_recorded() {
    let mut text = String::new();
    let mut spec = spec("listmonk");
    spec.app_name = "listmonk".to_owned();
    (spec.ram_mb, spec.cpu_milli, spec.disk_gb) = (256, 200, 2);
    for (path, content) in render(&spec) {
        text.push_str(&format!("=== {path}\n{content}"));
    }
    let snapshot = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/delivery/snapshots/listmonk.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&snapshot, &text).expect("the snapshot is written");
    }
    let recorded = std::fs::read_to_string(&snapshot).expect("UPDATE_SNAPSHOTS=1 records the snapshot");
    assert_eq!(
        text, recorded,
        "UPDATE_SNAPSHOTS=1 cargo test -p domain --features db records a wanted change"
    );
}

#[test]
fn what_the_catalog_offers_is_what_can_be_delivered() {
    let catalog: Json = serde_json::from_str(CATALOG).expect("the catalog is JSON");
    let apps = catalog["apps"].as_array().expect("apps");
    for app in apps {
        let slug = app["slug"].as_str().expect("slug");
        assert_eq!(app["deployable"].as_bool(), Some(is_deliverable(slug)), "{slug}");
        if let Some(Blueprint::App(facts)) = find_blueprint(slug) {
            let engine: Vec<&str> = facts.engine.iter().map(|engine| engine.facts().slug).collect();
            assert_eq!(app["dependencies"], serde_json::json!(engine), "{slug}");
        }
        if let Some(Blueprint::Service(engine)) = find_blueprint(slug) {
            let facts = engine.facts();
            let sizes = [facts.ram_mb, facts.cpu_milli, facts.disk_gb];
            let catalog = [&app["ram_mb"], &app["cpu_milli"], &app["disk_gb"]];
            assert_eq!(serde_json::json!(sizes), serde_json::json!(catalog), "{slug}");
        }
    }
    assert_eq!(deliverable().len(), 16);
}

#[test]
fn every_deliverable_application_renders_the_same_on_every_branch() {
    for slug in deliverable() {
        let rendered = branches(&spec(slug)).expect(slug);
        let names: Vec<&str> = rendered.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["develop", "staging", "main"]);
        for (branch, files) in &rendered {
            assert_eq!(files, &rendered[0].1, "{slug} {branch}");
            for path in
                ["README.md", "app.yaml", "base/kustomization.yaml", "overlays/prod/kustomization.yaml"]
            {
                assert!(files.contains_key(path), "{slug} has no {path}");
            }
            let listed = read(files, "base/kustomization.yaml");
            for resource in listed["resources"].as_array().expect("resources") {
                assert!(files.contains_key(&format!("base/{}", resource.as_str().expect("a name"))));
            }
        }
        assert_eq!(render(&spec(slug)), render(&spec(slug)), "the same state gives the same files");
    }
}

#[test]
fn an_application_without_an_image_is_refused() {
    for slug in ["chatwoot", "erpnext", "unknown"] {
        let refused = files(&spec(slug), Branch::Main);
        assert_eq!(refused, Err(DeliveryError::NotDeployable(slug.to_owned())));
    }
}

#[test]
fn a_value_that_cannot_be_part_of_a_name_is_refused_by_its_field() {
    type Change = fn(&mut ApplicationSpec);
    let cases: [(&str, Change); 10] = [
        ("organization_slug", |s| s.organization_slug = "../acme".to_owned()),
        ("organization_slug", |s| s.organization_slug = "acme-".to_owned()),
        ("organization_slug", |s| s.organization_slug = "a".repeat(59)),
        ("app_slug", |s| s.app_slug = "Word Press".to_owned()),
        ("plan_slug", |s| s.plan_slug = "m\nx: 1".to_owned()),
        ("blueprint_version", |s| s.blueprint_version = "1.0 # x".to_owned()),
        ("domain", |s| s.domain = "apps..example".to_owned()),
        ("ram_mb", |s| s.ram_mb = 0),
        ("cpu_milli", |s| s.cpu_milli = -1),
        ("disk_gb", |s| s.disk_gb = i32::MAX),
    ];
    for (name, change) in cases {
        let mut spec = spec("wordpress");
        change(&mut spec);
        match files(&spec, Branch::Main) {
            Err(DeliveryError::Invalid { field, .. }) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn no_secret_is_in_any_file() {
    for slug in deliverable() {
        for (path, object) in objects(&render(&spec(slug))) {
            assert_ne!(object["kind"], "Secret", "{slug} {path}");
            visit(&object, &mut |key, value| {
                assert!(!["data", "stringData"].contains(&key) || !value.is_object(), "{slug} {path} {key}");
            });
            for variable in variables(&object) {
                let name = variable["name"].as_str().expect("a name").to_lowercase();
                let secret = ["pass", "secret", "token", "_key"].iter().any(|part| name.contains(part));
                if let (true, Some(value)) = (secret, variable["value"].as_str()) {
                    assert_eq!(value, "$(CATALYST_DATABASE_PASSWORD)", "{slug} {path} {name}");
                }
                assert!(variable.get("value").is_some() != variable.get("valueFrom").is_some());
            }
        }
    }
}

fn variables(object: &Json) -> Vec<Json> {
    let pod = &object["spec"]["template"]["spec"];
    let containers = ["initContainers", "containers"].iter().filter_map(|key| pod[key].as_array()).flatten();
    containers.filter_map(|container| container["env"].as_array().cloned()).flatten().collect()
}

#[test]
fn every_secret_key_that_is_read_is_referenced() {
    for slug in deliverable() {
        let files = render(&spec(slug));
        let mut read_keys: Vec<String> = Vec::new();
        for (_, object) in objects(&files) {
            for variable in variables(&object) {
                if let Some(key) = variable["valueFrom"]["secretKeyRef"]["key"].as_str() {
                    read_keys.push(key.to_owned());
                }
            }
        }
        read_keys.sort();
        read_keys.dedup();
        let Some(path) = files.keys().find(|path| path.ends_with("external-secret.yaml")) else {
            assert!(read_keys.is_empty(), "{slug}");
            continue;
        };
        let secret = read(&files, path);
        check_external_secret(slug, &secret);
        let data = secret["spec"]["data"].as_array().expect("data");
        let given: Vec<&str> = data.iter().filter_map(|entry| entry["secretKey"].as_str()).collect();
        assert_eq!(read_keys, given, "{slug}");
    }
}

/// The part of external-secrets.io/v1 that is used; the Kubernetes schemas do not know the kind.
fn check_external_secret(slug: &str, secret: &Json) {
    let keys = |value: &Json| {
        let mut keys: Vec<String> =
            value.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
        keys.sort();
        keys
    };
    assert_eq!(secret["apiVersion"], "external-secrets.io/v1");
    assert_eq!(secret["kind"], "ExternalSecret");
    assert_eq!(keys(&secret["spec"]), ["data", "refreshPolicy", "secretStoreRef", "target"]);
    assert!(["CreatedOnce", "Periodic", "OnChange"].iter().any(|p| secret["spec"]["refreshPolicy"] == *p));
    assert_eq!(keys(&secret["spec"]["secretStoreRef"]), ["kind", "name"]);
    assert_eq!(secret["spec"]["secretStoreRef"]["kind"], "SecretStore");
    assert_eq!(keys(&secret["spec"]["target"]), ["creationPolicy", "deletionPolicy", "name"]);
    assert_eq!(secret["spec"]["target"]["name"], format!("{slug}-credentials"));
    for entry in secret["spec"]["data"].as_array().expect("data") {
        assert_eq!(keys(entry), ["remoteRef", "secretKey"]);
        assert_eq!(keys(&entry["remoteRef"]), ["key", "property"]);
    }
}

#[test]
fn a_person_s_text_stays_data() {
    let hostile = [
        "Acme\"'`: {}",
        "x\nkind: Secret\n---\napiVersion: v1",
        "*anchor &ref !!binary | > %TAG # no",
        "\u{202e}evil\u{0}\u{7}\ttab\u{2028}line",
        "| [a](javascript:alert(1)) <script>",
        "yes",
        "",
    ];
    let plain = render(&spec("wordpress"));
    for name in hostile {
        let mut spec = spec("wordpress");
        spec.organization_name = name.to_owned();
        spec.app_name = name.to_owned();
        let files = render(&spec);
        let description = read(&files, "app.yaml");
        assert_eq!(description["organization"]["name"], name);
        assert_eq!(description["application"]["name"], name);
        for (path, content) in &files {
            if path != "app.yaml" && path != "README.md" {
                assert_eq!(content, &plain[path], "{name:?} changed {path}");
            }
        }
        let readme = &files["README.md"];
        assert_eq!(readme.lines().count(), plain["README.md"].lines().count(), "{name:?}");
        assert!(!readme.contains("<script>") && !readme.contains("](javascript"), "{readme}");
        assert!(!readme.contains('\u{202e}') && !readme.contains('\u{0}'));
    }
}

#[test]
fn a_slug_that_yaml_takes_for_something_else_is_quoted() {
    for slug in ["yes", "off", "null", "true", "y"] {
        let mut spec = spec("bookstack");
        spec.organization_slug = slug.to_owned();
        let files = render(&spec);
        let labels = &read(&files, "base/deployment.yaml")["metadata"]["labels"];
        assert_eq!(labels["catalyst.openova.io/organization"], slug);
        // Readers of YAML 1.1 take these for booleans when they stand without quotes.
        for content in files.values() {
            assert!(!content.contains(&format!("organization: {slug}\n")), "{slug} is not quoted");
        }
    }
}

#[test]
fn every_name_fits_a_dns_label() {
    for slug in deliverable() {
        let mut spec = spec(slug);
        spec.organization_slug = "o".repeat(58);
        for (path, object) in objects(&render(&spec)) {
            visit(&object, &mut |key, value| {
                let name = matches!(key, "name" | "namespace" | "claimName" | "serviceName" | "secretName");
                if let (true, Some(text)) = (name, value.as_str()) {
                    assert!(text.len() <= names::NAME_LENGTH, "{path}: {text}");
                }
            });
        }
    }
    let (one, two) = ("a".repeat(80), "a".repeat(81));
    let long = names::join_name(&[&one, "database"], 52);
    assert_eq!(long.len(), 52);
    assert_ne!(long, names::join_name(&[&two, "database"], 52));
    assert_eq!(names::database_name("cal-com"), "cal_com");
}

#[test]
fn organizations_with_overlapping_slugs_never_share_a_namespace_or_host() {
    let mut seen = std::collections::BTreeSet::new();
    for organization in ["acme", "acme-dev", "acme-stg", "acme-prod", "dev", "stg"] {
        let mut spec = spec("wordpress");
        spec.organization_slug = organization.to_owned();
        for environment in Environment::ALL {
            assert!(seen.insert(namespace(organization, environment)), "{organization}");
            assert!(seen.insert(host(&spec, environment)), "{organization}");
        }
    }
}

#[test]
fn every_container_is_confined() {
    for slug in deliverable() {
        for (path, object) in objects(&render(&spec(slug))) {
            let pod = &object["spec"]["template"]["spec"];
            if pod.is_null() {
                continue;
            }
            assert_eq!(pod["automountServiceAccountToken"], false, "{slug} {path}");
            assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
            let as_root = ["nocodb", "cal-com"].contains(&slug) && path == "base/deployment.yaml";
            assert_eq!(pod["securityContext"]["runAsNonRoot"], !as_root, "{slug} {path}");
            for key in ["initContainers", "containers"] {
                for container in pod[key].as_array().into_iter().flatten() {
                    let security = &container["securityContext"];
                    assert_eq!(security["allowPrivilegeEscalation"], false);
                    assert_eq!(security["capabilities"]["drop"], serde_json::json!(["ALL"]));
                    assert!(container["resources"]["limits"]["memory"].is_string());
                    let image = container["image"].as_str().expect("an image");
                    let (_, tag) = image.rsplit_once(':').expect("a tag");
                    assert!(tag != "latest" && tag.contains(|c: char| c.is_ascii_digit()), "{image}");
                }
            }
        }
    }
}

#[test]
fn variables_are_defined_before_they_are_expanded() {
    for slug in deliverable() {
        for (path, object) in objects(&render(&spec(slug))) {
            let pod = &object["spec"]["template"]["spec"];
            for container in
                ["initContainers", "containers"].iter().filter_map(|k| pod[k].as_array()).flatten()
            {
                let mut defined: Vec<&str> = Vec::new();
                for variable in container["env"].as_array().into_iter().flatten() {
                    for used in variable["value"].as_str().unwrap_or_default().split("$(").skip(1) {
                        let used = used.split(')').next().expect("a name");
                        assert!(defined.contains(&used), "{slug} {path}: {used}");
                    }
                    defined.push(variable["name"].as_str().expect("a name"));
                }
            }
        }
    }
}
