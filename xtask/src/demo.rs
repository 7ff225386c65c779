//! `demo`: the main job on the example.

use crate::dist;
use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use crate::validation::modelwright;

/// Builds, then prints plan and forecast.
pub fn run(project: &Project, steps: &mut Steps) -> Outcome {
    dist::build(project, steps)?;
    steps.print();
    for (command, says) in [("plan", "the plan against an empty cluster"), ("forecast", "the rounds until nothing is left to do")]
    {
        println!("\n─── modelwright {command} --offline -f examples/titanic: {says} ───\n");
        shell::run(modelwright(project).args([command, "--offline", "-f", "examples/titanic"]))?;
    }
    Ok(())
}
