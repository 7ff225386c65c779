//! `test`: everything that can fail, the runner of host-tests last; `bless`: the same tests rewriting what they expect.

use crate::project::{NATIVE, Project};
use crate::setup::{self, WasmRust};
use crate::shell::{self, Outcome, Steps};
use crate::{cluster, console, dist, image, js, licences, lint, manifests, sizes, validation, wasm};
use std::path::Path;
use std::process::Command;

/// xtask as it runs.
const XTASK: [&str; 4] = ["--profile", "xtask", "--package", "xtask"];
const HOST_TESTS: &str = "modelwright-host-tests";
/// Those of host-tests that need a control plane.
const CLUSTER_TESTS: [&str; 11] = [
    "cluster",
    "istio",
    "deploy",
    "handover",
    "metacontroller",
    "rollout",
    "consent",
    "console_cluster",
    "rbac",
    "faults",
    "truth",
];
/// Those of host-tests that rewrite what they expect.
const BLESSED: [&str; 2] = ["fuel", "scenarios"];
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// Everything, or only so many random worlds on a control plane.
pub fn start(project: &Project, steps: &mut Steps, arguments: &[String]) -> Outcome {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run(project, steps),
        ["--worlds", count] if count.parse::<usize>().is_ok() => worlds(project, steps, count),
        _ => Err("`test` takes nothing, or `--worlds N`".into()),
    }
}

/// Sets up, builds, checks, tests.
fn run(project: &Project, steps: &mut Steps) -> Outcome {
    let go = cluster::Background::start(project)?;
    let nginx = setup::nginx(steps)?;
    let chromium = setup::chromium(steps)?;
    setup::python_tools(project, steps)?;
    let rust = dist::build(project, steps)?;
    setup::package_tools(project, steps)?;
    steps.step("Transpiling the component to JavaScript", || js::transpile(project))?;
    image::of_built(project, steps)?;

    steps.check("Format", || shell::run(project.cargo().args(["fmt", "--all", "--check"])));
    steps.check("Licences", || licences::check(project));
    steps.check("A second build gives the same component", || dist::check_reproducible(project, &rust));
    steps.check("A second build gives the same image", || image::check_reproducible(project));
    steps.check("Sizes", || sizes::check(project, &rust));
    steps.check("No getrandom in the component", || no_getrandom(project));
    js::check(project, steps);
    steps.check("First load of the console", || sizes::check_console(&project.console()));
    steps.check("Console in Chromium", || console::test(project, &chromium));
    validation::check(project, steps);
    steps.check("Clippy", || clippy(project, &NATIVE));
    steps.check("Clippy of xtask", || clippy(project, &XTASK));
    steps.check("Clippy of the wasm forms", || clippy_of_wasm(project, &rust));
    steps.check("Documentation", || {
        shell::run(project.locked(&["doc", "--no-deps"]).args(NATIVE).env("RUSTDOCFLAGS", "-D warnings"))
    });
    let mut last = host_tests(project, &rust, &nginx, |test| !CLUSTER_TESTS.contains(&test))?;
    let rest = integration_tests(project, |package, _| package != HOST_TESTS)?;
    steps.check("Tests of xtask", || shell::run(project.locked(&["test"]).args(XTASK)));
    steps.check("Tests of the workspace", || shell::run(tests(project).args(["--lib", "--bins"]).args(rest)));
    steps.check("Tests in the documentation", || shell::run(tests(project).arg("--doc")));
    let built = steps.step("Waiting for the Go programs", || go.wait());
    if let Ok(checkers) = built.and_then(|()| cluster::checkers(project, steps)) {
        lint::check(project, steps, &checkers);
        cluster_tests(project, steps, &chromium, &checkers.helm);
    }
    steps.print();
    let last = shell::run(&mut last);
    steps.verdict().and(last)
}

