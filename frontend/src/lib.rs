//! The WASM entry: finds the islands of a page and brings them to life.

use wasm_bindgen::prelude::wasm_bindgen;

pub use app;

#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
