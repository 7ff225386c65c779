//! Which objects hang together, and what is said about each.

use super::world::{Seen, World, conditions, count, items, mood, text};
use super::{Branch, Mood, Tree};
use crate::read::documents::Reference;
use serde_json::Value;
use std::collections::BTreeSet;

/// Who is shown.
pub enum Roots {
    /// Every custom resource of some namespaces; of any that was observed where none is named.
    All(BTreeSet<String>),
    /// These alone, and what they reach.
    These(BTreeSet<Reference>),
}

impl Roots {
    fn of<'a>(&'a self, kind: &'a str, world: &'a World) -> Vec<&'a Reference> {
        match self {
            Self::All(namespaces) => {
                let is_meant = |reference: &&Reference| namespaces.is_empty() || namespaces.contains(&reference.namespace);
                world.all(kind).map(|(reference, _)| reference).filter(is_meant).collect()
            }
            Self::These(references) => references.iter().filter(|reference| reference.kind == kind).collect(),
        }
    }
}

/// The tree of what was observed.
pub fn tree(world: &World, roots: &Roots) -> Tree {
    let mut draw = Draw { world, drawn: BTreeSet::new() };
    let endpoints = roots.of("Endpoint", world).into_iter().map(|one| draw.endpoint(one)).collect();
    let mut unreached = Vec::new();
    for one in roots.of("EndpointConfig", world) {
        if !draw.drawn.contains(one) {
            unreached.push(draw.config(&one.namespace, &one.name));
        }
    }
    for one in roots.of("Model", world) {
        if !draw.drawn.contains(one) {
            unreached.push(draw.model(&one.namespace, &one.name));
        }
    }
    Tree { endpoints, unreached, unreadable: world.refusals().map(|refusal| refusal.message.clone()).collect() }
}

/// Draws each object once.
struct Draw<'a> {
    world: &'a World,
    drawn: BTreeSet<Reference>,
}

