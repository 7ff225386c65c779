//! The contract as Rust types, generated from `wit/`.
#![allow(missing_docs, reason = "generated; the WIT file documents every item")]

wasmtime::component::bindgen!({ path: "../../wit", world: "modelwright" });
