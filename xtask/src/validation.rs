//! The examples against our schemas, and what they render to against those of Kubernetes and Istio, by programs that others wrote.

use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use std::path::PathBuf;
use std::process::Command;

/// Checks the examples; renders them once and gives that to both checkers.
pub fn check(project: &Project, steps: &mut Steps) {
    let mut python = shell::command(project.python());
    let samples = python.arg(project.root.join("xtask/python/validate_examples.py")).arg(&project.root);
    steps.check("Validating the examples against the shipped CRDs", || shell::run(samples));
    let Ok(rendered) = steps.step("Rendering the example", || render(project)) else { return };
    let mut python = shell::command(project.python());
    let mut node = shell::command("node");
    let core = python.arg(project.root.join("xtask/python/validate_core.py")).arg(&rendered);
    let istio = node.arg(project.npm_tools().join("validate-istio.mjs")).arg(&rendered);
    steps.check("Validating the rendered core objects, strictly", || shell::run(core));
    steps.check("Validating the rendered Istio objects, strictly", || shell::run(istio));
}

fn render(project: &Project) -> Outcome<PathBuf> {
    let text = shell::capture(modelwright(project).args(["render", "--all", "-f", "examples/titanic"]))?;
    let file = project.work().join("rendered.yaml");
    shell::write(&file, text)?;
    Ok(file)
}

/// The built command line, in the workspace.
pub fn modelwright(project: &Project) -> Command {
    let mut command = shell::command(project.dist().join("modelwright"));
    command.current_dir(&project.root);
    command
}
