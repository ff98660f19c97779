use std::path::Path;

use super::{circles_of, floors, uses};
use crate::lint::sources::{Package, made_up, packages};

/// The circles of a package `app/ui` with these files.
fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let package = made_up::package("app/ui", files);
    circles_of(&package, &uses::of(&package))
}

/// `from → to name` of each use.
fn arrows(files: &[(&str, &str)]) -> Vec<String> {
    let package = made_up::package("app/ui", files);
    let file =
        |at: usize| package.modules[at].file.strip_prefix("app/ui/src").unwrap_or(Path::new("")).display();
    uses::of(&package)
        .iter()
        .map(|one| format!("{} → {} {}", file(one.from), file(one.to), one.name))
        .collect()
}

const NONE: [&str; 0] = [];

/// Holds a rule over every package there is.
fn of_this_repository(rule: impl Fn(&Package) -> Vec<String>) {
    let mut found = Vec::new();
    for package in packages().expect("packages") {
        match package.read() {
            Ok(package) => found.extend(rule(&package)),
            Err(error) => found.push(format!("{error:#}")),
        }
    }
    assert!(found.is_empty(), "against the rule:\n{}", found.join("\n"));
}

#[test]
fn the_modules_of_this_repository_form_no_circle() {
    of_this_repository(|package| circles_of(package, &uses::of(package)));
}

#[test]
fn the_program_of_this_repository_stands_on_its_floors() {
    of_this_repository(|package| floors::faults(package, &uses::of(package)));
}

#[test]
fn neighbours_that_use_each_other_are_a_circle_however_deep_it_lies() {
    let found = circles(&[
        ("lib.rs", "mod orders; mod access; mod text;"),
        ("text.rs", "pub struct Text;"),
        ("access.rs", "use crate::text::Text;\nuse crate::orders::{store::{Row}};"),
        ("orders/mod.rs", "pub mod store;"),
        ("orders/store.rs", "pub struct Row;\nfn f(may: &super::super::access::May) {}"),
    ]);
    assert_eq!(
        found,
        ["app/ui/src: a circle, orders/ → access.rs → orders/ (app/ui/src/orders/store.rs:2 \
          super::super::access::May; app/ui/src/access.rs:2 crate::orders::store::Row)"]
    );
}

#[test]
fn a_circle_of_three_says_each_of_its_arrows() {
    let found = circles(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod x; mod y; mod z;"),
        ("a/x.rs", "use super::y;\nfn f() { y::f() }"),
        ("a/y.rs", "pub fn f() { crate::a::z::f() }"),
        ("a/z.rs", "use super::x::{self as last};\npub fn f() { last::f() }"),
    ]);
    assert_eq!(
        found,
        ["app/ui/src/a: a circle, x.rs → y.rs → z.rs → x.rs (app/ui/src/a/x.rs:2 y::f; app/ui/src/a/y.rs:1 \
          crate::a::z::f; app/ui/src/a/z.rs:2 last::f)"]
    );
}

#[test]
fn a_parent_and_its_own_files_may_use_one_another() {
    let found = circles(&[
        ("lib.rs", "mod jobs;"),
        ("jobs/mod.rs", "mod store; pub struct Job; fn f() { store::insert(Job) }"),
        ("jobs/store.rs", "use super::Job;\npub(super) fn insert(job: Job) {}"),
    ]);
    assert_eq!(found, NONE);
}

#[test]
fn the_root_of_a_crate_may_not_use_who_needs_it() {
    let root = "mod jobs; use jobs::Jobs;\npub struct App(Jobs);";
    let jobs = ("jobs.rs", "use crate::App;\npub struct Jobs;");
    assert_eq!(
        circles(&[("lib.rs", root), jobs]),
        [
            "app/ui/src: a circle, lib.rs → jobs.rs → lib.rs (app/ui/src/lib.rs:1 jobs::Jobs; app/ui/src/jobs.rs:1 \
          crate::App)"
        ]
    );
    assert_eq!(circles(&[("lib.rs", "mod jobs; pub use jobs::Jobs; pub struct App;"), jobs]), NONE);
}

#[test]
fn a_name_that_is_passed_on_belongs_to_who_defines_it() {
    let found = arrows(&[
        (
            "lib.rs",
            "mod error; mod money; mod page; pub use error::{Error, kinds::*}; pub(crate) use page::page;",
        ),
        ("error.rs", "pub mod kinds; pub struct Error;"),
        ("error/kinds.rs", "pub struct Kind;"),
        ("page.rs", "pub(crate) fn page() {}"),
        ("money.rs", "use crate::{Error, Kind, other::Unknown};\nfn f() { crate::page() }"),
    ]);
    assert_eq!(
        found,
        [
            "money.rs → error.rs crate::Error",
            "money.rs → error/kinds.rs crate::Kind",
            "money.rs → lib.rs crate::other::Unknown",
            "money.rs → page.rs crate::page",
        ]
    );
}

#[test]
fn who_passes_on_what_is_not_its_own_is_used_too() {
    let found = arrows(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub struct Name;"),
        ("b.rs", "pub use crate::a::Name;"),
        ("c.rs", "use crate::b::Name;"),
    ]);
    assert_eq!(
        found,
        ["b.rs → a.rs crate::a::Name", "c.rs → b.rs crate::b::Name", "c.rs → a.rs crate::b::Name"]
    );
}

