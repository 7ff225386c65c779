//! `bench`: criterion's benches of host-tests and, beside kubectl, a namespace on a real API server: the tables of BENCHMARKS.md.

use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use crate::{dist, scale};
use std::path::Path;

/// Where the second part of BENCHMARKS.md begins.
const HOOK: &str = "## The hook server";
/// Where the third part begins.
const CLUSTER: &str = "## On a real API server";

/// Everything, or with the word `hook` or `cluster` only the server or what needs a control plane; the others stay as they were measured.
pub fn run(project: &Project, steps: &mut Steps, arguments: &[String]) -> Outcome {
    let file = project.root.join("BENCHMARKS.md");
    let before = shell::read_text(&file)?;
    let [core, hook, cluster] = parts(&before);
    match arguments {
        [] => {
            let core = core_part(project, steps)?;
            write(&file, &[&core, hook, cluster])?;
            run(project, steps, &["hook".into()])?;
            run(project, steps, &["cluster".into()])
        }
        [word] if word == "hook" => write(&file, &[core, &hook_part(project, steps)?, cluster]),
        [word] if word == "cluster" => write(&file, &[core, hook, &scale::run(project, steps)?]),
        _ => Err("it is `cargo xtask bench [hook|cluster]`".into()),
    }
}

/// A part that was never measured is empty.
fn parts(text: &str) -> [&str; 3] {
    let at = |heading: &str, rest: &str| rest.find(heading).unwrap_or(rest.len());
    let (rest, cluster) = text.split_at(at(CLUSTER, text));
    let (core, hook) = rest.split_at(at(HOOK, rest));
    [core, hook, cluster]
}

fn write(file: &Path, parts: &[&str; 3]) -> Outcome {
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect();
    shell::write(file, parts.join("\n\n") + "\n")
}

fn hook_part(project: &Project, steps: &mut Steps) -> Outcome<String> {
    dist::build(project, steps)?;
    measured(project, steps, "hook", "Running the hook server")
}

/// What the bench measures gets its heading and its command.
fn core_part(project: &Project, steps: &mut Steps) -> Outcome<String> {
    let rust = dist::build(project, steps)?;
    let table = measured(project, steps, "planner", "Running the benches")?;
    Ok(format!("# Benchmarks\n\nMade by `cargo xtask bench` with {}. Do not edit.\n\n{table}", rust.key()))
}

/// A bench writes its table to the file that `MODELWRIGHT_BENCHMARKS` names.
fn measured(project: &Project, steps: &mut Steps, bench: &str, step: &'static str) -> Outcome<String> {
    let table = project.work().join(format!("benchmarks-{bench}.md"));
    let mut cargo = project.locked(&["bench", "--package", "modelwright-host-tests", "--bench", bench]);
    steps.step(step, || shell::run(cargo.env("MODELWRIGHT_BENCHMARKS", &table)))?;
    shell::read_text(&table).map_err(|_| "the bench wrote no table".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_whichever_there_are() {
        assert_eq!(
            parts("a\n## The hook server\nb\n## On a real API server\nc"),
            ["a\n", "## The hook server\nb\n", "## On a real API server\nc"]
        );
        assert_eq!(parts("a\n## On a real API server\nc"), ["a\n", "", "## On a real API server\nc"]);
        assert_eq!(parts("a"), ["a", "", ""]);
    }
}
