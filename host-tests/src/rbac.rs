//! Whether the rights that `modelwright rbac` prints are enough and the least: with all of them everything works, without any one of them
//! something is refused in words that name what is missing.

use crate::artefacts::Artefact;
use crate::cluster::{Cluster, unique};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What is needed for a trial.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The program `modelwright`.
    pub program: PathBuf,
    /// The program `kubectl`.
    pub kubectl: PathBuf,
    /// Whoever may do everything.
    pub admin: PathBuf,
    /// A user who may do nothing.
    pub user: PathBuf,
    /// The name of that user.
    pub name: String,
    /// The beginning of the names of namespaces.
    pub prefix: String,
}

/// A verb on a resource, in the cluster or in the namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// `Role` or `ClusterRole`.
    pub role: String,
    /// API group.
    pub group: String,
    /// Resource.
    pub resource: String,
    /// Verb.
    pub verb: String,
}

/// A namespace with custom resources in a folder, and the rights for them.
struct Stage<'a> {
    trial: &'a Trial,
    namespace: String,
    folder: PathBuf,
    /// The Roles and their bindings.
    manifests: Vec<Value>,
}

impl Trial {
    /// A trial with the program that was built, as a user of the control plane.
    pub fn of(cluster: &Cluster, user: &str) -> Result<Self, String> {
        Ok(Self {
            program: Artefact::CommandLine.path()?,
            kubectl: cluster.program("kubectl"),
            admin: cluster.kubeconfig("admin"),
            user: cluster.kubeconfig(user),
            name: user.into(),
            prefix: format!("rbac-{user}-{}", unique()),
        })
    }

    /// Tries custom resources (YAML whose namespace is `NAMESPACE`) with all rights. Gives the rights that this takes, and what went
    /// wrong in one sentence each.
    pub fn with_all(&self, resources: &str) -> Result<(Vec<Right>, Vec<String>), String> {
        let stage = Stage::new(self, "all", resources)?;
        let wrong = stage.works(None)?;
        Ok((stage.rights().into_iter().filter(|right| !is_rare(right)).collect(), wrong))
    }

    /// Tries them without one right.
    pub fn without(&self, right: &Right, place: usize, resources: &str) -> Result<Vec<String>, String> {
        Stage::new(self, &place.to_string(), resources)?.works(Some(right))
    }

    fn kubectl(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(&self.admin).args(arguments);
        let output = piped(&mut command, input)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(format!("{arguments:?}: {}", text(&output.stderr))) }
    }

    /// The program as the user: its exit code and everything that it says.
    fn modelwright(&self, arguments: &[&str]) -> Result<(i32, String), String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--kubeconfig").arg(&self.user);
        let output = piped(&mut command, "")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((output.status.code().unwrap_or(-1), text(&output.stdout) + &text(&output.stderr)))
    }
}

fn piped(command: &mut Command, input: &str) -> Result<Output, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(failed)?;
    }
    child.wait_with_output().map_err(failed)
}

