//! The programs that are written in Go, built once and kept outside the checkout, under a key of what decides their bytes.

use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where the programs of a control plane are.
pub struct Programs {
    /// The folder of `etcd`, `kube-apiserver`, `kubectl` and the other names of the control plane, and of the files below.
    pub control_plane: PathBuf,
    /// The folder of `istioctl`.
    pub istioctl: PathBuf,
}

/// Where the programs are that check manifests.
pub struct Checkers {
    /// The folder of `helm` and `kubeconform`.
    pub helm: PathBuf,
    /// The folder of `kube-score`.
    pub kube_score: PathBuf,
    /// The program itself.
    pub kubectl: PathBuf,
}

/// The file of Istio's CRDs in the folder of the control plane.
pub const ISTIO_CRDS: &str = "istio-crds.yaml";
/// The file of kwok's stages in the folder of the control plane.
pub const STAGES: &str = "kwok-stages.yaml";
/// What the multi-call program can be called.
pub const NAMES: [&str; 6] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok"];

/// kwok's own stages that make Nodes and Pods live, in its module.
const STAGE_FILES: [&str; 5] = [
    "node/fast/node-initialize",
    "node/heartbeat-with-lease/node-heartbeat-with-lease",
    "pod/fast/pod-ready",
    "pod/fast/pod-complete",
    "pod/fast/pod-delete",
];

/// Where kwok's stage `pod-ready` is changed, and what is put there: a Pod's annotation delays its readiness.
const STAGE_BEFORE: &str = "  next:\n";
const STAGE_DELAY: &str = "  delay:
    durationMilliseconds: 0
    durationFrom:
      expressionFrom: '.metadata.annotations[\"modelwright.test/ready-after\"]'
";

/// Finds or builds what a control plane needs.
pub fn build(project: &Project, steps: &mut Steps) -> Outcome<Programs> {
    let modules = [control_plane(project)?, istioctl(project)];
    let cache = cache()?;
    let [control_plane, istioctl] = modules.each_ref().map(|module| module.find_or_build(&cache, steps));
    Ok(Programs { control_plane: control_plane?, istioctl: istioctl? })
}

/// Finds or builds what checks manifests.
pub fn checkers(project: &Project, steps: &mut Steps) -> Outcome<Checkers> {
    let modules = [helm(project), kube_score(project), control_plane(project)?];
    let cache = cache()?;
    let [helm, kube_score, control_plane] = modules.each_ref().map(|module| module.find_or_build(&cache, steps));
    Ok(Checkers { helm: helm?, kube_score: kube_score?, kubectl: control_plane?.join("kubectl") })
}

/// A build that goes on beside other work, in a process of lower priority.
pub struct Background {
    child: Child,
    log: PathBuf,
}

impl Background {
    /// Starts `cargo xtask cluster build`. When this program ends before it, the build goes on: the next run wants it, too.
    pub fn start(project: &Project) -> Outcome<Self> {
        let log = project.work().join("cluster-build.log");
        shell::folder_for(&log)?;
        let file = File::create(&log).map_err(|error| format!("{} cannot be written: {error}", log.display()))?;
        let errors = file.try_clone().map_err(|error| error.to_string())?;
        let xtask = std::env::current_exe().map_err(|error| format!("xtask does not find itself: {error}"))?;
        let mut command = Command::new("nice");
        command.args(["-n", "10"]).arg(xtask).args(["cluster", "build"]);
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        let child = child.map_err(|error| format!("the build of the control plane cannot be started: {error}"))?;
        println!("==> The Go programs are built in the background: {}", log.display());
        Ok(Self { child, log })
    }

    /// Waits for its end; a failure shows what it printed.
    pub fn wait(mut self) -> Outcome {
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() {
            return Ok(());
        }
        Err(format!("the Go programs cannot be built:\n{}", shell::read_text(&self.log)?))
    }
}

/// One Go module of the project, and what is made of it.
struct Module {
    name: &'static str,
    /// What the user is told.
    step: &'static str,
    folder: PathBuf,
    /// What is built, as `go build` takes it.
    packages: &'static [&'static str],
    /// What the linker writes into the program.
    linker: String,
    /// Fills the folder besides the program.
    complete: fn(&Module, &Path) -> Outcome,
}