impl Draw<'_> {
    fn endpoint(&mut self, root: &Reference) -> Branch {
        let (mut branch, object) = self.resource("Endpoint", &root.namespace, &root.name);
        let Some(object) = object else { return branch };
        let status = self.world.status(&object);
        branch.line("url", "url", text(status, "/url"));
        branch.line("monitoringUrl", "monitoring", text(status, "/monitoringUrl"));
        branch.children.push(self.gateway(&root.namespace, &root.name));
        branch.children.push(self.config(&root.namespace, text(&object, "/spec/config")));
        branch
    }

    fn gateway(&self, namespace: &str, name: &str) -> Branch {
        let mut branch = self.simple("Gateway", namespace, name);
        if let Seen::Here(gateway) = self.world.find("Gateway", namespace, name) {
            let hosts: BTreeSet<&str> = items(gateway, "/spec/servers")
                .iter()
                .flat_map(|server| items(server, "/hosts"))
                .filter_map(Value::as_str)
                .collect();
            branch.fact("hosts", hosts.iter().copied().collect::<Vec<_>>());
            branch.beside.extend(hosts.into_iter().map(|host| host.rsplit('/').next().unwrap_or(host).to_owned()));
        }
        branch
    }

    fn config(&mut self, namespace: &str, name: &str) -> Branch {
        let (mut branch, object) = self.resource("EndpointConfig", namespace, name);
        let Some(object) = object else { return branch };
        let status = self.world.status(&object).clone();
        let mut routes = self.simple("VirtualService", namespace, name);
        let weights: Vec<(&str, u64)> =
            items(&status, "/routes").iter().map(|route| (text(route, "/model"), count(route, "/weight"))).collect();
        let sum: u64 = weights.iter().map(|(_, weight)| weight).fold(0, |sum, weight| sum.saturating_add(*weight));
        let wanted = items(&object, "/spec/models").iter().map(|entry| (text(entry, "/name"), text(entry, "/model")));
        let others =
            weights.iter().filter(|(model, _)| wanted.clone().all(|(_, wanted)| wanted != *model)).map(|(model, _)| ("", *model));
        let models: Vec<(&str, &str)> = wanted.clone().chain(others).collect();
        for (variant, name) in models {
            let weight = weights.iter().find(|(model, _)| *model == name).map(|(_, weight)| *weight);
            let mut model = self.model(namespace, name);
            let share = weight.map(|weight| share(weight, sum));
            model.fact("weight", weight);
            model.beside.insert(0, share.unwrap_or_else(|| "no traffic yet".into()));
            if !variant.is_empty() {
                model.fact("variant", variant);
                if variant != name {
                    model.beside.insert(1, variant.into());
                }
            }
            routes.children.push(model);
        }
        branch.children.push(routes);
        branch
    }

    fn model(&mut self, namespace: &str, name: &str) -> Branch {
        let (mut branch, object) = self.resource("Model", namespace, name);
        let Some(object) = object else { return branch };
        let status = self.world.status(&object).clone();
        let (wanted, available) = (count(&status, "/replicas"), count(&status, "/availableReplicas"));
        branch.fact("replicas", wanted);
        branch.fact("availableReplicas", available);
        branch.beside.push(format!("{available} of {wanted} available"));
        branch.line("image", "image", text(&object, "/spec/image"));
        branch.line("profile", "profile", text(&status, "/profile"));
        branch.children.push(self.deployment(namespace, name));
        let (storage, claim) = (object.pointer("/spec/storage"), text(&object, "/spec/storage/existingClaim"));
        if storage.is_none_or(|storage| storage.get("ephemeral").is_none()) {
            branch.children.push(self.claim(namespace, if claim.is_empty() { name } else { claim }));
        }
        branch.children.push(self.simple("Service", namespace, name));
        branch
    }

    fn deployment(&self, namespace: &str, name: &str) -> Branch {
        let mut branch = self.simple("Deployment", namespace, name);
        let Seen::Here(deployment) = self.world.find("Deployment", namespace, name) else { return branch };
        let wanted = deployment.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
        let [ready, updated] = ["/status/readyReplicas", "/status/updatedReplicas"].map(|pointer| count(deployment, pointer));
        let is_seen = count(deployment, "/status/observedGeneration") >= count(deployment, "/metadata/generation");
        branch.state = format!("{ready} of {wanted} ready");
        branch.mood = if is_seen && ready == wanted && updated == wanted { Mood::Good } else { Mood::Busy };
        branch.fact("replicas", wanted);
        branch.fact("readyReplicas", ready);
        branch.fact("updatedReplicas", updated);
        if updated != wanted {
            branch.beside.push(format!("{updated} up to date"));
        }
        // A Deployment is well where the others of ours are not, and says it with the opposite.
        let bad =
            conditions(deployment.get("status").unwrap_or(&Value::Null)).into_iter().filter(|one| one.kind != "Progressing");
        let stuck = items(deployment, "/status/conditions").iter().any(|one| text(one, "/reason") == "ProgressDeadlineExceeded");
        branch.conditions = bad.collect();
        if stuck {
            branch.mood = Mood::Bad;
        }
        match self.world.is_unreadable("Pod", namespace) {
            true => branch.beside.push("Pods may not be read".into()),
            false => branch.children = self.pods(namespace, deployment),
        }
        branch
    }

    fn pods(&self, namespace: &str, deployment: &Value) -> Vec<Branch> {
        let Some(labels) = deployment.pointer("/spec/selector/matchLabels").and_then(Value::as_object) else { return Vec::new() };
        let belongs = |pod: &Value| {
            let own = pod.pointer("/metadata/labels");
            labels.iter().all(|(name, value)| own.and_then(|own| own.get(name)) == Some(value))
        };
        let pods = self.world.all("Pod").filter(|(reference, pod)| reference.namespace == namespace && belongs(pod));
        pods.map(|(reference, pod)| self::pod(reference, pod)).collect()
    }

    fn claim(&self, namespace: &str, name: &str) -> Branch {
        let mut branch = self.simple("PersistentVolumeClaim", namespace, name);
        if let Seen::Here(claim) = self.world.find("PersistentVolumeClaim", namespace, name) {
            let phase = text(claim, "/status/phase");
            let good = if phase == "Bound" { Mood::Good } else { Mood::Busy };
            branch = branch.stated(phase, if phase == "Lost" { Mood::Bad } else { good });
            let size = text(claim, "/status/capacity/storage");
            branch.beside.extend((!size.is_empty()).then(|| size.to_owned()));
            branch.fact("capacity", size);
        }
        branch
    }

    /// One of the custom resources, with its state and what stands against it. The object where it is there and has not been drawn yet.
    fn resource(&mut self, kind: &str, namespace: &str, name: &str) -> (Branch, Option<Value>) {
        let mut branch = self.simple(kind, namespace, name);
        let is_new = self.drawn.insert(Reference { kind: kind.into(), namespace: namespace.into(), name: name.into() });
        let Seen::Here(object) = self.world.find(kind, namespace, name) else { return (branch, None) };
        let status = self.world.status(object);
        let state = text(status, "/state");
        if !state.is_empty() {
            branch = branch.stated(state, mood(state));
        }
        if !is_new {
            branch.beside.push("see above".into());
            return (branch, None);
        }
        branch.conditions = conditions(status);
        let said = text(object, "/status/state");
        if said != state {
            branch.fact("writtenState", said);
            let said = if said.is_empty() { "nothing yet" } else { said };
            branch.beside.push(format!("its status says {said}"));
        }
        (branch, Some(object.clone()))
    }

    /// Anything: whether it is there.
    fn simple(&self, kind: &str, namespace: &str, name: &str) -> Branch {
        let branch = Branch::new(kind, namespace, name);
        match self.world.find(kind, namespace, name) {
            Seen::Here(object) if object.pointer("/metadata/deletionTimestamp").is_some() => {
                branch.stated("terminating", Mood::Busy)
            }
            Seen::Here(_) => branch.stated("", Mood::Good),
            Seen::Absent => branch.stated("not there", Mood::Bad),
            Seen::Unreadable => branch.stated("may not be read", Mood::Unknown),
        }
    }
}

