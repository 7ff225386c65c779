//! The parts of `plan/v1` that are carried out: requests and changes stay the bytes that the component wrote.

use crate::cluster::Call;
use crate::component;
use crate::format::{Summary, Waiting, object_name};
use crate::read::documents::Reference;
use crate::stop::Stop;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The gate of what another host will do.
const ANOTHER_HOST: &str = "another-host";

/// A plan to carry out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Work<'a> {
    /// Totals.
    pub summary: Summary,
    /// Every object.
    #[serde(borrow)]
    pub objects: Vec<Object<'a>>,
    /// API calls in order.
    pub actions: Vec<Action>,
    /// What a gate holds back.
    pub waiting: Vec<Waiting>,
    /// The statuses of the custom resources.
    pub statuses: Vec<Status>,
}

/// What is carried on about an object.
#[derive(Debug, Deserialize)]
pub struct Object<'a> {
    /// `apps/v1|Deployment|namespace|name`.
    pub id: String,
    /// What was observed.
    #[serde(default)]
    pub observed: Guard,
    /// Differences, as they were written.
    #[serde(borrow)]
    pub changes: &'a RawValue,
}

/// uid and resourceVersion of an observed object; empty where there was none.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Guard {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
}

/// One API call.
#[derive(Clone, Debug, Deserialize)]
pub struct Action {
    /// `<verb> <object id>`.
    pub id: String,
    /// The object's id.
    pub object: String,
    /// What it does.
    pub verb: String,
    /// Ids of actions that come first.
    pub after: Vec<String>,
    /// Whether it deletes something.
    pub destructive: bool,
    /// The exact request.
    pub request: Call,
    /// How to read the answer.
    pub expect: Expect,
}

/// How to read the status code of an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Expect {
    /// The action is done.
    pub done: Vec<u16>,
    /// The world has changed.
    pub observe_again: Vec<u16>,
    /// The object is gone, which is fine.
    pub gone: Vec<u16>,
}

/// The status of a custom resource.
#[derive(Debug, Deserialize)]
pub struct Status {
    /// The custom resource's id.
    pub object: String,
    /// What it says.
    pub status: State,
    /// The request that writes it, where it has to be written.
    pub request: Option<Call>,
}

/// What matters of a status here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    /// `creating`, `available`, `updating`, `deleting`, `failed`.
    pub state: String,
    /// What holds and what does not.
    pub conditions: Vec<Condition>,
}

/// A condition of a status.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One sentence.
    pub message: String,
}

impl Status {
    /// What has failed, and why.
    pub fn failure(&self) -> Waiting {
        let name = object_name(&self.object);
        let text = match self.status.why() {
            "" => name,
            why => format!("{name}: {why}"),
        };
        Waiting { text, ..Waiting::default() }
    }
}

impl State {
    /// Why something does not hold; empty where everything does.
    pub fn why(&self) -> &str {
        let wrong = |condition: &&Condition| condition.status == "False" && !condition.message.is_empty();
        self.conditions.iter().find(wrong).map_or("", |condition| &condition.message)
    }
}

impl Action {
    /// Whether it moves a route or takes something away: then the object is read again right before.
    pub fn is_grave(&self) -> bool {
        self.destructive || (self.verb == "update" && self.object.contains("|VirtualService|"))
    }
}

impl<'a> Work<'a> {
    /// Reads a plan.
    pub fn of(document: &'a str) -> Result<Self, Stop> {
        serde_json::from_str(document).map_err(|error| component::foreign(&error.to_string()))
    }

    /// What was observed of an action's object.
    pub fn guards(&self) -> BTreeMap<&str, &Guard> {
        self.objects.iter().map(|object| (object.id.as_str(), &object.observed)).collect()
    }

    /// The uids of observed custom resources.
    pub fn uids(&self, references: &[Reference]) -> Vec<String> {
        let named = |object: &&Object<'_>| references.iter().any(|reference| reference.is(&object.id));
        let uids = self.objects.iter().filter(named).map(|object| object.observed.uid.clone());
        uids.filter(|uid| !uid.is_empty()).collect()
    }

    /// What would be done, in one hash for each action: object, verb, uid, and every change with its values before and after. What other
    /// people do beside it does not matter.
    pub fn hashes(&self) -> BTreeSet<String> {
        let objects: BTreeMap<&str, &Object<'_>> = self.objects.iter().map(|object| (object.id.as_str(), object)).collect();
        let hash = |action: &Action| {
            let mut digest = Sha256::new();
            digest.update(action.id.as_bytes());
            if let Some(object) = objects.get(action.object.as_str()) {
                digest.update(b"\n");
                digest.update(object.observed.uid.as_bytes());
                digest.update(b"\n");
                digest.update(object.changes.get().as_bytes());
            }
            digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        self.actions.iter().map(hash).collect()
    }

    /// Whether every custom resource is what it should be and stays so.
    pub fn is_settled(&self) -> bool {
        self.actions.is_empty()
            && self.waiting.is_empty()
            && self.statuses.iter().all(|status| status.status.state == "available")
    }

    /// Whether another host still has something to do.
    pub fn is_with_another_host(&self) -> bool {
        self.waiting.iter().any(|one| one.gate == ANOTHER_HOST)
    }

    /// What can change while nothing is done: what waits and why, and the states.
    pub fn facts(&self) -> Vec<String> {
        let waiting = self.waiting.iter().map(|one| format!("{} {} {}", one.object, one.gate, one.facts));
        waiting.chain(self.statuses.iter().map(|status| format!("{} {}", status.object, status.status.state))).collect()
    }

    /// How many actions delete something.
    pub fn deletes(&self) -> usize {
        self.actions.iter().filter(|action| action.destructive).count()
    }
}
