//! `bench`: criterion's benches of host-tests, and the table that BENCHMARKS.md shows.

use crate::dist;
use crate::project::Project;
use crate::shell::{self, Outcome, Steps};

/// The benches write their table to the file that `MODELWRIGHT_BENCHMARKS` names; here it gets its heading and its command.
pub fn run(project: &Project, steps: &mut Steps) -> Outcome {
    let rust = dist::build(project, steps)?;
    let table = project.work().join("benchmarks.md");
    let mut cargo = project.locked(&["bench", "--package", "modelwright-host-tests"]);
    steps.step("Running the benches", || shell::run(cargo.env("MODELWRIGHT_BENCHMARKS", &table)))?;
    let measured = shell::read_text(&table).map_err(|_| "the benches wrote no table".to_owned())?;
    let head = format!("# Benchmarks\n\nMade by `cargo xtask bench` with {}. Do not edit.\n\n", rust.key());
    shell::write(&project.root.join("BENCHMARKS.md"), head + &measured)
}