/// Rewrites what tests expect, and the records.
pub fn bless(project: &Project, steps: &mut Steps) -> Outcome {
    let mut crds = project.locked(&["test", "--release", "--package", "modelwright", "--features", "schema", "--test", "crds"]);
    steps.step("Rewriting the CRDs", || shell::run(crds.env("BLESS", "1")))?;
    setup::package_tools(project, steps)?;
    steps.step("Rewriting the types of the npm package", || js::types(project, true))?;
    let checkers = cluster::checkers(project, steps)?;
    steps.step("Rendering the kustomize base", || manifests::bless(project, &checkers))?;
    let nginx = setup::nginx(steps)?;
    let rust = dist::build(project, steps)?;
    steps.step("Transpiling the component to JavaScript", || js::transpile(project))?;
    sizes::bless(project, &rust)?;
    let mut scenarios = host_tests(project, &rust, &nginx, |test| BLESSED.contains(&test))?;
    steps.step("Rewriting the scenarios and the fuel", || shell::run(scenarios.env("BLESS", "1")))
}

/// Properties see the same worlds in every run of this command, so that it turns red by a change alone; without the variable, as under
/// plain `cargo test`, they see new ones.
fn tests(project: &Project) -> Command {
    let mut cargo = project.locked(&["test", "--no-fail-fast"]);
    cargo.env("PROPTEST_RNG_SEED", "1");
    cargo.args(NATIVE);
    cargo
}

fn host_tests(project: &Project, rust: &WasmRust, nginx: &Path, selected: impl Fn(&str) -> bool) -> Outcome<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([nginx.to_path_buf()]);
    let mut cargo = tests(project);
    cargo.args(integration_tests(project, |package, test| package == HOST_TESTS && selected(test))?);
    cargo.env("PATH", std::env::join_paths(folders).map_err(|error| error.to_string())?);
    cargo.env("MODELWRIGHT_RECORD", sizes::record_path(project, rust));
    Ok(cargo)
}

/// Only that what a plan says is what happens, in as many random worlds as somebody has time for.
fn worlds(project: &Project, steps: &mut Steps, count: &str) -> Outcome {
    let go = cluster::Background::start(project)?;
    dist::build(project, steps)?;
    go.wait()?;
    let cluster = cluster::Temporary::start(project, steps, project.work().join("cluster-of-tests"))?;
    let mut cargo = tests(project);
    shell::run(cargo.args(["--test", "truth"]).env("MODELWRIGHT_CLUSTER", &cluster.folder).env("MODELWRIGHT_WORLDS", count))
}

/// The tests that need a control plane, in one of their own that ends with them. Failures are in the verdict of the steps.
fn cluster_tests(project: &Project, steps: &mut Steps, chromium: &Path, helm: &Path) {
    let Ok(cluster) = cluster::Temporary::start(project, steps, project.work().join("cluster-of-tests")) else { return };
    steps.check("Tests on the control plane", || {
        let mut cargo = tests(project);
        cargo.args(CLUSTER_TESTS.iter().flat_map(|test| ["--test", test])).env("MODELWRIGHT_CLUSTER", &cluster.folder);
        shell::run(cargo.env("MODELWRIGHT_HELM", helm.join("helm")))
    });
    steps.check("Console on the control plane", || console::test_on_cluster(project, chromium, &cluster.folder));
}

/// Arguments that select integration tests, by their package and their name, without selecting the packages.
fn integration_tests(project: &Project, wanted: impl Fn(&str, &str) -> bool) -> Outcome<Vec<String>> {
    let metadata = project.metadata()?;
    let mut arguments = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten().filter(|package| package["source"].is_null()) {
        let name = package["name"].as_str().unwrap_or_default();
        let targets = package["targets"].as_array().into_iter().flatten().filter(|target| target["kind"][0] == "test");
        let tests = targets.filter_map(|target| target["name"].as_str()).filter(|test| wanted(name, test));
        arguments.extend(tests.flat_map(|test| ["--test".to_owned(), test.to_owned()]));
    }
    Ok(arguments)
}

fn clippy(project: &Project, selection: &[&str]) -> Outcome {
    shell::run(project.locked(&["clippy", "--all-targets"]).args(selection).args(DENY_WARNINGS))
}

fn clippy_of_wasm(project: &Project, rust: &WasmRust) -> Outcome {
    if rust.builds_std {
        println!("    NOT CHECKED: this tool chain's clippy has no standard library for wasm32");
        return Ok(());
    }
    for form in [wasm::COMPONENT, wasm::JS] {
        let mut clippy = project.locked(&["clippy", "--lib", "--target", "wasm32-unknown-unknown"]);
        clippy.args(["--profile", form.profile, "--features", form.feature]);
        shell::run(clippy.args(DENY_WARNINGS))?;
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
