//! Fuel of every scenario, compared with the record of the same tool chain: more than 2 % above it fails until it is blessed.
//!
//! Fuel counts instructions of the component, so it is exact and says nothing about another tool chain. `MODELWRIGHT_RECORD` names the
//! record; `BLESS=1` rewrites its `fuel`.

use modelwright_embed::{Limits, Planner};
use modelwright_host_tests::artefacts::Artefact;
use modelwright_host_tests::library::Library;
use modelwright_host_tests::request::requests;
use modelwright_host_tests::scenario;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Per cent.
const TOLERANCE: u64 = 2;

#[test]
fn no_scenario_needs_more_fuel_than_recorded() {
    let Some(path) = std::env::var_os("MODELWRIGHT_RECORD") else {
        panic!("MODELWRIGHT_RECORD names no record; `cargo xtask test` sets it");
    };
    let measured = measure();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".into());
    let mut record: Map<String, Value> = serde_json::from_str(&text).expect("the record is JSON");
    if std::env::var_os("BLESS").is_some() {
        record.insert("fuel".into(), Value::Object(measured));
        let text = serde_json::to_string_pretty(&record).expect("JSON") + "\n";
        std::fs::write(&path, text).expect("the record can be written");
        return;
    }
    let before = record.get("fuel").and_then(Value::as_object).cloned().unwrap_or_default();
    if before.is_empty() {
        println!("NOT COMPARED: the record of this tool chain has no fuel; `cargo xtask bless` writes it");
    }
    let grown: Vec<String> = measured.iter().filter_map(|(name, fuel)| grown(name, fuel, before.get(name)?)).collect();
    assert!(grown.is_empty(), "more fuel than recorded; look why, then `cargo xtask bless`:\n{}", grown.join("\n"));
}

fn grown(name: &str, fuel: &Value, before: &Value) -> Option<String> {
    let (fuel, before) = (fuel.as_u64()?, before.as_u64()?);
    (fuel * 100 > before * (100 + TOLERANCE)).then(|| format!("{name}: {before} → {fuel}"))
}

/// The fuel of each scenario: the sum over its requests.
fn measure() -> Map<String, Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::read(&root.join("worlds")).expect("the worlds are sound");
    let component = Artefact::Precompiled.read().expect("`cargo xtask build` was run");
    let planner = Planner::from_precompiled(&component, Limits::command_line()).expect("the component loads");
    let mut folders: Vec<_> = std::fs::read_dir(root.join("scenarios")).expect("scenarios").flatten().collect();
    folders.sort_by_key(std::fs::DirEntry::file_name);
    let fuel = |folder: &std::fs::DirEntry| {
        let scenario = scenario::read(&folder.path()).expect("the scenario is sound");
        let requests = requests(&scenario, &library).expect("the scenario can be asked");
        let one = |request: &modelwright_host_tests::request::Request| {
            planner.text(&request.operation, &request.text).expect("the component answers");
            planner.fuel_used()
        };
        (folder.file_name().to_string_lossy().into_owned(), json!(requests.iter().map(one).sum::<u64>()))
    };
    folders.iter().map(fuel).collect()
}
