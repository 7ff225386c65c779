//! What was observed, to be looked up by kind, namespace and name, and what the component says about it.

use super::{Condition, Mood};
use crate::cluster::observe::{Observed, Refusal};
use crate::component;
use crate::read::documents::Reference;
use crate::stop::Stop;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What was observed.
#[derive(Default)]
pub struct World {
    objects: BTreeMap<Reference, Value>,
    /// By the object's id, as the component has just computed them: those in the cluster are as old as the last run of a host.
    statuses: BTreeMap<Reference, Value>,
    refusals: Vec<Refusal>,
}

/// The little that is looked at of a plan.
#[derive(Deserialize)]
struct Plan {
    #[serde(default)]
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    object: String,
    status: Value,
}

/// Whether an object is there.
pub enum Seen<'a> {
    /// It is.
    Here(&'a Value),
    /// It is not.
    Absent,
    /// Its kind may not be read.
    Unreadable,
}

impl World {
    /// From an observation, the Pods beside it, and the plan for it.
    pub fn new(observed: &Observed, pods: Vec<Value>, more: Vec<Refusal>, plan: &str) -> Result<Self, Stop> {
        let objects: Vec<Value> = component::typed(&observed.objects)?;
        let plan: Plan = component::typed(plan)?;
        let pods = pods.into_iter().map(|pod| (Reference { kind: "Pod".into(), ..reference(&pod) }, pod));
        Ok(Self {
            objects: objects.into_iter().map(|object| (reference(&object), object)).chain(pods).collect(),
            statuses: plan.statuses.into_iter().filter_map(|status| Some((by_id(&status.object)?, status.status))).collect(),
            refusals: observed.refusals.iter().cloned().chain(more).collect(),
        })
    }

    /// An object.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Seen<'_> {
        let reference = Reference { kind: kind.into(), namespace: namespace.into(), name: name.into() };
        match self.objects.get(&reference) {
            Some(object) => Seen::Here(object),
            None if self.is_unreadable(kind, namespace) => Seen::Unreadable,
            None => Seen::Absent,
        }
    }

    /// Every object of a kind.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Reference, &'a Value)> {
        self.objects.iter().filter(move |(reference, _)| reference.kind == kind)
    }

    /// Whether objects of a kind may not be read.
    pub fn is_unreadable(&self, kind: &str, namespace: &str) -> bool {
        self.refusals
            .iter()
            .any(|refusal| refusal.kind == kind && (refusal.namespace == namespace || refusal.namespace.is_empty()))
    }

    /// Why kinds that are shown could not be read.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        const NOT_SHOWN: [&str; 2] = ["Namespace", "PersistentVolume"];
        self.refusals.iter().filter(|refusal| !NOT_SHOWN.contains(&refusal.kind.as_str()))
    }

    /// The status of a custom resource.
    pub fn status<'a>(&'a self, object: &'a Value) -> &'a Value {
        static NONE: Value = Value::Null;
        self.statuses.get(&reference(object)).or_else(|| object.get("status")).unwrap_or(&NONE)
    }
}

/// Who an object is.
pub fn reference(object: &Value) -> Reference {
    let text = |pointer| text(object, pointer).to_owned();
    Reference { kind: text("/kind"), namespace: text("/metadata/namespace"), name: text("/metadata/name") }
}

/// The text at a JSON Pointer; empty where there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The count at a JSON Pointer; 0 where there is none, as Kubernetes writes it.
pub fn count(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// The items at a JSON Pointer.
pub fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// How a custom resource with such a state is.
pub fn mood(state: &str) -> Mood {
    match state {
        "available" => Mood::Good,
        "failed" => Mood::Bad,
        "" => Mood::Unknown,
        _ => Mood::Busy,
    }
}

/// The conditions that are worth a line: what is not true, and what is under way.
pub fn conditions(status: &Value) -> Vec<Condition> {
    let is_news = |condition: &&Value| {
        let is_true = text(condition, "/status") == "True";
        is_true == (text(condition, "/type") == "Progressing")
    };
    let found = items(status, "/conditions").iter().filter(is_news).map(|condition| Condition {
        kind: text(condition, "/type").into(),
        status: text(condition, "/status").into(),
        reason: text(condition, "/reason").into(),
        message: text(condition, "/message").into(),
    });
    // Why something is not ready is why it is under way; once is enough.
    let mut news: Vec<Condition> = Vec::new();
    for condition in found {
        if news.iter().all(|known| known.message != condition.message) {
            news.push(condition);
        }
    }
    news
}

fn by_id(id: &str) -> Option<Reference> {
    let mut parts = id.split('|').skip(1).map(String::from);
    Some(Reference { kind: parts.next()?, namespace: parts.next()?, name: parts.next()? })
}
