//! `test`: everything that can fail, the runner of host-tests last; `bless`: the same tests rewriting what they expect.

use crate::project::Project;
use crate::setup::{self, WasmRust};
use crate::shell::{self, Outcome, Steps};
use crate::{dist, js, licences, sizes, validation, wasm};
use std::process::Command;

/// Everything is compiled as for release, so that wasmtime and the other dependencies are compiled once.
const WORKSPACE: [&str; 4] = ["--release", "--workspace", "--features", "modelwright/schema"];
/// xtask itself is compiled already, in its own profile.
const NATIVE: [&str; 6] = ["--release", "--workspace", "--exclude", "xtask", "--features", "modelwright/schema"];

/// Sets up, builds, checks, tests.
pub fn run(project: &Project, steps: &mut Steps) -> Outcome {
    let nginx = setup::nginx(steps)?;
    let rust = dist::build(project, steps)?;
    js::build_with(project, &rust, steps)?;

    steps.check("Format", || shell::run(project.cargo().args(["fmt", "--all", "--check"])));
    steps.check("Licences", || licences::check(project));
    steps.check("Sizes", || sizes::check(project, &rust));
    steps.check("No getrandom in the component", || no_getrandom(project));
    steps.check("JavaScript form in Node", || js::smoke_test(project));
    validation::check(project, steps)?;
    steps.check("Clippy", || {
        shell::run(project.locked(&["clippy", "--all-targets"]).args(WORKSPACE).args(["--", "-D", "warnings"]))
    });
    steps.check("Clippy of the wasm forms", || clippy_of_wasm(project, &rust));
    steps.check("Documentation", || {
        shell::run(project.locked(&["doc", "--no-deps"]).args(NATIVE).env("RUSTDOCFLAGS", "-D warnings"))
    });
    let mut host_tests = host_tests(project, &rust);
    host_tests.env("PATH", std::env::join_paths(path_with(nginx)).map_err(|error| error.to_string())?);
    let unit = project.locked(&["test", "--profile", "xtask", "--package", "xtask"]);
    let core = tests(project, &["--exclude", "modelwright-host-tests"]);
    for (name, mut command) in [("Tests of xtask", unit), ("Tests of the workspace", core)] {
        steps.check(name, || shell::run(command.arg("--no-fail-fast")));
    }
    steps.print();
    let last = shell::run(host_tests.arg("--no-fail-fast"));
    steps.verdict().and(last)
}

/// Rewrites what tests expect, and the records.
pub fn bless(project: &Project, steps: &mut Steps) -> Outcome {
    let mut crds = project.locked(&["test", "--release", "--package", "modelwright", "--features", "schema", "--test", "crds"]);
    steps.step("Rewriting the CRDs", || shell::run(crds.env("BLESS", "1")))?;
    let nginx = setup::nginx(steps)?;
    let rust = dist::build(project, steps)?;
    js::build_with(project, &rust, steps)?;
    sizes::bless(project, &rust)?;
    let mut host_tests = host_tests(project, &rust);
    host_tests.env("PATH", std::env::join_paths(path_with(nginx)).map_err(|error| error.to_string())?);
    steps.step("Rewriting the scenarios and the fuel", || shell::run(host_tests.env("BLESS", "1")))
}

fn tests(project: &Project, selection: &[&str]) -> Command {
    let mut cargo = project.locked(&["test"]);
    cargo.args(NATIVE).args(selection);
    cargo
}

/// Selected by target, not by package: with another selection of packages cargo would compile their dependencies with other features.
fn host_tests(project: &Project, rust: &WasmRust) -> Command {
    let mut cargo = tests(project, &[]);
    let folder = project.root.join("host-tests/tests");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<_> = entries.filter_map(|path| path.file_stem().map(|name| name.to_string_lossy().into_owned())).collect();
    names.sort();
    for name in names {
        cargo.args(["--test", &name]);
    }
    cargo.env("MODELWRIGHT_RECORD", sizes::record_path(project, rust));
    cargo
}

fn path_with(folder: std::path::PathBuf) -> Vec<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain([folder]).collect()
}

fn clippy_of_wasm(project: &Project, rust: &WasmRust) -> Outcome {
    if rust.builds_std {
        println!("    NOT CHECKED: this tool chain's clippy has no standard library for wasm32");
        return Ok(());
    }
    for form in [wasm::COMPONENT, wasm::JS] {
        let mut clippy = project.locked(&["clippy", "--lib", "--target", "wasm32-unknown-unknown"]);
        clippy.args(["--profile", form.profile, "--features", form.feature, "--", "-D", "warnings"]);
        shell::run(&mut clippy)?;
    }
    Ok(())
}

/// It would import randomness from the host, or fail.
fn no_getrandom(project: &Project) -> Outcome {
    let mut tree = project.locked(&["tree", "--package", "modelwright", "--features", "component", "--edges", "normal"]);
    let packages = shell::capture(tree.args(["--target", "wasm32-unknown-unknown", "--prefix", "none"]))?;
    if packages.lines().any(|line| line.starts_with("getrandom ")) {
        return Err("getrandom is in the component's dependency graph".into());
    }
    Ok(())
}
