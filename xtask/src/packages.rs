//! Which packages are compiled together. Cargo unites the features of what one command selects,
//! and Leptos' `ssr` and `hydrate` exclude each other: so never `--workspace`.

pub(crate) const NATIVE: [&str; 14] = [
    "accounts",
    "adapters",
    "app",
    "bench",
    "catalyst",
    "cluster",
    "commerce",
    "domain",
    "hcloud-rig",
    "infra-checks",
    "local-postgres",
    "organizations",
    "ui",
    "xtask",
];
const NATIVE_FEATURES: &str = "app/ssr,domain/testing";

/// `-p … --features …` for everything that runs on this machine, built once for clippy and tests.
pub(crate) fn native() -> Vec<&'static str> {
    let mut arguments: Vec<&str> = NATIVE.iter().flat_map(|name| ["-p", name]).collect();
    arguments.extend(["--features", NATIVE_FEATURES]);
    arguments
}
