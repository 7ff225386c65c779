//! `js`: the wasm-bindgen build of the core, for browsers and Node. The package around it is `pkg/`.

use crate::project::Project;
use crate::setup::{self, WasmRust};
use crate::shell::{self, Outcome, Steps};
use crate::{sizes, wasm};
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

/// Sets up and builds.
pub fn build(project: &Project, steps: &mut Steps) -> Outcome {
    let rust = setup::wasm_rust(steps)?;
    setup::npm_tools(project, steps)?;
    build_with(project, &rust, steps)
}

/// Builds with a Rust that is already found.
pub fn build_with(project: &Project, rust: &WasmRust, steps: &mut Steps) -> Outcome {
    let module = steps.step("Compiling the core to wasm, for size", || wasm::compile(project, rust, &wasm::JS))?;
    steps.step("Building the JavaScript form", || bind(project, &module.file))
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

/// Node loads the form and asks it something.
pub fn smoke_test(project: &Project) -> Outcome {
    shell::run(shell::command("node").arg(project.npm_tools().join("smoke.mjs")).arg(project.js()))
}