fn control_plane(project: &Project) -> Outcome<Module> {
    let folder = project.root.join("xtask/cluster");
    let version = required_version(&shell::read_text(&folder.join("go.mod"))?, "k8s.io/kubernetes")?;
    Ok(Module {
        name: "controlplane",
        step: "Building the Kubernetes control plane",
        folder,
        packages: &["."],
        linker: kubernetes_version(&version)?,
        complete: complete_control_plane,
    })
}

fn istioctl(project: &Project) -> Module {
    plain(project, "istioctl", "Building istioctl", &["istio.io/istio/istioctl/cmd/istioctl"])
}

fn helm(project: &Project) -> Module {
    let packages = &["helm.sh/helm/v4/cmd/helm", "github.com/yannh/kubeconform/cmd/kubeconform"];
    plain(project, "helm", "Building helm and kubeconform", packages)
}

fn kube_score(project: &Project) -> Module {
    plain(project, "kube-score", "Building kube-score", &["github.com/zegl/kube-score/cmd/kube-score"])
}

/// Programs and nothing besides, from the folder of the module's name.
fn plain(project: &Project, name: &'static str, step: &'static str, packages: &'static [&'static str]) -> Module {
    let folder = project.root.join("xtask").join(name);
    Module { name, step, folder, packages, linker: "-s -w".into(), complete: |_, _| Ok(()) }
}

/// `go.mod` is the one place of versions.
fn required_version(go_mod: &str, module: &str) -> Outcome<String> {
    let mut words = go_mod.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = words.find_map(|words| match words.as_slice() {
        [name, version, ..] if *name == module => Some((*version).to_owned()),
        _ => None,
    });
    found.ok_or_else(|| format!("go.mod does not require {module}"))
}

/// Without these, the API server says a version that does not parse, and takes another one for what it emulates.
fn kubernetes_version(version: &str) -> Outcome<String> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return Err(format!("{version} is not a version of Kubernetes"));
    };
    let values =
        [("gitVersion", version), ("gitMajor", major), ("gitMinor", minor), ("gitTreeState", "clean"), ("gitCommit", "unknown")];
    let flags = values.map(|(name, value)| format!("-X k8s.io/component-base/version.{name}={value}"));
    Ok(format!("-s -w {}", flags.join(" ")))
}

impl Module {
    /// Builds under a lock and in a folder beside, so that what is found is always whole.
    fn find_or_build(&self, cache: &Path, steps: &mut Steps) -> Outcome<PathBuf> {
        let folder = cache.join(format!("{}-{}", self.name, self.key()?));
        if folder.is_dir() {
            return Ok(folder);
        }
        let _lock = lock(&cache.join(format!("{}.lock", self.name)))?;
        if folder.is_dir() {
            return Ok(folder);
        }
        steps.step(self.step, || {
            let unfinished = folder.with_added_extension("unfinished");
            let _ = std::fs::remove_dir_all(&unfinished);
            let mut go = self.go(&["build", "-trimpath", "-buildvcs=false", "-ldflags", &self.linker, "-o"]);
            // With a slash at its end it is a folder, and every program gets the name of its package.
            shell::folder_for(&unfinished.join(self.name))?;
            shell::run(go.arg(unfinished.join("")).args(self.packages))?;
            (self.complete)(self, &unfinished)?;
            std::fs::rename(&unfinished, &folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))
        })?;
        Ok(folder)
    }

    /// Of everything that decides what is built.
    fn key(&self) -> Outcome<String> {
        let mut go = self.go(&["version"]);
        let version = go.stderr(Stdio::null()).output().ok().filter(|output| output.status.success());
        let version =
            version.ok_or("Go 1.26 or later is needed for the Kubernetes control plane, and `go` is not there or fails")?;
        let entries = std::fs::read_dir(&self.folder).map_err(|error| format!("{}: {error}", self.folder.display()))?;
        let sources = |path: &PathBuf| {
            path.extension().is_some_and(|extension| ["mod", "sum", "go"].map(AsRef::as_ref).contains(&extension))
        };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(sources).collect();
        files.sort();
        let mut all = version.stdout;
        all.extend(format!("{} {} {STAGE_FILES:?} {STAGE_DELAY}", self.packages.join(" "), self.linker).bytes());
        for file in files {
            all.extend(shell::sha256(&shell::read(&file)?).bytes());
        }
        Ok(shell::sha256(&all).chars().take(16).collect())
    }

    /// Go in this module: no C, no change of go.mod, no workspace that the machine may have.
    fn go(&self, arguments: &[&str]) -> Command {
        let mut go = shell::command("go");
        go.args(arguments).current_dir(&self.folder);
        go.envs([("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=readonly"), ("GOWORK", "off")]);
        go
    }

    /// The folder of a module that this one requires.
    fn folder_of(&self, module: &str) -> Outcome<PathBuf> {
        shell::run(&mut self.go(&["mod", "download", module]))?;
        let folder = shell::capture(&mut self.go(&["list", "-m", "-f", "{{.Dir}}", module]))?;
        Ok(PathBuf::from(folder.trim()))
    }
}

