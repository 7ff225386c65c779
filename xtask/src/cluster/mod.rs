//! `cluster`: a real Kubernetes control plane on loopback, for tests and for trying things.
//!
//! etcd, the API server, the built-in controllers and the scheduler are the real ones; kwok stands in for kubelets, so that Pods become
//! ready without a container engine. What Pods would do does not happen.

mod go;
mod kubeconfig;
mod metacontroller;
mod servers;

pub use go::{Background, Checkers, checkers};

use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use go::Programs;
use servers::{Ports, Servers};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

const USAGE: &str = "it is `cargo xtask cluster up|down|status [--dir DIR]`, and `up` takes `--metacontroller` and with it
`--apply-strategy dynamic-apply|server-side-apply`";

/// The subcommands; `build` and `guard` are what `cargo xtask test` starts.
pub fn run(project: &Project, steps: &mut Steps, arguments: &[String]) -> Outcome {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (command, options) = words.split_first().ok_or(USAGE)?;
    let Options { folder, strategy } = options_of(project, options)?;
    match (*command, &strategy) {
        ("up", Some(strategy)) => {
            up(project, steps, &folder)?;
            let mut servers = Servers::read(&folder)?.ok_or("the cluster is gone")?;
            return metacontroller::start(project, steps, &mut servers, &folder, strategy);
        }
        (_, Some(_)) => return Err(USAGE.into()),
        (_, None) => {}
    }
    let command = *command;
    match command {
        "up" => up(project, steps, &folder),
        "down" => down(&folder),
        "status" => status(&folder),
        "build" => go::build(project, steps).and_then(|_| checkers(project, steps)).map(|_| ()),
        "guard" => guard(&folder),
        _ => Err(USAGE.into()),
    }
}

/// What comes after the subcommand.
struct Options {
    folder: PathBuf,
    /// Of Metacontroller, where it is wanted.
    strategy: Option<String>,
}

fn options_of(project: &Project, mut words: &[&str]) -> Outcome<Options> {
    let mut options = Options { folder: project.work().join("cluster"), strategy: None };
    loop {
        words = match words {
            [] => return Ok(options),
            ["--dir", folder, rest @ ..] => {
                options.folder = absolute(Path::new(folder))?;
                rest
            }
            ["--metacontroller", rest @ ..] => {
                options.strategy.get_or_insert("dynamic-apply".into());
                rest
            }
            ["--apply-strategy", strategy, rest @ ..] if options.strategy.is_some() => {
                options.strategy = Some((*strategy).into());
                rest
            }
            _ => return Err(USAGE.into()),
        };
    }
}

