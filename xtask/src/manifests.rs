//! The manifests of `deploy/`. The chart is their one source: `bless` renders the files of the kustomize folders from it, `check` compares.
//!
//! Two digests are known only once everything is built; in `deploy/` zeros stand for them, and [`fill`] writes copies without zeros to
//! `target/dist/`.

use crate::archive::{self, Entry};
use crate::cluster::Checkers;
use crate::project::Project;
use crate::shell::{self, Outcome};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const CHART: &str = "deploy/helm/modelwright";
const KUSTOMIZE: &str = "deploy/metacontroller";
const CRDS: &str = "deploy/crds";

/// Stands for as many digits of the component's digest as a hook's URL has.
const COMPONENT: &str = "0000000000000000";
/// Stands for the digest of the image.
const IMAGE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the base has: no certificates, and the Namespace, because kustomize has nothing that makes one.
const BASE: &str = "crds.install=false,certificates.certManager=false,namespace.create=true";
/// What the components have besides.
const COMPONENTS: [(&str, &str); 2] = [
    ("cert-manager/certificates.yaml", "certificates.certManager=true"),
    ("monitoring/monitoring.yaml", "monitoring.enabled=true"),
];

/// Writes what the chart renders to.
pub fn bless(project: &Project, checkers: &Checkers) -> Outcome {
    rendered(project, checkers)?.iter().try_for_each(|(path, text)| shell::write(path, text))
}

