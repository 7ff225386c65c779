//! Rights as manifests: a Role for each namespace, a ClusterRole for what is the cluster's, and who has them.

use crate::rights::Right;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const API: &str = "rbac.authorization.k8s.io";

/// The rights in a namespace and around it.
pub struct Rules {
    /// Those without which something does not work.
    pub needed: BTreeSet<Right>,
    /// Without these `status` shows less.
    pub pods: Vec<Right>,
    /// Without these Metacontroller is only known by what it has done.
    pub controllers: BTreeSet<Right>,
}

/// Who gets them.
pub enum Subject {
    /// A user.
    User(String),
    /// A group.
    Group(String),
    /// A service account, of the Role's own namespace unless it says otherwise.
    ServiceAccount {
        /// Its namespace.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
}

/// The manifests, with what has to be known about them as comments.
pub fn yaml(rules: &BTreeMap<&str, Rules>, subject: &Option<Subject>) -> String {
    let mut out = String::from(HEAD);
    for (namespace, rules) in rules {
        let (of_cluster, of_namespace): (Vec<&Right>, Vec<&Right>) =
            rules.needed.iter().partition(|right| right.namespace.is_empty());
        let place = format!("metadata: {{name: modelwright, namespace: {}}}\n", quoted(namespace));
        let _ = write!(out, "---\napiVersion: {API}/v1\nkind: Role\n{place}rules:\n{}", grouped(of_namespace));
        let _ = write!(out, "# Optional: `modelwright status` shows Pods.\n{}", grouped(rules.pods.iter().collect()));
        let name = format!("metadata: {{name: {}}}\n", quoted(&format!("modelwright-{namespace}")));
        let volumes = of_cluster.iter().any(|right| right.resource == "persistentvolumes");
        let note = if volumes { VOLUMES } else { "" };
        let _ = write!(
            out,
            "---\n{note}apiVersion: {API}/v1\nkind: ClusterRole\n{name}rules:\n{}{CONTROLLERS}{}",
            grouped(of_cluster),
            grouped(rules.controllers.iter().collect())
        );
        if let Some(subject) = subject {
            out.push_str(&binding("Role", &place, "modelwright", subject, namespace));
            out.push_str(&binding("ClusterRole", &name, &format!("modelwright-{namespace}"), subject, namespace));
        }
    }
    out
}

const HEAD: &str = "\
# What `modelwright` plan, apply, delete, forecast and status need, made from their requests. Apply with `kubectl apply -f -`.
# Not in here, because it is not needed:
# - `list` of endpoints in all namespaces: with it a host that another namespace has is found before the roll-out.
# - `update` of models/finalizers, endpointconfigs/finalizers and endpoints/finalizers: only where the admission plugin
#   OwnerReferencesPermissionEnforcement is on, as on OpenShift.
";
const CONTROLLERS: &str = "\
# Optional: whether Metacontroller runs our controllers here. Without it that is known only once it has done something.
";
const VOLUMES: &str = "\
# Whoever may create PersistentVolumes can mount any folder of any node. Models on a storage class or with `ephemeral: {}` need none.
";

/// What the resources of a rule have in common.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rule<'a> {
    group: &'a str,
    name: &'a str,
    /// Each with its place in the usual order.
    verbs: BTreeSet<(usize, &'static str)>,
}

/// Rules: resources of a group with the same verbs share one.
fn grouped(rights: Vec<&Right>) -> String {
    let mut resources: BTreeMap<(&str, &str), Rule<'_>> = BTreeMap::new();
    for right in rights {
        let rule = resources.entry((&right.group, &right.resource)).or_default();
        rule.group = &right.group;
        // An object is named only to say which namespace is meant: volumes are many.
        rule.name = if right.resource == "namespaces" { &right.name } else { "" };
        rule.verbs.insert((right.place(), right.verb()));
    }
    let mut rules: BTreeMap<Rule<'_>, Vec<&str>> = BTreeMap::new();
    for ((_, resource), rule) in resources {
        rules.entry(rule).or_default().push(resource);
    }
    let mut out = String::new();
    for (Rule { group, name, verbs }, resources) in rules {
        let group = if group.is_empty() { "\"\"" } else { group };
        let _ = writeln!(out, "- apiGroups: [{group}]\n  resources: [{}]", resources.join(", "));
        if !name.is_empty() {
            let _ = writeln!(out, "  resourceNames: [{}]", quoted(name));
        }
        let verbs: Vec<&str> = verbs.into_iter().map(|(_, verb)| verb).collect();
        let _ = writeln!(out, "  verbs: [{}]", verbs.join(", "));
    }
    out
}

fn binding(kind: &str, place: &str, role: &str, subject: &Subject, own: &str) -> String {
    let subject = match subject {
        Subject::User(name) => format!("{{kind: User, apiGroup: {API}, name: {}}}", quoted(name)),
        Subject::Group(name) => format!("{{kind: Group, apiGroup: {API}, name: {}}}", quoted(name)),
        Subject::ServiceAccount { namespace, name } => {
            let namespace = namespace.as_deref().unwrap_or(own);
            format!("{{kind: ServiceAccount, namespace: {}, name: {}}}", quoted(namespace), quoted(name))
        }
    };
    let role = format!("{{kind: {kind}, apiGroup: {API}, name: {}}}", quoted(role));
    format!("---\napiVersion: {API}/v1\nkind: {kind}Binding\n{place}roleRef: {role}\nsubjects:\n- {subject}\n")
}

/// As it is where nothing in it could be read otherwise, else in quotes: JSON is YAML.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text);
    let mut out = String::new();
    match is_plain {
        true => out.push_str(text),
        false => crate::read::node::write_text(&mut out, text),
    }
    out
}