#[test]
fn a_parent_that_uses_what_it_passes_on_uses_the_child() {
    let found = arrows(&[
        ("lib.rs", "mod names; pub use names::Name; pub fn greet(name: &Name) {}"),
        ("names.rs", "pub struct Name;"),
    ]);
    assert_eq!(found, ["lib.rs → names.rs Name"]);
}

#[test]
fn paths_in_macros_and_attributes_are_seen() {
    let found = arrows(&[
        ("lib.rs", "mod cards; mod money; mod form; mod deep;"),
        (
            "cards.rs",
            "use crate::money;\nfn f() { view! { <p>{money::spell(&a.form)}</p> <crate::form::Form/> } }",
        ),
        ("form.rs", "#[derive(crate::money::Sum)] pub struct Form;"),
        ("money.rs", "macro_rules! sum { () => { $crate::deep::sum() } }\npub fn spell() {}"),
        ("deep.rs", ""),
    ]);
    assert_eq!(
        found,
        [
            "cards.rs → money.rs money::spell",
            "cards.rs → form.rs crate::form::Form",
            "money.rs → deep.rs crate::deep::sum",
            "form.rs → money.rs crate::money::Sum",
        ]
    );
}

#[test]
fn a_macro_that_reaches_downwards_by_its_bare_name_is_used_there() {
    let found = arrows(&[
        ("lib.rs", "mod words;"),
        ("words.rs", "macro_rules! words { () => {} }\nmod mail;"),
        ("words/mail.rs", "words! {}\nfn f(words: u8) { g(words) }"),
    ]);
    assert_eq!(found, ["words/mail.rs → words.rs words!"]);
}

#[test]
fn all_of_a_module_stands_for_what_is_used_of_it() {
    let found = arrows(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::*;\nfn f(one: One, other: Other) {}"),
        ("b.rs", "pub struct One; pub struct Two;"),
    ]);
    assert_eq!(found, ["a.rs → b.rs One"]);
}

#[test]
fn a_module_without_a_file_is_part_of_its_file() {
    let found = arrows(&[
        ("lib.rs", "mod server; mod pages;"),
        (
            "server.rs",
            "pub mod keys { pub const KEY: u8 = 1; fn f() { super::g() } }\nfn g() -> u8 { keys::KEY }",
        ),
        ("pages.rs", "use crate::server::keys;\nfn f() -> u8 { keys::KEY }"),
    ]);
    assert_eq!(found, ["pages.rs → server.rs keys::KEY"]);
}

#[test]
fn what_only_tests_compile_and_other_crates_are_left_out() {
    let found = arrows(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "use b::B; use ::b::C;\n#[cfg(test)] use crate::b::D;\n/// [`crate::b::E`]\npub(super) struct A;",
        ),
        (
            "b.rs",
            "#[cfg(test)] mod tests { use crate::a::A; }\n#[cfg(all(test, unix))] fn f() { crate::a::g() }",
        ),
    ]);
    assert_eq!(found, NONE);
}

/// What the floors say of a package `server` with these files.
fn upwards(files: &[(&str, &str)]) -> Vec<String> {
    let package = made_up::package("server", files);
    floors::faults(&package, &uses::of(&package))
}

#[test]
fn a_module_of_the_program_uses_only_what_is_below_it() {
    let root = ("lib.rs", "pub mod cli; mod web; mod jobs; mod app; mod config; mod database;");
    let main = ("main.rs", "use catalyst::cli;\nfn main() { cli::run() }");
    let cli = ("cli.rs", "use crate::{app::App, web};\npub fn run() { web::serve() }");
    let config = ("config.rs", "use crate::database::Tls;");
    let (app, database) = (("app.rs", "pub struct App;"), ("database.rs", "pub struct Tls;"));
    let web = ("web/mod.rs", "mod pages; pub fn serve() { crate::jobs::run() }");
    let pages = ("web/pages.rs", "use super::serve;");
    let jobs = ("jobs.rs", "pub fn run() {}");
    assert_eq!(upwards(&[root, main, cli, config, app, database, web, pages, jobs]), NONE);

    let jobs = ("jobs.rs", "\npub fn run() { crate::web::serve() }\nuse crate::web::pages::Page;");
    let app = ("app.rs", "pub struct App(crate::Root, crate::config::Config);");
    assert_eq!(
        upwards(&[root, main, cli, config, app, database, web, pages, jobs]),
        [
            "server/src/app.rs:1 crate::Root: app → lib points upwards; see FLOORS in xtask/src/lint/modules/floors.rs",
            "server/src/jobs.rs:3 crate::web::pages::Page: jobs → web points upwards; see FLOORS in \
             xtask/src/lint/modules/floors.rs",
        ]
    );
}

#[test]
fn a_module_of_the_program_on_no_floor_is_a_fault_that_says_where_to_add_it() {
    assert_eq!(
        upwards(&[
            ("lib.rs", "mod config; mod auth;"),
            ("config.rs", ""),
            ("auth.rs", "use crate::config::X;")
        ]),
        ["server/src/auth.rs: `auth` stands on no floor; add it to FLOORS in \
          xtask/src/lint/modules/floors.rs"]
    );
}
