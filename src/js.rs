//! The npm package's border: JSON text in and out through wasm-bindgen. Conversion only.
#![allow(missing_docs, unsafe_code, reason = "wasm-bindgen generates the exports; the package's types document them")]

use alloc::string::String;
use wasm_bindgen::prelude::wasm_bindgen;

/// Every operation of the contract over text; see the interface `text` in `wit/planner.wit`.
#[wasm_bindgen]
pub fn call(operation: &str, request: &str) -> String {
    crate::contract::call(operation, request)
}