impl<'a> Stage<'a> {
    fn new(trial: &'a Trial, name: &str, resources: &str) -> Result<Self, String> {
        let namespace = format!("{}-{name}", trial.prefix);
        let folder = std::env::temp_dir().join(format!("modelwright-{namespace}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        std::fs::write(folder.join("resources.yaml"), resources.replace("NAMESPACE", &namespace))
            .map_err(|error| error.to_string())?;
        let mut stage = Self { trial, namespace, folder, manifests: Vec::new() };
        let arguments = ["rbac", "-f", &stage.folder.display().to_string(), "--user", &trial.name].map(str::to_owned);
        let output = piped(Command::new(&trial.program).args(arguments), "")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for document in text.split("---\n").skip(1) {
            stage.manifests.push(serde_saphyr::from_str(document).map_err(|error| format!("{error}: {document}"))?);
        }
        trial.kubectl(&["create", "namespace", &stage.namespace], "")?;
        Ok(stage)
    }

    fn rights(&self) -> Vec<Right> {
        let mut rights = Vec::new();
        for manifest in &self.manifests {
            for rule in items(&manifest["rules"]) {
                for (resource, verb) in
                    items(&rule["resources"]).flat_map(|one| items(&rule["verbs"]).map(move |verb| (one, verb)))
                {
                    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
                    let group = text(&rule["apiGroups"][0]);
                    rights.push(Right { role: text(&manifest["kind"]), group, resource: text(resource), verb: text(verb) });
                }
            }
        }
        rights
    }

    /// Grants everything but one right, and waits until that holds.
    fn grant(&self, without: Option<&Right>) -> Result<(), String> {
        let mut manifests = self.manifests.clone();
        for manifest in manifests.iter_mut().filter(|manifest| without.is_some_and(|right| manifest["kind"] == *right.role)) {
            let Some(right) = without else { continue };
            let mut rules = Vec::new();
            for rule in items(&manifest["rules"]) {
                for resource in items(&rule["resources"]) {
                    let is_meant = rule["apiGroups"][0] == *right.group && *resource == *right.resource;
                    let verbs: Vec<&Value> = items(&rule["verbs"]).filter(|verb| !(is_meant && **verb == *right.verb)).collect();
                    let mut rule = rule.clone();
                    rule["resources"] = json!([resource]);
                    rule["verbs"] = json!(verbs);
                    if !verbs.is_empty() {
                        rules.push(rule);
                    }
                }
            }
            manifest["rules"] = rules.into();
        }
        let text: Vec<String> = manifests.iter().map(Value::to_string).collect();
        self.trial.kubectl(&["apply", "-f", "-"], &text.join("\n---\n"))?;
        // The authorizer that knows one right of a role knows them all.
        let start = Instant::now();
        let rights = self.rights();
        let granted =
            ["Role", "ClusterRole"].map(|role| rights.iter().find(|right| right.role == role && Some(*right) != without));
        for right in granted.into_iter().flatten() {
            while !self.may(right)? {
                if start.elapsed() > Duration::from_secs(20) {
                    return Err(format!("{right:?} was granted and does not hold"));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    fn may(&self, right: &Right) -> Result<bool, String> {
        let (resource, part) = right.resource.split_once('/').unwrap_or((&right.resource, ""));
        let mut attributes = json!({"verb": right.verb, "group": right.group, "resource": resource, "subresource": part});
        if right.role == "Role" {
            attributes["namespace"] = self.namespace.as_str().into();
        } else if resource == "namespaces" {
            attributes["name"] = self.namespace.as_str().into();
        }
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": self.trial.name, "resourceAttributes": attributes}});
        let answer = self.trial.kubectl(&["create", "-f", "-", "-o", "jsonpath={.status.allowed}"], &review.to_string())?;
        Ok(answer == "true")
    }

    /// Plans, applies, changes weights and shows; with a right less, one of these has to say so.
    fn works(&self, without: Option<&Right>) -> Result<Vec<String>, String> {
        self.grant(without)?;
        if without.is_some_and(|right| right.resource == "leases" && ["get", "update"].contains(&right.verb.as_str())) {
            self.leave_a_lease()?;
        }
        let files = self.folder.display().to_string();
        let mut said = self.step(&["apply", "-f", &files, "--yes", "--timeout", "20s"])?;
        let resources = std::fs::read_to_string(self.folder.join("resources.yaml")).map_err(|error| error.to_string())?;
        if resources.contains("weight: 90") && said.iter().all(|(code, _)| *code == 0) {
            let changed = resources.replace("weight: 90", "weight: 60");
            std::fs::write(self.folder.join("resources.yaml"), changed).map_err(|error| error.to_string())?;
            said.extend(self.step(&["apply", "-f", &files, "--yes", "--timeout", "20s"])?);
        }
        said.extend(self.step(&["plan", "-f", &files])?);
        said.extend(self.step(&["status", "-n", &self.namespace])?);
        said.extend(self.step(&["delete", "--all", "-n", &self.namespace, "--yes", "--timeout", "20s"])?);
        Ok(self.judge(without, &said))
    }

    fn step(&self, arguments: &[&str]) -> Result<Vec<(i32, String)>, String> {
        let (code, text) = self.trial.modelwright(arguments)?;
        Ok(vec![(code, format!("{}: {text}", arguments[0]))])
    }

    fn judge(&self, without: Option<&Right>, said: &[(i32, String)]) -> Vec<String> {
        let Some(right) = without else {
            let failed = said.iter().filter(|(code, text)| *code != 0 || text.contains("forbidden"));
            return failed.map(|(code, text)| format!("with all rights: {code}: {text}")).collect();
        };
        let is_of_controllers = right.resource == "compositecontrollers";
        let refusal = match is_of_controllers {
            true => "compositecontrollers cannot be read".into(),
            false => format!("cannot {} resource \"{}\"", right.verb, right.resource),
        };
        // Without Pods less is shown, without controllers less is known, and that is all.
        let is_optional = right.resource == "pods" || is_of_controllers;
        let is_right = said.iter().any(|(code, text)| {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            text.contains(&refusal) && (*code != 0) != is_optional
        });
        match is_right {
            true => Vec::new(),
            false => {
                let tails =
                    said.iter().map(|(code, text)| format!("{code}: …{}", &text[floor(text, text.len().saturating_sub(400))..]));
                vec![format!("without {right:?} nobody says so:\n{}", tails.collect::<Vec<_>>().join("\n"))]
            }
        }
    }

    /// One whose holder is gone, so that it has to be taken over.
    fn leave_a_lease(&self) -> Result<(), String> {
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "modelwright", "namespace": self.namespace},
            "spec": {"holderIdentity": "gone", "leaseDurationSeconds": 1}});
        self.trial.kubectl(&["create", "-f", "-"], &lease.to_string()).map(drop)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        let clean = |arguments: &[&str]| drop(self.trial.kubectl(arguments, ""));
        // As the admin: nothing here waits for a roll-back.
        let finalizers = r#"{"metadata":{"finalizers":null}}"#;
        for kind in ["models", "endpointconfigs"] {
            let names = self.trial.kubectl(&["get", kind, "-n", &self.namespace, "-o", "name"], "").unwrap_or_default();
            for name in names.lines() {
                clean(&["patch", name, "-n", &self.namespace, "--type=merge", "-p", finalizers]);
            }
        }
        clean(&["delete", "namespace", &self.namespace, "--wait=false"]);
        let label = format!("mlops.internal/namespace={}", self.namespace);
        clean(&["delete", "persistentvolumes", "-l", &label, "--wait=false"]);
        let name = format!("modelwright-{}", self.namespace);
        clean(&["delete", "clusterrole,clusterrolebinding", &name, "--ignore-not-found"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A Gateway goes with its Endpoint, as what an owner leaves does; we delete it only where a finalizer of somebody else's keeps the Endpoint.
fn is_rare(right: &Right) -> bool {
    right.resource == "gateways" && ["get", "delete"].contains(&right.verb.as_str())
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn floor(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}
