//! charts/guard, tried on made-up charts: a whole one passes, every kind of hollow one does not.

use std::{fs, path::Path, path::PathBuf, process::Command};

use crate::{book, render};

fn guard(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(book::charts().join("guard"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it runs");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

const WRAPPER: &str = "apiVersion: v2\nname: bp-made-up\nversion: 1.0.0\ndependencies:\n  - name: inner\n    version: 2.3.4\n    repository: https://charts.invalid\n";
const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: inner\n";

/// A folder with the made-up wrapper in `chart`; `inner` is the version of the dependency that is inside.
fn made_up(name: &str, inner: Option<&str>, template: bool) -> PathBuf {
    let folder = render::scratch("guard").join(name);
    fs::remove_dir_all(&folder).ok();
    write(folder.join("chart/Chart.yaml"), WRAPPER);
    if let Some(version) = inner {
        let chart = format!("apiVersion: v2\nname: inner\nversion: {version}\n");
        write(folder.join("chart/charts/inner/Chart.yaml"), &chart);
        if template {
            write(folder.join("chart/charts/inner/templates/object.yaml"), OBJECT);
        }
    }
    folder
}

fn package(folder: &Path) {
    let output =
        render::helm().arg("package").arg(folder.join("chart")).arg("-d").arg(folder).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_whole_chart_and_its_package_pass() {
    let folder = made_up("whole", Some("2.3.4"), true);
    assert_eq!(guard(&folder, &["chart"]), (true, "whole: chart\n".to_owned()));
    package(&folder);
    assert!(guard(&folder, &["chart", "bp-made-up-1.0.0.tgz"]).0);
    // From any folder, with paths relative to it.
    assert!(guard(&folder.join("chart"), &[".", "../bp-made-up-1.0.0.tgz"]).0);
}

#[test]
fn a_dependency_packed_as_an_archive_counts() {
    let folder = made_up("archive", Some("2.3.4"), true);
    let inside = folder.join("chart/charts");
    let output = render::helm()
        .arg("package")
        .arg(inside.join("inner"))
        .arg("-d")
        .arg(&inside)
        .output()
        .expect("runs");
    assert!(output.status.success());
    fs::remove_dir_all(inside.join("inner")).expect("removed");
    assert!(inside.join("inner-2.3.4.tgz").exists());
    assert!(guard(&folder, &["chart"]).0);
}

#[test]
fn a_chart_without_its_dependency_is_refused() {
    let folder = made_up("missing", None, false);
    let (passed, text) = guard(&folder, &["chart"]);
    assert!(!passed && text.contains("lacks its dependency inner 2.3.4"), "{text}");
}

#[test]
fn a_dependency_of_another_version_is_refused() {
    let folder = made_up("other", Some("2.3.5"), true);
    let (passed, text) = guard(&folder, &["chart"]);
    assert!(!passed && text.contains("2.3.5 instead of 2.3.4"), "{text}");
}

#[test]
fn a_dependency_with_nothing_in_it_is_refused() {
    let folder = made_up("empty", Some("2.3.4"), false);
    let (passed, text) = guard(&folder, &["chart"]);
    assert!(!passed && text.contains("nothing is in it"), "{text}");
}

#[test]
fn a_hollow_package_of_a_whole_folder_is_refused() {
    let folder = made_up("hollow", Some("2.3.4"), true);
    // What was once published: the same chart, packed without what it depends on.
    let hollow = folder.join("hollow/bp-made-up");
    write(hollow.join("Chart.yaml"), WRAPPER);
    write(hollow.join("values.yaml"), "inner: {}\n");
    let output = Command::new("tar")
        .args(["-czf", "hollow.tgz", "-C", "hollow", "bp-made-up"])
        .current_dir(&folder)
        .status()
        .expect("tar runs");
    assert!(output.success());
    let (passed, text) = guard(&folder, &["chart", "hollow.tgz"]);
    assert!(!passed && text.contains("package lacks its dependency"), "{text}");
}

#[test]
fn no_dependency_needs_the_annotation_and_a_template() {
    let folder = render::scratch("guard").join("none");
    fs::remove_dir_all(&folder).ok();
    let plain = "apiVersion: v2\nname: bp-none\nversion: 1.0.0\n";
    let said = format!("{plain}annotations:\n  catalyst.openova.io/no-upstream: \"true\"\n");
    write(folder.join("chart/Chart.yaml"), plain);
    let (passed, text) = guard(&folder, &["chart"]);
    assert!(!passed && text.contains("no annotation"), "{text}");
    write(folder.join("chart/Chart.yaml"), &said);
    let (passed, text) = guard(&folder, &["chart"]);
    assert!(!passed && text.contains("neither a dependency nor a template"), "{text}");
    write(folder.join("chart/templates/object.yaml"), OBJECT);
    assert!(guard(&folder, &["chart"]).0);
    write(
        folder.join("chart/Chart.yaml"),
        &(said + &WRAPPER[WRAPPER.find("dependencies").expect("there")..]),
    );
    let (passed, text) = guard(&folder, &["chart"]);
    assert!(!passed && text.contains("says that it has none"), "{text}");
}

#[test]
fn each_of_our_charts_is_whole_once_its_dependencies_are_inside() {
    for chart in book::all() {
        let folder = render::prepared(&chart);
        let (passed, text) = guard(&folder, &["."]);
        assert!(passed, "{text}");
        if !chart.dependencies().is_empty() {
            let bare = chart.folder.clone();
            assert!(!guard(&bare, &["."]).0, "{}: the bare folder passed", chart.name);
        }
    }
}

#[test]
fn preparing_twice_fetches_nothing() {
    let folder = made_up("prepared", Some("2.3.4"), true);
    // No helm on the PATH: whatever it did would fail.
    let output = Command::new(book::charts().join("prepare"))
        .arg(folder.join("chart"))
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("there already"));
}