fn pod(reference: &Reference, pod: &Value) -> Branch {
    let containers = items(pod, "/status/containerStatuses");
    let all = items(pod, "/spec/containers").len();
    let is_ready = |container: &&Value| container.pointer("/ready") == Some(&Value::Bool(true));
    let ready = containers.iter().filter(is_ready).count();
    let statuses = || items(pod, "/status/initContainerStatuses").iter().chain(containers);
    let restarts: u64 = statuses().map(|container| count(container, "/restartCount")).fold(0, u64::saturating_add);
    let phase = text(pod, "/status/phase");
    let terminating = pod.pointer("/metadata/deletionTimestamp").is_some();
    let mood = match phase {
        _ if terminating => Mood::Busy,
        "Running" if ready == all => Mood::Good,
        "Failed" => Mood::Bad,
        _ => Mood::Busy,
    };
    let mut branch = Branch::new("Pod", &reference.namespace, &reference.name);
    branch = branch.stated(if terminating { "Terminating" } else { phase }, mood);
    branch.beside.push(format!("{ready}/{all} ready"));
    branch.fact("ready", ready);
    branch.fact("containers", all);
    branch.fact("restarts", restarts);
    if restarts > 0 {
        branch.beside.push(format!("{restarts} restart{}", if restarts == 1 { "" } else { "s" }));
    }
    if let Some((reason, message)) = waiting(pod, statuses()) {
        branch.fact("waiting", reason.as_str());
        branch.fact("message", message.as_str());
        branch.mood = if reason.contains("Off") || reason.contains("Err") { Mood::Bad } else { branch.mood };
        branch.below.push((reason, message));
    }
    branch
}

/// Why a Pod does not run: what holds its first container, else what holds the Pod.
fn waiting<'a>(pod: &Value, statuses: impl Iterator<Item = &'a Value>) -> Option<(String, String)> {
    let of_container = statuses.filter_map(|container| container.pointer("/state/waiting")).map(|waiting| {
        let message = text(waiting, "/message").to_owned();
        (text(waiting, "/reason").to_owned(), message)
    });
    // While one is initialized the others say nothing but that.
    let mut reasons: Vec<(String, String)> = of_container.collect();
    reasons.sort_by_key(|(reason, _)| reason == "PodInitializing" || reason == "ContainerCreating");
    let unscheduled = items(pod, "/status/conditions")
        .iter()
        .find(|one| text(one, "/type") == "PodScheduled" && text(one, "/status") == "False");
    let of_pod = unscheduled.map(|one| (text(one, "/reason").to_owned(), text(one, "/message").to_owned()));
    reasons.into_iter().next().or(of_pod)
}

/// A weight as its share of all: `90 %`, `0.5 %`.
fn share(weight: u64, sum: u64) -> String {
    if sum == 0 {
        return "0 %".into();
    }
    let tenths = (u128::from(weight) * 1000 + u128::from(sum) / 2) / u128::from(sum);
    match (weight, tenths, tenths % 10) {
        (1.., 0, _) => "under 0.1 %".into(),
        (_, _, 0) => format!("{} %", tenths / 10),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_shares() {
        let table = [((90, 100), "90 %"), ((1, 3), "33.3 %"), ((0, 7), "0 %"), ((0, 0), "0 %"), ((1, 100_000), "under 0.1 %")];
        for ((weight, sum), expected) in table {
            assert_eq!(share(weight, sum), expected);
        }
        assert_eq!(share(u64::MAX, u64::MAX), "100 %");
    }
}
