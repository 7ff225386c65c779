//! The manifests in `target/dist/`, judged by programs that others wrote. A finding fails; what is waived has its reason beside it.

use crate::cluster::Checkers;
use crate::project::Project;
use crate::shell::{self, Outcome, Steps};
use crate::{archive, manifests};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Kubernetes whose schemas kubernetes-validate has.
const KUBERNETES: &str = "1.37.0";

/// Everything that can be switched on.
const ALL: &str = "namespace.create=true,monitoring.enabled=true";

/// What `ALL` is for kustomize; the folder is below the build directory, as `dist` is.
const KUSTOMIZATION: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- ../../dist/metacontroller/with-cert-manager
components:
- ../../dist/metacontroller/components/monitoring
";

/// Each checker is a step; what is not rendered is not checked, and failed already.
pub fn check(project: &Project, steps: &mut Steps, checkers: &Checkers) {
    steps.check("Manifests are made from the chart", || manifests::check(project, checkers));
    steps.check("helm lint", || helm_lint(project, checkers));
    let Ok(manifests) = steps.step("Rendering the manifests", || render(project, checkers)) else { return };
    let chart = manifests.with_file_name("chart.yaml");
    steps.check("Chart and kustomization make the same objects", || {
        shell::run(python(project, "same_objects.py").arg(&chart).arg(&manifests))
    });
    steps.check("kubeconform", || kubeconform(project, checkers, &manifests));
    steps.check("kube-score", || kube_score(checkers, &manifests));
    steps.check("Trivy", || trivy(project, &manifests));
}

fn folder(project: &Project) -> PathBuf {
    project.work().join("manifests")
}

fn python(project: &Project, script: &str) -> Command {
    let mut python = shell::command(project.python());
    // No cache of its own beside the scripts.
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(project.root.join("xtask/python").join(script));
    python
}

fn helm_lint(project: &Project, checkers: &Checkers) -> Outcome {
    let mut helm = shell::command(checkers.helm.join("helm"));
    shell::run(helm.args(["lint", "--strict", "--quiet"]).arg(manifests::chart(project)))
}

/// Renders everything twice, by Helm and by kustomize; the answer is the file of the latter.
fn render(project: &Project, checkers: &Checkers) -> Outcome<PathBuf> {
    let folder = folder(project);
    let mut helm = shell::command(checkers.helm.join("helm"));
    helm.args(["template", "modelwright", "--namespace", "modelwright-system", "--set", ALL]).arg(manifests::chart(project));
    shell::write(&folder.join("chart.yaml"), shell::capture(&mut helm)?)?;
    shell::write(&folder.join("kustomization.yaml"), KUSTOMIZATION)?;
    let mut kubectl = shell::command(&checkers.kubectl);
    let text = shell::capture(kubectl.arg("kustomize").arg(&folder))?;
    let file = folder.join("kustomize.yaml");
    shell::write(&file, text)?;
    Ok(file)
}

fn kubeconform(project: &Project, checkers: &Checkers, manifests: &Path) -> Outcome {
    let schemas = folder(project).join("schemas");
    let mut write = python(project, "kubeconform_schemas.py");
    write.arg(&schemas);
    for (from, suffix) in [("host-tests/fixtures", "-crds.yaml"), ("deploy/crds", ".mlops.internal.yaml")] {
        let from = project.root.join(from);
        let files = archive::files(&from)?.into_iter().map(|(path, _)| from.join(path));
        write.args(files.filter(|path| path.to_string_lossy().ends_with(suffix)));
    }
    shell::run(&mut write)?;
    let location = schemas.join("{{.ResourceKind}}{{.KindSuffix}}.json");
    let mut kubeconform = shell::command(checkers.helm.join("kubeconform"));
    kubeconform.args(["-strict", "-summary", "-kubernetes-version", KUBERNETES, "-schema-location"]).arg(location);
    shell::run(kubeconform.arg(manifests))
}

fn kube_score(checkers: &Checkers, manifests: &Path) -> Outcome {
    let mut kube_score = shell::command(checkers.kube_score.join("kube-score"));
    kube_score.args(["score", "--exit-one-on-warning"]);
    // The digest says what is in the image: pulling again finds nothing new, and a registry that is down would keep the hook down.
    shell::run(kube_score.args(["--ignore-test", "container-image-pull-policy"]).arg(manifests))
}

/// With the checks that are built into it.
fn trivy(project: &Project, manifests: &Path) -> Outcome {
    let mut trivy = shell::command(project.python().with_file_name("trivy"));
    trivy.args(["config", "--quiet", "--skip-check-update", "--skip-version-check", "--disable-telemetry", "--exit-code", "1"]);
    shell::run(trivy.arg("--ignorefile").arg(project.root.join("xtask/python/trivyignore")).arg(manifests))
}
