//! `bench`: criterion's benches of host-tests and, beside kubectl, a namespace on a real API server: the tables of BENCHMARKS.md.

use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use crate::{dist, scale};

/// Where the second part of BENCHMARKS.md begins.
const CLUSTER: &str = "## On a real API server";

/// Everything, or with the word `cluster` only what needs a control plane; the other part stays as it was measured.
pub fn run(project: &Project, steps: &mut Steps, arguments: &[String]) -> Outcome {
    let file = project.root.join("BENCHMARKS.md");
    let before = shell::read_text(&file)?;
    let (core, cluster) = before.split_once(CLUSTER).unwrap_or((&before, ""));
    match arguments {
        [] => {
            let core = core_part(project, steps)?;
            shell::write(&file, format!("{}\n\n{CLUSTER}{cluster}", core.trim_end()))?;
            run(project, steps, &["cluster".into()])
        }
        [word] if word == "cluster" => {
            let section = scale::run(project, steps)?;
            shell::write(&file, format!("{}\n\n{section}", core.trim_end()))
        }
        _ => Err("it is `cargo xtask bench [cluster]`".into()),
    }
}

/// The benches write their table to the file that `MODELWRIGHT_BENCHMARKS` names; here it gets its heading and its command.
fn core_part(project: &Project, steps: &mut Steps) -> Outcome<String> {
    let rust = dist::build(project, steps)?;
    let table = project.work().join("benchmarks.md");
    let mut cargo = project.locked(&["bench", "--package", "modelwright-host-tests"]);
    steps.step("Running the benches", || shell::run(cargo.env("MODELWRIGHT_BENCHMARKS", &table)))?;
    let measured = shell::read_text(&table).map_err(|_| "the benches wrote no table".to_owned())?;
    let head = format!("# Benchmarks\n\nMade by `cargo xtask bench` with {}. Do not edit.\n\n", rust.key());
    Ok(head + &measured)
}
