//! `js`: the wasm-bindgen build of the core in `target/js/`, and the npm package around it, ready for `npm pack`, in `target/dist/npm/`.

use crate::project::Project;
use crate::setup::{self, WasmRust};
use crate::shell::{self, Outcome, Steps};
use crate::{dist, sizes, wasm};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// Sets up and builds.
pub fn build(project: &Project, steps: &mut Steps) -> Outcome {
    let rust = setup::wasm_rust(steps)?;
    setup::npm_tools(project, steps)?;
    dist::component(project, &rust, steps)?;
    build_with(project, &rust, steps)
}

/// Builds with a Rust that is already found, beside a component that is already built.
pub fn build_with(project: &Project, rust: &WasmRust, steps: &mut Steps) -> Outcome {
    let module = steps.step("Compiling the core to wasm, for size", || wasm::compile(project, rust, &wasm::JS))?;
    steps.step("Building the JavaScript form", || bind(project, &module.file))?;
    steps.step("Assembling the npm package", || assemble(project))
}

/// `pkg/` as it is, what was built, and the schemas: files of an earlier build that are no part of it any more are gone.
fn assemble(project: &Project) -> Outcome {
    let package = project.package();
    let _ = std::fs::remove_dir_all(&package);
    let mut copies = vec![(project.root.join("LICENSE"), package.join("LICENSE"))];
    for name in ["package.json", "README.md"] {
        copies.push((project.root.join("pkg").join(name), package.join(name)));
    }
    for folder in ["web", "node"] {
        copies.extend(files(&project.root.join("pkg").join(folder), &package.join(folder))?);
    }
    for name in ["modelwright.js", "modelwright.d.ts", "modelwright_bg.wasm"] {
        copies.push((project.js().join(name), package.join("web").join(name)));
    }
    let component = "modelwright.component.wasm";
    copies.push((project.dist().join(component), package.join("component").join(component)));
    copies.push((project.root.join("wit/planner.wit"), package.join("component/planner.wit")));
    copies.push((project.root.join("wit/contract.schema.json"), package.join("schemas/contract.schema.json")));
    let definitions = files(&project.root.join("deploy/crds"), &package.join("schemas"))?;
    copies.extend(definitions.into_iter().filter(|(from, _)| from.to_string_lossy().ends_with(".mlops.internal.yaml")));
    copies.iter().try_for_each(|(from, to)| shell::write(to, shell::read(from)?))?;
    println!("    {}", package.display());
    Ok(())
}

/// The files of one folder, each with its place in another.
fn files(from: &Path, to: &Path) -> Outcome<Vec<(PathBuf, PathBuf)>> {
    let entries = std::fs::read_dir(from).map_err(|error| format!("{} cannot be read: {error}", from.display()))?;
    Ok(entries.flatten().map(|entry| (entry.path(), to.join(entry.file_name()))).collect())
}

fn bind(project: &Project, module: &Path) -> Outcome {
    let failed = |error| format!("wasm-bindgen fails on the core: {error:#}");
    let bound = project.work().join("bound");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name("modelwright").typescript(true).web(true).map_err(failed)?;
    bindgen.generate(&bound).map_err(failed)?;
    for name in ["modelwright.js", "modelwright.d.ts", "modelwright_bg.wasm.d.ts"] {
        shell::write(&project.js().join(name), shell::read(&bound.join(name))?)?;
    }
    let optimised = project.work().join("optimised.js.wasm");
    wasm::optimise(project, &wasm::JS, &bound.join("modelwright_bg.wasm"), &optimised)?;
    let wasm = shell::read(&optimised)?;
    println!("    {}", sizes::Size::of(&wasm));
    shell::write(&project.js().join("modelwright_bg.wasm"), wasm)
}

/// The component as JavaScript modules, for the tests that run it so.
pub fn transpile(project: &Project) -> Outcome {
    let mut jco = shell::command(project.package_tools().join("node_modules/.bin/jco"));
    jco.args(["transpile", "--quiet", "--name", "modelwright", "--out-dir"]).arg(project.transpiled());
    shell::run(jco.arg(project.dist().join("modelwright.component.wasm")))
}

/// The types are made from the schemas; the committed ones are the same, or `bless` writes them.
pub fn types(project: &Project, bless: bool) -> Outcome {
    shell::run(tool(project, "types.mjs").args(if bless { &[][..] } else { &["--check"] }))
}

/// What is packed, its types and its entry points; then every example with what was packed.
pub fn check(project: &Project, steps: &mut Steps) {
    let unpacked = project.work().join("package");
    steps.check("Types of the npm package are made from the schemas", || types(project, false));
    steps.check("The npm package", || {
        same_version(project)?;
        shell::run(tool(project, "check.mjs").arg(project.package()).arg(&unpacked))
    });
    steps.check("Examples of the npm package", || shell::run(tool(project, "examples.mjs").arg(&unpacked)));
}

fn tool(project: &Project, script: &str) -> Command {
    let mut node = shell::command("node");
    node.arg(project.package_tools().join(script));
    node
}

/// Package and crate carry one version.
fn same_version(project: &Project) -> Outcome {
    let manifest: Value = serde_json::from_slice(&shell::read(&project.package().join("package.json"))?)
        .map_err(|error| format!("package.json is not JSON: {error}"))?;
    let metadata = project.metadata()?;
    let crates = metadata["packages"].as_array().into_iter().flatten();
    let core = crates.into_iter().find(|package| package["name"] == "modelwright").map(|package| &package["version"]);
    match core == Some(&manifest["version"]) {
        true => Ok(()),
        false => Err(format!("the npm package has version {}, the crate {:?}", manifest["version"], core)),
    }
}
