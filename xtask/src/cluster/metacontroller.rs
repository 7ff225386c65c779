//! Metacontroller on a cluster that runs, with our hook and our controllers: the program that `METACONTROLLER` names, else the stand-in.

use super::kubeconfig;
use super::servers::{Ports, Servers};
use crate::project::{NATIVE, Project};
use crate::shell::{self, Outcome, Steps};
use std::path::{Path, PathBuf};

/// Where the manifests call the hook: they cannot know where it is, nor the digest of a build.
const PLACE: &str = "https://modelwright.modelwright-system.svc/0000000000000000/";
/// What the examples need.
const POLICY: [&str; 2] = ["--allow-nfs", "nfs.example.internal"];

/// Starts what does not run yet.
pub fn start(project: &Project, steps: &mut Steps, servers: &mut Servers, folder: &Path, strategy: &str) -> Outcome {
    if servers.has("modelwright") {
        println!("==> Metacontroller runs already.");
        return Ok(());
    }
    let program = program(project, steps)?;
    steps.step("Installing the definitions of Modelwright and Metacontroller", || install(project, folder))?;
    let port = Ports::free()?.api;
    steps.step("Starting the hook", || start_hook(project, servers, port))?;
    steps.step("Installing the controllers", || controllers(project, folder, port))?;
    steps.step("Starting Metacontroller", || {
        let kubeconfig = kubeconfig::path(folder, kubeconfig::ADMIN);
        let flags = [
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--apply-strategy={strategy}"),
            "--discovery-interval=2s".into(),
            "--client-go-qps=200".into(),
            "--client-go-burst=400".into(),
            "--metrics-address=0".into(),
            "--health-probe-bind-address=0".into(),
        ];
        servers.start(&program, &flags)
    })
}

fn program(project: &Project, steps: &mut Steps) -> Outcome<PathBuf> {
    if let Some(named) = std::env::var_os("METACONTROLLER").filter(|path| !path.is_empty()) {
        return Ok(named.into());
    }
    steps.step("Building the stand-in for Metacontroller", || {
        shell::run(project.locked(&["build", "--bin", "metacontroller-stand-in"]).args(NATIVE))
    })?;
    Ok(project.target.join("release/metacontroller-stand-in"))
}

fn install(project: &Project, folder: &Path) -> Outcome {
    let text = |path: &Path| path.display().to_string();
    let apply = ["apply", "--server-side", "--force-conflicts"];
    let (ours, theirs) = (project.root.join("deploy/crds"), project.root.join("host-tests/fixtures/metacontroller-crds.yaml"));
    kubectl(folder, &[&apply[..], &["--kustomize", &text(&ours)]].concat())?;
    kubectl(folder, &[&apply[..], &["--filename", &text(&theirs)]].concat())?;
    kubectl(folder, &["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])
}

fn kubectl(folder: &Path, arguments: &[&str]) -> Outcome {
    let mut kubectl = shell::command(folder.join("bin/kubectl"));
    kubectl.arg("--kubeconfig").arg(kubeconfig::path(folder, kubeconfig::ADMIN)).args(arguments);
    shell::capture(&mut kubectl).map(|_| ())
}

fn start_hook(project: &Project, servers: &mut Servers, port: u16) -> Outcome {
    let program = project.dist().join("modelwright");
    if !program.is_file() {
        return Err(format!("{} is missing: run `cargo xtask build` first", program.display()));
    }
    let listen = format!("127.0.0.1:{port}");
    let any = "127.0.0.1:0";
    let fixed = ["hook", "--plain-http", "--listen", &listen, "--health-listen", any, "--metrics-listen", any];
    let flags: Vec<String> = fixed.iter().chain(&POLICY).map(|flag| (*flag).to_owned()).collect();
    servers.start(&program, &flags)?;
    servers.wait("the hook", 30, || Ports::answers(port))
}

/// Our controllers as the manifests have them, with the place and the digest of this hook.
fn controllers(project: &Project, folder: &Path, port: u16) -> Outcome {
    let component = shell::read(&project.dist().join("modelwright.component.wasm"))?;
    let digest = shell::sha256(&component);
    let place = format!("http://127.0.0.1:{port}/{}/", &digest[..16]);
    let manifests = shell::read_text(&project.root.join("deploy/metacontroller/base/controllers.yaml"))?;
    let file = folder.join("controllers.yaml");
    shell::write(&file, manifests.replace(PLACE, &place))?;
    kubectl(folder, &["apply", "--server-side", "--filename", &file.display().to_string()])
}
