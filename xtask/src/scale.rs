//! `bench cluster`: a whole namespace on a real API server, beside `kubectl apply --server-side` of the same objects.
//!
//! Each of the two gets a control plane of its own that nothing has happened on. Pods are not waited for in the comparison; they are
//! afterwards, so that the plan for which nothing is left to do can be measured.

use crate::cluster::Temporary;
use crate::dist;
use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const MODELS: usize = 1000;
/// Models of a config; each config has one Endpoint.
const EACH: usize = 5;
const NAMESPACE: &str = "scale";
/// How long controllers go on writing once the last pod is ready.
const REST: Duration = Duration::from_secs(20);

/// What running a program took.
struct Cost {
    time: Duration,
    /// The most memory that it held, in bytes.
    memory: u64,
    /// Requests that the API server noted from it.
    requests: usize,
    /// Those that write.
    writes: usize,
}

/// Measures, and gives the section of BENCHMARKS.md.
pub fn run(project: &Project, steps: &mut Steps) -> Outcome<String> {
    dist::build(project, steps)?;
    let folder = project.work().join("scale");
    let resources = folder.join("resources.yaml");
    shell::write(&resources, custom_resources())?;
    let all = folder.join("all.yaml");
    let children = shell::capture(modelwright(project, None).arg("render").arg("--file").arg(&resources))?;
    shell::write(&all, format!("{}---\n{children}", custom_resources()))?;

    let plane = fresh(project, steps)?;
    let theirs = steps.step("kubectl apply --server-side", || {
        let mut kubectl = kubectl(&plane);
        measured(kubectl.args(["apply", "--server-side", "--filename"]).arg(&all), &plane, "kubectl/")
    })?;
    drop(plane);
    let plane = fresh(project, steps)?;
    let ours = steps
        .step("modelwright apply", || measured(apply(project, &plane, &resources).arg("--wait=false"), &plane, "modelwright/"))?;
    steps.step("Waiting until nothing is left to do", || {
        measured(apply(project, &plane, &resources).arg("--timeout=30m"), &plane, "modelwright/")
    })?;
    steps.step("Waiting until the controllers rest", || {
        std::thread::sleep(REST);
        Ok(())
    })?;
    let nothing = steps
        .step("modelwright apply, nothing to do", || measured(&mut apply(project, &plane, &resources), &plane, "modelwright/"))?;
    Ok(section(&theirs, &ours, &nothing))
}

fn fresh(project: &Project, steps: &mut Steps) -> Outcome<Temporary> {
    let plane = Temporary::start(project, steps, project.work().join("cluster-of-bench"))?;
    let crds = project.dist().join("crds.yaml");
    shell::capture(kubectl(&plane).args(["apply", "--server-side", "--filename"]).arg(crds))?;
    shell::capture(kubectl(&plane).args(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]))?;
    shell::capture(kubectl(&plane).args(["create", "namespace", NAMESPACE]))?;
    Ok(plane)
}

fn kubectl(plane: &Temporary) -> Command {
    let mut kubectl = shell::command(plane.folder.join("bin/kubectl"));
    kubectl.arg("--kubeconfig").arg(kubeconfig(plane));
    kubectl
}

fn kubeconfig(plane: &Temporary) -> PathBuf {
    plane.folder.join("admin.kubeconfig")
}

fn modelwright(project: &Project, plane: Option<&Temporary>) -> Command {
    let mut command = shell::command(project.dist().join("modelwright"));
    if let Some(plane) = plane {
        command.env("KUBECONFIG", kubeconfig(plane));
    }
    command
}

fn apply(project: &Project, plane: &Temporary, resources: &Path) -> Command {
    let mut command = modelwright(project, Some(plane));
    command.args(["apply", "--yes", "--file"]).arg(resources);
    command
}