fn complete_control_plane(module: &Module, folder: &Path) -> Outcome {
    for name in NAMES {
        link(Path::new(module.name), &folder.join(name))?;
    }
    let crds = module.folder_of("istio.io/api")?.join("kubernetes/customresourcedefinitions.gen.yaml");
    shell::write(&folder.join(ISTIO_CRDS), shell::read(&crds)?)?;
    let stages = module.folder_of("sigs.k8s.io/kwok")?.join("kustomize/stage");
    let mut text = String::new();
    for file in STAGE_FILES {
        let stage = shell::read_text(&stages.join(file).with_extension("yaml"))?;
        text += "---\n";
        text += &if file.ends_with("/pod-ready") { delayed(&stage)? } else { stage };
    }
    shell::write(&folder.join(STAGES), text)
}

/// The stage `pod-ready` with the delay that a Pod may ask for.
fn delayed(stage: &str) -> Outcome<String> {
    match stage.split_once(STAGE_BEFORE) {
        Some((before, after)) => Ok(format!("{before}{STAGE_DELAY}{STAGE_BEFORE}{after}")),
        None => Err("kwok's stage pod-ready is not as it was: STAGE_BEFORE is not in it".into()),
    }
}

/// A symbolic link, in place of one that may be there.
pub fn link(target: &Path, link: &Path) -> Outcome {
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(target, link).map_err(|error| format!("{} cannot be made: {error}", link.display()))
}

/// Held as long as the file is open; the system drops it with the process.
pub fn lock(path: &Path) -> Outcome<File> {
    shell::folder_for(path)?;
    let failed = |error: &dyn std::fmt::Display| format!("{} cannot be locked: {error}", path.display());
    let file = File::create(path).map_err(|error| failed(&error))?;
    if file.try_lock().is_err() {
        println!("    another one is at work: waiting for {}", path.display());
        file.lock().map_err(|error| failed(&error))?;
    }
    Ok(file)
}

/// Outside the checkout: a new checkout needs no new build.
fn cache() -> Outcome<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let ours = set("MODELWRIGHT_CACHE").or_else(|| Some(set("XDG_CACHE_HOME")?.join("modelwright")));
    let ours = ours.or_else(|| Some(set("HOME")?.join(".cache/modelwright")));
    ours.ok_or_else(|| "neither MODELWRIGHT_CACHE nor XDG_CACHE_HOME nor HOME says where the built programs can be kept".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO_MOD: &str = include_str!("../../cluster/go.mod");

    #[test]
    fn every_part_of_kubernetes_has_the_one_version() {
        let version = required_version(GO_MOD, "k8s.io/kubernetes").expect("it is required");
        let staging = version.replacen("v1.", "v0.", 1);
        let replaced: Vec<&str> = GO_MOD.lines().filter_map(|line| line.split_once(" => ").map(|(_, by)| by)).collect();
        assert!(replaced.len() > 30, "k8s.io/kubernetes asks for v0.0.0 of each of its staging modules");
        for module in replaced {
            assert!(module.ends_with(&format!(" {staging}")), "{module} does not belong to Kubernetes {version}");
        }
    }

    #[test]
    fn the_linker_gets_the_version_of_go_mod() {
        let flags = kubernetes_version("v1.36.3").expect("a version");
        assert!(flags.contains("version.gitVersion=v1.36.3 "), "{flags}");
        assert!(flags.contains("version.gitMinor=36 "), "{flags}");
        assert!(kubernetes_version("main").is_err());
    }

    #[test]
    fn the_delay_comes_before_what_happens() {
        let stage = delayed("spec:\n  selector: {}\n  next:\n    statusTemplate: x\n").expect("a stage");
        assert_eq!(stage, format!("spec:\n  selector: {{}}\n{STAGE_DELAY}  next:\n    statusTemplate: x\n"));
        assert!(delayed("spec: {}").is_err());
    }
}