/// Kubeconfigs hold paths that must be good from anywhere.
fn absolute(folder: &Path) -> Outcome<PathBuf> {
    std::path::absolute(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Builds what is missing and starts everything; a cluster that runs stays as it is.
fn up(project: &Project, steps: &mut Steps, folder: &Path) -> Outcome {
    let programs = go::build(project, steps)?;
    let _lock = take(folder)?;
    if let Some(servers) = Servers::read(folder)? {
        if servers.all_run() {
            println!("==> The cluster runs already.");
            print_access(folder, &servers);
            return Ok(());
        }
        println!("==> What is left of an earlier cluster in {} is removed.", folder.display());
        servers.stop()?;
        empty(folder)?;
    }
    let start = Instant::now();
    let servers = start_all(&programs, steps, folder)?;
    println!("==> The cluster is ready after {:.1} s.", start.elapsed().as_secs_f64());
    print_access(folder, &servers);
    Ok(())
}

fn start_all(programs: &Programs, steps: &mut Steps, folder: &Path) -> Outcome<Servers> {
    let ports = Ports::free()?;
    let url = format!("https://127.0.0.1:{}", ports.api);
    let mut servers = Servers::none(folder, &url)?;
    let started = start_parts(programs, steps, folder, &ports, &mut servers);
    if started.is_err() {
        servers.stop()?;
    }
    started.map(|()| servers)
}

fn start_parts(programs: &Programs, steps: &mut Steps, folder: &Path, ports: &Ports, servers: &mut Servers) -> Outcome {
    prepare(programs, folder, &servers.url)?;
    steps.step("Starting etcd and the API server", || servers::start_api_server(servers, programs, ports))?;
    let kubectl = |arguments: &[&str]| servers::kubectl(programs, folder, arguments);
    // The definitions take longest, most of it inside the API server: they are under way while the rest starts.
    let definitions = programs.control_plane.join(go::ISTIO_CRDS).display().to_string();
    let mut istio = kubectl(&["create", "--filename", &definitions]);
    let istio = istio.stdout(Stdio::null()).spawn().map_err(|error| format!("kubectl cannot be started: {error}"))?;
    steps.step("Starting controllers, scheduler and kwok", || servers::start_controllers(servers, programs))?;
    steps.step("Making two Nodes and a StorageClass", || {
        let objects = folder.join("objects.yaml").display().to_string();
        shell::capture(&mut kubectl(&["create", "--filename", &objects]))?;
        shell::capture(&mut kubectl(&["wait", "--for=condition=Ready", "node", "--all", "--timeout=60s"])).map(|_| ())
    })?;
    steps.step("Installing Istio's CRDs", || {
        let output = istio.wait_with_output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err("Istio's CRDs cannot be installed".into());
        }
        // A definition without any condition yet is an error for kubectl, not something to wait for.
        let established = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=10s"];
        servers.wait("Istio's CRDs", 60, || kubectl(&established).output().is_ok_and(|output| output.status.success()))
    })?;
    let account = ["get", "--namespace", "default", "serviceaccount", "default"];
    servers.wait("the ServiceAccount of Pods", 60, || kubectl(&account).output().is_ok_and(|output| output.status.success()))
}

/// The files that the servers and their users read.
fn prepare(programs: &Programs, folder: &Path, url: &str) -> Outcome {
    kubeconfig::write(folder, url)?;
    shell::write(&folder.join("audit-policy.yaml"), include_str!("../../cluster/audit-policy.yaml"))?;
    shell::write(&folder.join("objects.yaml"), include_str!("../../cluster/objects.yaml"))?;
    let mut keygen = shell::command(programs.control_plane.join("controlplane"));
    shell::write(&folder.join("service-account.key"), shell::capture(keygen.arg("keygen"))?)?;
    let bin = folder.join("bin");
    shell::folder_for(&bin.join("kubectl"))?;
    go::link(&programs.control_plane.join("kubectl"), &bin.join("kubectl"))?;
    go::link(&programs.istioctl.join("istioctl"), &bin.join("istioctl"))
}

/// Takes a folder that is empty or ours, for nobody else to read: it will hold tokens.
fn take(folder: &Path) -> Outcome<std::fs::File> {
    if !Servers::note(folder).exists() && entries(folder).any(|path| !path.ends_with("lock")) {
        return Err(format!("{} is neither empty nor of a cluster: name another folder with --dir", folder.display()));
    }
    let lock = go::lock(&folder.join("lock"))?;
    let private = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
    private.map(|()| lock).map_err(|error| format!("{} cannot be kept private: {error}", folder.display()))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The note goes last: as long as it is there, the folder is ours.
fn empty(folder: &Path) -> Outcome {
    let note = Servers::note(folder);
    let failed = |path: &Path, error| format!("{} cannot be removed: {error}", path.display());
    for path in entries(folder).filter(|path| *path != note && !path.ends_with("lock")) {
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(|error| failed(&path, error))?;
    }
    std::fs::remove_file(&note).map_err(|error| failed(&note, error))
}

/// Stops the servers and removes the folder.
fn down(folder: &Path) -> Outcome {
    if !Servers::note(folder).exists() {
        println!("==> No cluster in {}.", folder.display());
        return Ok(());
    }
    let _lock = go::lock(&folder.join("lock"))?;
    if let Some(servers) = Servers::read(folder)? {
        servers.stop()?;
        empty(folder)?;
    }
    let removed = std::fs::remove_dir_all(folder);
    removed.map_err(|error| format!("{} cannot be removed: {error}", folder.display()))?;
    println!("==> The cluster is stopped, and {} with its data is removed.", folder.display());
    Ok(())
}

/// Says what runs; a failure where it is not everything.
fn status(folder: &Path) -> Outcome {
    let nothing = || format!("no cluster runs in {}: start one with `cargo xtask cluster up`", folder.display());
    let servers = Servers::read(folder)?.ok_or_else(nothing)?;
    for (name, pid, runs) in servers.list() {
        println!("{name:<24} {}", if runs { format!("process {pid}") } else { "NOT RUNNING".into() });
    }
    if !servers.all_run() {
        return Err(nothing());
    }
    let minutes = servers.age().as_secs() / 60;
    println!("{:<24} {} h {} min", "has run for", minutes / 60, minutes % 60);
    print_access(folder, &servers);
    Ok(())
}

fn print_access(folder: &Path, servers: &Servers) {
    let [admin, others @ ..] = kubeconfig::PEOPLE.map(|user| kubeconfig::path(folder, user).display().to_string());
    println!("    API server          {}", servers.url);
    println!("    without any rights  {}", others.join(", "));
    println!("    audit log           {}", folder.join("audit.log").display());
    println!("    kubectl, istioctl   {}", folder.join("bin").display());
    println!("    kubeconfig          {admin}\n");
    println!("export KUBECONFIG={admin}");
}

/// A fresh cluster that ends with this program, also by a panic, Ctrl-C or a kill.
pub struct Temporary {
    /// Its folder.
    pub folder: PathBuf,
    guard: Child,
}

impl Temporary {
    /// Starts one in place of what may be left in the folder.
    pub fn start(project: &Project, steps: &mut Steps, folder: PathBuf) -> Outcome<Self> {
        if folder.exists() {
            down(&folder)?;
        }
        let xtask = std::env::current_exe().map_err(|error| format!("xtask does not find itself: {error}"))?;
        let mut guard = std::process::Command::new(xtask);
        guard.args(["cluster", "guard", "--dir"]).arg(&folder).stdin(Stdio::piped()).process_group(0);
        let guard = guard.spawn().map_err(|error| format!("the guard of the cluster cannot be started: {error}"))?;
        let temporary = Self { folder, guard };
        up(project, steps, &temporary.folder)?;
        Ok(temporary)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Takes the cluster down when standard input ends, as it does when whoever holds its other end is gone.
fn guard(folder: &Path) -> Outcome {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    down(folder)
}
