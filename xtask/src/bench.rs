//! `bench`: criterion's benches of host-tests and, beside kubectl, a namespace on a real API server: the tables of BENCHMARKS.md.

use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use crate::{cluster, console, dist, scale};
use std::path::Path;
use std::process::Command;

/// Where the second part of BENCHMARKS.md begins.
const HOOK: &str = "## The hook server";
/// Where the third part begins.
const METACONTROLLER: &str = "## Under Metacontroller";
/// Where the fourth part begins.
const CLUSTER: &str = "## On a real API server";
/// Where the fifth part begins.
const CONSOLE: &str = "## The console";
/// How Metacontroller is run: with its own defaults, with the flags of `deploy/README.md`, and with more workers.
const FLAGS: [(&str, &[&str]); 3] = [
    ("defaults", &["--discovery-interval=30s", "--client-go-qps=5", "--client-go-burst=10", "--workers=5"]),
    (
        "`--client-go-qps=500 --client-go-burst=1000`",
        &["--discovery-interval=30s", "--client-go-qps=500", "--client-go-burst=1000", "--workers=5"],
    ),
    ("those, and `--workers=15`", &["--discovery-interval=30s", "--client-go-qps=500", "--client-go-burst=1000", "--workers=15"]),
];
/// Models that settle under Metacontroller. With its defaults the larger number takes hours.
const MODELS: [&str; 2] = ["100", "1000"];

/// Everything that takes minutes, or with a word only one part; the others stay as they were measured. What takes hours is for its word.
pub fn run(project: &Project, steps: &mut Steps, arguments: &[String]) -> Outcome {
    let file = project.root.join("BENCHMARKS.md");
    let before = shell::read_text(&file)?;
    let [core, hook, metacontroller, cluster, page] = parts(&before);
    match arguments {
        [] => {
            let core = core_part(project, steps)?;
            write(&file, &[&core, hook, metacontroller, cluster, page])?;
            run(project, steps, &["hook".into()])?;
            run(project, steps, &["cluster".into()])?;
            run(project, steps, &["console".into()])
        }
        [word] if word == "hook" => write(&file, &[core, &hook_part(project, steps)?, metacontroller, cluster, page]),
        [word] if word == "metacontroller" => write(&file, &[core, hook, &metacontroller_part(project, steps)?, cluster, page]),
        [word] if word == "cluster" => write(&file, &[core, hook, metacontroller, &scale::run(project, steps)?, page]),
        [word] if word == "console" => write(&file, &[core, hook, metacontroller, cluster, &console::bench(project, steps)?]),
        _ => Err("it is `cargo xtask bench [hook|metacontroller|cluster|console]`".into()),
    }
}

/// A part that was never measured is empty.
fn parts(text: &str) -> [&str; 5] {
    let at = |heading: &str, rest: &str| rest.find(heading).unwrap_or(rest.len());
    let (rest, console) = text.split_at(at(CONSOLE, text));
    let (rest, cluster) = rest.split_at(at(CLUSTER, rest));
    let (rest, metacontroller) = rest.split_at(at(METACONTROLLER, rest));
    let (core, hook) = rest.split_at(at(HOOK, rest));
    [core, hook, metacontroller, cluster, console]
}

fn write(file: &Path, parts: &[&str; 5]) -> Outcome {
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect();
    shell::write(file, parts.join("\n\n") + "\n")
}

fn hook_part(project: &Project, steps: &mut Steps) -> Outcome<String> {
    dist::build(project, steps)?;
    measured(project, steps, bench(project, "hook"), "Running the hook server")
}

/// Each run on a control plane that nothing has happened on.
fn metacontroller_part(project: &Project, steps: &mut Steps) -> Outcome<String> {
    dist::build(project, steps)?;
    let mut run = |words: &[&str], step| {
        let plane = cluster::Temporary::start(project, steps, project.work().join("cluster-of-bench"))?;
        let mut cargo = bench(project, "metacontroller");
        cargo.arg("--").args(words).env("MODELWRIGHT_CLUSTER", &plane.folder);
        measured(project, steps, cargo, step)
    };
    let mut text = format!("{METACONTROLLER}\n\n{}", run(&["delay"], "Waiting for children")?);
    text.push_str(
        "\nModels in one namespace, an EndpointConfig and an Endpoint for each five, until all are available, by flags:\n\n\
         | Models | flags | `kubectl apply` | available after | calls of hooks | of them not 200 or 304 | writes | hook: processor time, memory |\n\
         |--:|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for models in MODELS {
        for (name, flags) in FLAGS {
            text.push_str(&run(&[&["settle", models, name], flags].concat(), "Waiting until everything is available")?);
        }
    }
    Ok(text)
}

/// What the bench measures gets its heading and its command.
fn core_part(project: &Project, steps: &mut Steps) -> Outcome<String> {
    let rust = dist::build(project, steps)?;
    let table = measured(project, steps, bench(project, "planner"), "Running the benches")?;
    Ok(format!("# Benchmarks\n\nMade by `cargo xtask bench` with {}. Do not edit.\n\n{table}", rust.key()))
}

fn bench(project: &Project, name: &str) -> Command {
    project.locked(&["bench", "--package", "modelwright-host-tests", "--bench", name])
}

/// A bench writes its table to the file that `MODELWRIGHT_BENCHMARKS` names.
fn measured(project: &Project, steps: &mut Steps, mut bench: Command, step: &'static str) -> Outcome<String> {
    let table = project.work().join("benchmarks.md");
    let _ = std::fs::remove_file(&table);
    steps.step(step, || shell::run(bench.env("MODELWRIGHT_BENCHMARKS", &table)))?;
    shell::read_text(&table).map_err(|_| "the bench wrote no table".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_whichever_there_are() {
        assert_eq!(
            parts("a\n## The hook server\nb\n## Under Metacontroller\nc\n## On a real API server\nd\n## The console\ne"),
            [
                "a\n",
                "## The hook server\nb\n",
                "## Under Metacontroller\nc\n",
                "## On a real API server\nd\n",
                "## The console\ne"
            ]
        );
        assert_eq!(parts("a\n## On a real API server\nc"), ["a\n", "", "", "## On a real API server\nc", ""]);
        assert_eq!(parts("a"), ["a", "", "", "", ""]);
    }
}
