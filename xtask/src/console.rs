//! `console`: the page of the console in `target/console/`, shown in a browser; its tests in Debian's Chromium, and what it measures there.

use crate::project::Project;
use crate::setup;
use crate::shell::{self, Outcome, Steps};
use crate::{js, sizes};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Sets up and builds, then serves the sources, shows them in a browser and follows every edit; with `--build` it only builds.
pub fn run(project: &Project, steps: &mut Steps, arguments: &[String]) -> Outcome {
    let open = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => true,
        ["--build"] => false,
        _ => return Err("it is `cargo xtask console [--build]`".into()),
    };
    js::build(project, steps)?;
    build_with(project, steps)?;
    if open { shell::run(&mut tool(project, "node_modules/vite/bin/vite.js", &["--open"])) } else { Ok(()) }
}

/// Builds with a planner that is already built.
pub fn build_with(project: &Project, steps: &mut Steps) -> Outcome {
    setup::page_tools(project, steps)?;
    steps.step("Building the console's page", || {
        shell::run(&mut tool(project, "node_modules/typescript/bin/tsc", &["--noEmit"]))?;
        shell::run(&mut tool(project, "node_modules/vite/bin/vite.js", &["build", "--logLevel", "warn"]))?;
        sizes::print_console(&project.console())
    })
}

/// Drives the built page as a person would.
pub fn test(project: &Project, chromium: &Path) -> Outcome {
    shell::run(&mut driven(project, chromium, "tests")?)
}

/// The same on a control plane, through `kubectl proxy` and through the program.
pub fn test_on_cluster(project: &Project, chromium: &Path, cluster: &Path) -> Outcome {
    let mut node = driven(project, chromium, "tests/cluster")?;
    node.env("MODELWRIGHT_CLUSTER", cluster).env("MODELWRIGHT_PROGRAM", project.dist().join("modelwright"));
    shell::run(&mut node)
}

fn driven(project: &Project, chromium: &Path, folder: &str) -> Outcome<Command> {
    let mut node = tool(project, "--test", &["--test-concurrency=1"]);
    node.args(tests(project, folder)?).env("MODELWRIGHT_CHROMIUM", chromium);
    Ok(node)
}

/// The table of latencies and sizes.
pub fn bench(project: &Project, steps: &mut Steps) -> Outcome<String> {
    js::build(project, steps)?;
    build_with(project, steps)?;
    let chromium = setup::chromium(steps)?;
    let mut node = tool(project, "tests/bench.mjs", &[]);
    node.env("MODELWRIGHT_CHROMIUM", chromium);
    steps.step("Typing in the console", || shell::capture(&mut node))
}

/// Node with a file of the page's folder, told where the built forms are.
fn tool(project: &Project, file: &str, arguments: &[&str]) -> Command {
    let mut node = shell::command("node");
    node.current_dir(project.page()).arg(file).args(arguments);
    node.env("MODELWRIGHT_PACKAGE", project.package()).env("MODELWRIGHT_CONSOLE", project.console());
    node.env("MODELWRIGHT_SCREENSHOTS", project.target.join("console-screenshots"));
    node
}

/// Every `*.test.mjs` of a folder: Node's runner takes no folder in all its versions.
fn tests(project: &Project, folder: &str) -> Outcome<Vec<PathBuf>> {
    let folder = project.page().join(folder);
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    Ok(files)
}
