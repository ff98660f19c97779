//! Every Application's repository, written by the Git adapter, checked out, and given to the strict
//! Kubernetes schemas and to kustomize.

use adapters::git::{Branches, CommitMeta, GitStore as _, LocalGitStore};
use domain::delivery::{ApplicationSpec, Branch, Environment, branches, deliverable, namespace};
use std::path::{Path, PathBuf};
use std::process::Command;

const KUBERNETES: &str = "1.33";
/// A word that careless YAML turns into a boolean.
const ORGANIZATION: &str = "yes";

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn spec(app: &str) -> ApplicationSpec {
    ApplicationSpec {
        organization_slug: ORGANIZATION.to_owned(),
        organization_name: "\"Acme\": {}\n--- # 'x'".to_owned(),
        app_slug: app.to_owned(),
        app_name: app.to_owned(),
        blueprint_version: "1.0.0".to_owned(),
        plan_slug: "m".to_owned(),
        ram_mb: 512,
        cpu_milli: 500,
        disk_gb: 10,
        domain: "apps.example.com".to_owned(),
    }
}

fn meta() -> CommitMeta {
    CommitMeta {
        author_name: "Catalyst".to_owned(),
        author_email: "platform@catalyst.example".to_owned(),
        co_author: None,
        job_id: "1".to_owned(),
        time: time::OffsetDateTime::from_unix_timestamp(1_790_000_000).expect("a time"),
        message: "Install".to_owned(),
    }
}

fn find_on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn find_validator() -> PathBuf {
    let named = std::env::var_os("CATALYST_KUBERNETES_VALIDATE").map(PathBuf::from);
    let tool = ".tools/venv/bin/kubernetes-validate";
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join(tool));
    let found = match named {
        Some(path) => Some(path).filter(|path| path.is_file()),
        None => above.into_iter().find(|path| path.is_file()).or_else(|| find_on_path("kubernetes-validate")),
    };
    found.expect(
        "kubernetes-validate is missing: `scripts/setup test` installs it, \
         or CATALYST_KUBERNETES_VALIDATE names it",
    )
}

/// Runs the program and gives its output; panics with all that it said when it fails.
fn run(program: &Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}:\n{said}", program.display(), args.join(" "));
    said.into_owned()
}

/// Delivers and checks out every Application; gives the checkouts with their slugs.
async fn deliver_all(root: &Path) -> Vec<(&'static str, PathBuf)> {
    let store = LocalGitStore::new(root.join("git"));
    let mut checkouts = Vec::new();
    for app in deliverable() {
        let wanted = Branches { branches: branches(&spec(app)).expect(app) };
        let delivered = store.deliver(ORGANIZATION, app, &meta(), &wanted).await.expect(app);
        for branch in Branch::ALL {
            let head = store.head(ORGANIZATION, app, branch.name()).await.expect("a head");
            assert_eq!(head.as_deref(), Some(delivered.main_commit.as_str()), "{app} {}", branch.name());
        }
        let checkout = root.join("checkouts").join(app);
        let from = root.join("git").join(delivered.repository.to_string()).display().to_string();
        let to = checkout.display().to_string();
        run(Path::new("git"), &["clone", "--quiet", &from, &to]);
        for (path, content) in &wanted.branches[0].1 {
            assert_eq!(&std::fs::read_to_string(checkout.join(path)).expect(path), content, "{app} {path}");
        }
        checkouts.push((app, checkout));
    }
    checkouts
}

/// The schemas know the built-in kinds; of a kind that they do not know the program only warns.
fn validate(validator: &Path, files: &[PathBuf]) {
    let files: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let mut args = vec!["--strict", "-k", KUBERNETES];
    args.extend(files.iter().map(String::as_str));
    let said = run(validator, &args);
    let passed = said.lines().filter(|line| line.contains(" passed ")).count();
    assert_eq!(passed, files.len(), "not every manifest was checked:\n{said}");
}

fn is_custom(manifest: &str) -> bool {
    manifest.lines().any(|line| line == "kind: ExternalSecret" || line == "kind: Kustomization")
}

#[tokio::test]
async fn every_manifest_of_every_application_is_accepted() {
    let validator = find_validator();
    let root = Folder(std::env::temp_dir().join(format!("catalyst-manifests-{}", std::process::id())));
    let checkouts = deliver_all(&root.0).await;

    let mut manifests = Vec::new();
    for (app, checkout) in &checkouts {
        let before = manifests.len();
        for entry in std::fs::read_dir(checkout.join("base")).expect("the base") {
            let path = entry.expect("an entry").path();
            if !is_custom(&std::fs::read_to_string(&path).expect("a manifest")) {
                manifests.push(path);
            }
        }
        assert!(manifests.len() - before >= 6, "{app} has too few objects");
    }
    validate(&validator, &manifests);
    println!("{} manifests of {} Applications accepted", manifests.len(), checkouts.len());

    let Some(kubectl) = find_on_path("kubectl") else {
        println!("kubectl is not on this machine: the overlays are not built");
        return;
    };
    let mut built = Vec::new();
    for (app, checkout) in &checkouts {
        let resources = std::fs::read_to_string(checkout.join("base/kustomization.yaml")).expect("the base");
        let resources = resources.lines().filter(|line| line.ends_with(".yaml")).count();
        for environment in Environment::ALL {
            let overlay = checkout.join("overlays").join(environment.name());
            let objects = run(&kubectl, &["kustomize", &overlay.display().to_string()]);
            let objects: Vec<&str> = objects.split("---\n").collect();
            assert_eq!(objects.len(), resources, "{app} {}", environment.name());
            let line = format!("\n  namespace: {}\n", namespace(ORGANIZATION, environment));
            for (number, object) in objects.iter().enumerate() {
                assert!(object.contains(&line), "{app}: an object outside of its Environment\n{object}");
                if !is_custom(object) {
                    let name = format!("{app}-{}-{number}.yaml", environment.name());
                    let path = root.0.join(name);
                    std::fs::write(&path, object).expect("a built manifest");
                    built.push(path);
                }
            }
        }
    }
    validate(&validator, &built);
    println!("{} manifests of the overlays accepted", built.len());
}
