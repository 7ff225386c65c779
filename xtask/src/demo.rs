//! `demo`: the main job on the example.

use crate::cluster::Temporary;
use crate::dist;
use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use crate::validation::modelwright;

/// Builds, then prints plan and forecast; with `--cluster` it does all of it on a real control plane.
pub fn run(project: &Project, steps: &mut Steps, arguments: &[String]) -> Outcome {
    match arguments {
        [] => offline(project, steps),
        [flag] if flag == "--cluster" => on_a_cluster(project, steps),
        _ => Err("it is `cargo xtask demo [--cluster]`".into()),
    }
}

fn offline(project: &Project, steps: &mut Steps) -> Outcome {
    dist::build(project, steps)?;
    steps.print();
    for (command, says) in [("plan", "the plan against an empty cluster"), ("forecast", "the rounds until nothing is left to do")]
    {
        println!("\n─── modelwright {command} --offline -f examples/titanic: {says} ───\n");
        shell::run(modelwright(project).args([command, "--offline", "-f", "examples/titanic"]))?;
    }
    Ok(())
}

fn on_a_cluster(project: &Project, steps: &mut Steps) -> Outcome {
    dist::build(project, steps)?;
    let cluster = Temporary::start(project, steps, project.work().join("cluster-of-demo"))?;
    let kubeconfig = cluster.folder.join("admin.kubeconfig");
    let kubectl = |arguments: &[&str]| {
        let mut kubectl = shell::command(cluster.folder.join("bin/kubectl"));
        shell::capture(kubectl.arg("--kubeconfig").arg(&kubeconfig).args(arguments))
    };
    let crds = project.dist().join("crds.yaml").display().to_string();
    kubectl(&["apply", "--server-side", "--filename", &crds])?;
    kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])?;
    kubectl(&["create", "namespace", "titanic"])?;
    steps.print();

    let shifted = project.work().join("demo/endpoint.yaml");
    let text = shell::read_text(&project.root.join("examples/titanic/endpoint.yaml"))?;
    shell::write(&shifted, text.replace("weight: 90", "weight: 50").replace("weight: 10", "weight: 50"))?;
    let shifted = shifted.display().to_string();
    let files = ["-f", "examples/titanic"];
    for (says, arguments) in [
        ("everything, round by round", ["apply", "--yes"].iter().chain(&files).copied().collect::<Vec<_>>()),
        ("what serves now", vec!["status", "-n", "titanic"]),
        ("again: nothing to do, and nothing is written", ["apply", "--yes", "--quiet"].iter().chain(&files).copied().collect()),
        ("half of the requests to v2: one request", vec!["apply", "--yes", "-f", &shifted]),
        ("a Model in use is not deleted", vec!["delete", "--yes", "-n", "titanic", "model/titanic-v2"]),
        ("everything, in a safe order", ["delete", "--yes"].iter().chain(&files).copied().collect()),
    ] {
        println!("\n─── modelwright {}: {says} ───\n", arguments.join(" "));
        let refused = says.contains("not deleted");
        let ended = shell::run(modelwright(project).args(&arguments).env("KUBECONFIG", &kubeconfig));
        if ended.is_err() != refused {
            return ended.and(Err("it should have refused".into()));
        }
    }
    Ok(())
}
