//! A migration that was added is embedded by the next build; the macro that embeds them sees only
//! those that were there before.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