/// Runs a program with its output in a file, looking at its memory while it runs. `agent` is how it names itself to the API server.
fn measured(command: &mut Command, plane: &Temporary, agent: &str) -> Outcome<Cost> {
    let before = requests(plane, agent)?;
    let log = plane.folder.join("measured.log");
    let file = |path: &Path| std::fs::File::create(path).map_err(|error| format!("{}: {error}", path.display()));
    let output = file(&log)?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let start = Instant::now();
    let mut child = command.stdout(output).stderr(errors).spawn().map_err(|error| error.to_string())?;
    let mut memory = 0;
    let status = loop {
        memory = memory.max(high_water(child.id()));
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let time = start.elapsed();
    if !status.success() {
        let said = shell::read_text(&log)?;
        let end: Vec<&str> = said.lines().rev().take(5).collect();
        return Err(format!("{} failed ({status}): {}", command.get_program().display(), end.join(" | ")));
    }
    let after = requests(plane, agent)?;
    Ok(Cost { time, memory, requests: after.0 - before.0, writes: after.1 - before.1 })
}

/// The most memory that a process has had, as Linux counts it: `VmHWM` of proc(5).
fn high_water(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Requests of a client so far, and those of them that write.
fn requests(plane: &Temporary, agent: &str) -> Outcome<(usize, usize)> {
    let log = shell::read_text(&plane.folder.join("audit.log"))?;
    let agent = format!(r#""userAgent":"{agent}"#);
    let ours: Vec<&str> = log.lines().filter(|line| line.contains(&agent)).collect();
    let writes = ours
        .iter()
        .filter(|line| ["create", "update", "patch", "delete"].iter().any(|verb| line.contains(&format!(r#""verb":"{verb}""#))));
    Ok((ours.len(), writes.count()))
}

fn custom_resources() -> String {
    let mut out = String::new();
    for number in 0..MODELS {
        let _ = write!(
            out,
            "---\napiVersion: mlops.internal/v1alpha1\nkind: Model\nmetadata: {{name: m{number:04}, namespace: {NAMESPACE}}}\nspec:\n  image: registry.example.com/model:1.{number}\n  artifact: {{uri: \"https://models.example.com/{number}.tar.gz\"}}\n  cpus: 10m\n  memory: 16Mi\n  storage: {{size: 1Gi, nfs: {{server: nfs.example.internal, path: /exports/{number}}}}}\n"
        );
    }
    for number in 0..MODELS / EACH {
        let models: String = (0..EACH)
            .map(|model| format!("  - {{name: v{model}, model: m{:04}, weight: 20}}\n", number * EACH + model))
            .collect();
        let _ = write!(
            out,
            "---\napiVersion: mlops.internal/v1alpha1\nkind: EndpointConfig\nmetadata: {{name: c{number:03}, namespace: {NAMESPACE}}}\nspec:\n  models:\n{models}---\napiVersion: mlops.internal/v1alpha1\nkind: Endpoint\nmetadata: {{name: e{number:03}, namespace: {NAMESPACE}}}\nspec:\n  config: c{number:03}\n  host: e{number:03}.example.com\n  gateway: {{selector: {{istio: ingressgateway}}}}\n"
        );
    }
    out
}

fn section(theirs: &Cost, ours: &Cost, nothing: &Cost) -> String {
    let configs = MODELS / EACH;
    let mut out = format!(
        "## On a real API server\n\n{MODELS} Models, {configs} EndpointConfigs and {configs} Endpoints in one namespace, each program on a control plane of its own on this machine; made by `cargo xtask bench cluster`. Not waited for: Pods. `kubectl` applies the same custom resources and the same rendered children.\n\n| | time | requests | writes | memory |\n|---|--:|--:|--:|--:|\n"
    );
    for (name, cost) in [
        ("`kubectl apply --server-side`", theirs),
        ("`modelwright apply`, from nothing", ours),
        ("`modelwright apply`, nothing to do", nothing),
    ] {
        let _ = writeln!(
            out,
            "| {name} | {:.1} s | {} | {} | {} MiB |",
            cost.time.as_secs_f64(),
            cost.requests,
            cost.writes,
            cost.memory >> 20
        );
    }
    let _ = writeln!(
        out,
        "\n`modelwright apply` takes {:.2} of the time of `kubectl apply`.",
        ours.time.as_secs_f64() / theirs.time.as_secs_f64()
    );
    out
}
