//! `js`: the wasm-bindgen build of the core in `target/js/`, and the npm package around it, ready for `npm pack`, in `target/dist/npm/`.

use crate::project::Project;
use crate::setup::{self, WasmRust};
use crate::shell::{self, Outcome, Steps};
use crate::{dist, sizes, wasm};
use std::path::{Path, PathBuf};
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

/// The npm package as `npm pack` takes it.
pub fn package(project: &Project) -> PathBuf {
    project.dist().join("npm")
}

/// `pkg/` as it is, and what was built: files of an earlier build that are no part of it any more are gone.
fn assemble(project: &Project) -> Outcome {
    let package = package(project);
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

/// Node loads the form and asks it something.
pub fn smoke_test(project: &Project) -> Outcome {
    shell::run(shell::command("node").arg(project.npm_tools().join("smoke.mjs")).arg(project.js()))
}
