//! `cargo xtask`: sets up what a fresh machine lacks, then builds, tests and measures Modelwright.
//!
//! Reads in the order of the work: [`setup`] → [`wasm`] (with [`layout`]) → [`dist`] → [`image`] → [`js`] → [`console`] → [`cluster`] →
//! [`test`]. Every failure is one sentence.

mod project;
mod shell;

mod setup;

mod layout;
mod wasm;

mod component;

mod dist;

mod archive;
mod image;
mod manifests;

mod js;

mod console;

mod cluster;

mod bench;
mod demo;
mod licences;
mod lint;
mod scale;
mod sizes;
mod test;
mod validation;

use project::Project;
use shell::{Outcome, Steps};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <command>

  build   component, core module, command line and CRDs in target/dist/
  image   build, then the program as an OCI image layout in target/dist/image/, and beside it
          the manifests that install it: metacontroller/, crds/ and the chart
  js      the component and the npm package, ready for `npm pack`, in target/dist/npm/
  console [--build]
          the console's page in target/console/, then its sources in a browser, which follows
          every edit; with --build only the page
  demo [--cluster]
          build, then plan and forecast of examples/titanic; with --cluster all of it on a
          control plane that ends with the demo
  cluster up|down|status [--dir DIR]
          a real Kubernetes control plane on this machine, in target/modelwright/cluster
          or DIR; needs Go, and builds once, for some minutes; `up --metacontroller`
          [--apply-strategy dynamic-apply|server-side-apply] also starts Metacontroller
          (METACONTROLLER names the program; unset: a stand-in), our hook and our controllers
  test [--worlds N]
          everything: set-up, build, checks and all tests; with --worlds only that the plan is
          the truth, in N random worlds (10,000 take some hours)
  bench [hook|metacontroller|cluster|console]
          criterion benches, the hook server under load, a namespace of 1,000 Models beside
          kubectl, and typing in the console, or only one part; writes BENCHMARKS.md. Only by
          its name, because it takes hours: Metacontroller with 1,000 Models, by its flags
  bless   rewrites expected files and the records of sizes and fuel
  fmt     formats the workspace

MODELWRIGHT_WASM_STD=prebuilt|debian chooses where the wasm32 standard library comes from; unset: what works, in that order.
MODELWRIGHT_CACHE is the folder where the programs of the control plane are kept; unset: ~/.cache/modelwright.";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    match Project::find().and_then(|project| run(&command, &project)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("\nxtask: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, project: &Project) -> Outcome {
    let mut steps = Steps::default();
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    match command {
        "build" => dist::build(project, &mut steps).map(|_| ()),
        "image" => image::build(project, &mut steps),
        "js" => js::build(project, &mut steps).map(|_| ()),
        "console" => console::run(project, &mut steps, &arguments),
        "demo" => demo::run(project, &mut steps, &arguments),
        "cluster" => cluster::run(project, &mut steps, &arguments),
        "test" => test::start(project, &mut steps, &arguments),
        "bench" => bench::run(project, &mut steps, &arguments),
        "bless" => test::bless(project, &mut steps),
        "fmt" => shell::run(project.cargo().args(["fmt", "--all"])),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        "" => Err(format!("which command?\n\n{USAGE}")),
        other => Err(format!("there is no command `{other}`\n\n{USAGE}")),
    }
}
