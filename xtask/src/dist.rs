//! `build`: what people use, in `target/dist/`.

use crate::component::{self, Labels};
use crate::project::{NATIVE, Project};
use crate::setup::{self, WasmRust};
use crate::shell::{self, Outcome, Steps};
use crate::wasm::{self, Module};
use crate::{console, js, sizes};
use std::path::{Path, PathBuf};

/// Builds everything; the answer is the Rust that did, which later steps build with, too.
pub fn build(project: &Project, steps: &mut Steps) -> Outcome<WasmRust> {
    let rust = setup::wasm_rust(steps)?;
    setup::npm_tools(project, steps)?;
    component(project, &rust, steps)?;
    steps.step("Compiling the component ahead of time", || precompile(project))?;
    js::build_with(project, &rust, steps)?;
    // The command line has the page in it, and the page the planner.
    console::build_with(project, steps)?;
    steps.step("Building the command line", || build_command_line(project))?;
    gather(project)?;
    Ok(rust)
}

/// Only the component and its core module.
pub fn component(project: &Project, rust: &WasmRust, steps: &mut Steps) -> Outcome {
    let module = steps.step("Compiling the core to wasm, for speed", || wasm::compile(project, rust, &wasm::COMPONENT))?;
    steps.step("Building the component", || build_component(project, rust, &module))
}

fn build_component(project: &Project, rust: &WasmRust, module: &Module) -> Outcome {
    let optimised = project.work().join("optimised.wasm");
    wasm::optimise(project, &wasm::COMPONENT, &module.file, &optimised)?;
    let core = shell::read(&optimised)?;
    let labels = Labels::new(&project.metadata()?, &rust.key(), &module.rules)?;
    let component = component::encode(&core, &labels)?;
    println!("    {}", sizes::Size::of(&component));
    shell::write(&project.dist().join("modelwright.core.wasm"), core)?;
    shell::write(&project.dist().join("modelwright.component.wasm"), component)
}

/// Builds the component once more, in another folder: its bytes are those of the commit, not of a folder or a run.
pub fn check_reproducible(project: &Project, rust: &WasmRust) -> Outcome {
    let again = Project { root: project.root.clone(), target: project.work().join("again") };
    // What is there from an earlier run would be no build.
    let _ = std::fs::remove_dir_all(&again.target);
    let module = wasm::compile(&again, rust, &wasm::COMPONENT)?;
    build_component(&again, rust, &module)?;
    let file = |project: &Project| shell::read(&project.dist().join("modelwright.component.wasm"));
    let (first, second) = (shell::sha256(&file(project)?), shell::sha256(&file(&again)?));
    if first == second { Ok(()) } else { Err(format!("a second build gives another component: {first}, {second}")) }
}

fn precompile(project: &Project) -> Outcome {
    let mut cargo = project.locked(&["run", "--release", "--package", "modelwright-embed", "--bin", "precompile"]);
    // Without the default features: what is being made cannot be embedded in what makes it.
    cargo.args(["--no-default-features", "--features", "compile", "--"]);
    shell::run(cargo.arg(project.dist().join("modelwright.component.wasm")).arg(project.precompiled()))
}

fn build_command_line(project: &Project) -> Outcome {
    shell::run(project.locked(&["build", "--bin", "modelwright"]).args(NATIVE))?;
    let binary = project.target.join("release/modelwright");
    let copy = project.dist().join("modelwright");
    // A new file, not new content: the old one may be running.
    let _ = std::fs::remove_file(&copy);
    std::fs::copy(&binary, &copy).map(|_| ()).map_err(|error| format!("{} cannot be copied: {error}", binary.display()))
}

fn gather(project: &Project) -> Outcome {
    let dist = project.dist();
    shell::write(&dist.join("crds.yaml"), crds(&project.root.join("deploy/crds"))?)?;
    let mut sums = String::new();
    for name in ["crds.yaml", "modelwright", "modelwright.component.wasm", "modelwright.core.wasm"] {
        sums += &format!("{}  {name}\n", shell::sha256(&shell::read(&dist.join(name))?));
    }
    shell::write(&dist.join("SHA256SUMS"), &sums)?;
    println!("\n{}:\n{sums}", dist.display());
    Ok(())
}

/// Every definition as one YAML stream.
fn crds(folder: &Path) -> Outcome<String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    let definition = |path: &PathBuf| path.to_string_lossy().ends_with(".mlops.internal.yaml");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(definition).collect();
    files.sort();
    let documents: Outcome<Vec<String>> = files.iter().map(|file| shell::read_text(file)).collect();
    Ok(documents?.iter().map(|text| format!("---\n{}\n", text.trim_start_matches("---\n").trim_end())).collect())
}