/// Fails where `bless` would change, add or leave something.
pub fn check(project: &Project, checkers: &Checkers) -> Outcome {
    let rendered = rendered(project, checkers)?;
    let folder = project.root.join(KUSTOMIZE);
    let mut wrong = Vec::new();
    for (path, _) in archive::files(&folder)?.iter().filter(|(path, _)| !path.ends_with("kustomization.yaml")) {
        if !rendered.contains_key(&folder.join(path)) {
            wrong.push(format!("{} is not made from the chart", path.display()));
        }
    }
    for (path, text) in &rendered {
        if shell::read_text(path).ok().as_ref() != Some(text) {
            wrong.push(format!("{} is not what the chart renders to", path.display()));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}: run `cargo xtask bless`", wrong.join(", "))) }
}

/// The files that are made from the chart.
fn rendered(project: &Project, checkers: &Checkers) -> Outcome<BTreeMap<PathBuf, String>> {
    let folder = project.root.join(KUSTOMIZE);
    let mut base = templates(&template(project, checkers, BASE)?);
    let policy = base.remove("policy.yaml").as_deref().and_then(literal);
    base.insert("policy.json".into(), policy.ok_or("the chart has no policy")?);
    let mut found: BTreeMap<PathBuf, String> =
        base.into_iter().map(|(name, text)| (folder.join("base").join(name), text)).collect();
    for (path, values) in COMPONENTS {
        let path = folder.join("components").join(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = templates(&template(project, checkers, values)?).remove(&name);
        found.insert(path, text.ok_or_else(|| format!("the chart has no template {name} with {values}"))?);
    }
    Ok(found)
}

/// The text of a literal block, which ends the document; kustomize makes the ConfigMap of it itself.
fn literal(document: &str) -> Option<String> {
    let (_, block) = document.split_once(": |\n")?;
    Some(block.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect())
}

/// What `helm template` prints.
fn template(project: &Project, checkers: &Checkers, values: &str) -> Outcome<String> {
    let mut helm = shell::command(checkers.helm.join("helm"));
    helm.args(["template", "modelwright", CHART, "--namespace", "modelwright-system", "--set", values]);
    shell::capture(helm.current_dir(&project.root))
}

/// The output of `helm template` by template: it says above each document which one that is from.
fn templates(output: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for document in output.split("---\n# Source: modelwright/templates/").skip(1) {
        let Some((name, text)) = document.split_once('\n') else { continue };
        let file = found.entry(name.to_owned()).or_default();
        *file += if file.is_empty() { "# Made from the chart by `cargo xtask bless`.\n" } else { "---\n" };
        *file += text.trim_matches('\n');
        *file += "\n";
    }
    found
}

/// Where [`fill`] puts the chart.
pub fn chart(project: &Project) -> PathBuf {
    project.dist().join(format!("modelwright-chart-{}.tgz", env!("CARGO_PKG_VERSION")))
}

/// Writes to `target/dist/` what can be applied: `metacontroller/`, `crds/` and the chart, with both digests, given as hex.
pub fn fill(project: &Project, component: &str, image: &str) -> Outcome {
    let short = component.get(..COMPONENT.len()).ok_or_else(|| format!("{component} is not a digest"))?;
    // The longer one first: the shorter one would fit into it.
    let filled = |content: Vec<u8>| -> Outcome<Vec<u8>> {
        let text = String::from_utf8(content).map_err(|_| "a manifest is not UTF-8".to_owned())?;
        Ok(text.replace(IMAGE, image).replace(COMPONENT, short).into_bytes())
    };
    let folders = [(KUSTOMIZE, "metacontroller"), (CRDS, "crds")];
    for (from, to) in folders {
        let to = project.dist().join(to);
        let _ = std::fs::remove_dir_all(&to);
        for (path, content) in archive::files(&project.root.join(from))? {
            shell::write(&to.join(path), filled(content)?)?;
        }
    }
    let mut entries = Vec::new();
    for (path, content) in chart_files(&project.root)? {
        entries.push(Entry { path: format!("modelwright/{}", path.display()), content: filled(content)?, executable: false });
    }
    shell::write(&chart(project), archive::gzip(&archive::tar(&entries)?)?)
}

/// The chart with the definitions of the custom resources, which have one place in the project.
fn chart_files(root: &Path) -> Outcome<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = archive::files(&root.join(CHART))?;
    let crds = archive::files(&root.join(CRDS))?.into_iter().filter(|(path, _)| !path.ends_with("kustomization.yaml"));
    found.extend(crds.map(|(path, content)| (Path::new("files/crds").join(path), content)));
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_one_template_are_one_file() {
        let document = |name: &str, text: &str| format!("---\n# Source: modelwright/templates/{name}.yaml\n{text}\n");
        let output = document("b", "kind: B\n") + &document("a", "# Why.\nkind: A") + &document("b", "kind: C");
        let found = templates(&output);
        let head = "# Made from the chart by `cargo xtask bless`.\n";
        assert_eq!(found["a.yaml"], format!("{head}# Why.\nkind: A\n"));
        assert_eq!(found["b.yaml"], format!("{head}kind: B\n---\nkind: C\n"));
    }

    #[test]
    fn a_literal_block_is_read_without_its_indentation() {
        assert_eq!(literal("data:\n  a: |\n    {\n      \"b\": 1\n    }\n").as_deref(), Some("{\n  \"b\": 1\n}\n"));
        assert_eq!(literal("data: {}\n"), None);
    }

    #[test]
    fn nothing_is_left_to_fill() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        let target = std::env::temp_dir().join(format!("modelwright-fill-{}", std::process::id()));
        let project = Project { root: root.into(), target: target.clone() };
        fill(&project, &"c".repeat(64), &"d".repeat(64)).expect("everything can be read");
        let chart = flate2::read::GzDecoder::new(std::fs::File::open(chart(&project)).expect("the chart"));
        let unpacked = target.join("unpacked");
        tar::Archive::new(chart).unpack(&unpacked).expect("an archive");
        let text = |folder: &Path| {
            let files = archive::files(folder).expect("a folder");
            files.into_iter().map(|(_, content)| String::from_utf8_lossy(&content).into_owned()).collect::<String>()
        };
        for folder in [project.dist().join("metacontroller"), unpacked] {
            let text = text(&folder);
            assert!(text.contains(&"d".repeat(64)) && text.contains(&"c".repeat(16)), "{}", folder.display());
            assert!(!text.contains(COMPONENT), "{}: zeros are left", folder.display());
        }
        std::fs::remove_dir_all(&target).expect("it was made");
    }
}
