//! The format `plan/v1`: what differs, in which order it is changed, why, and by which exact requests.
//!
//! Machines and people read it. Members stand in the order below, lists are sorted as their fields say, nothing in it comes from a
//! clock or a random source, so equal inputs give equal bytes.

use crate::charge::Charge;
use crate::diagnostic::Diagnostic;
use crate::written::{Written, members, written};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// A step of a path into an object: a field, or the element of a list whose keys have these values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A member of an object.
    Field(String),
    /// An element of an atomic list.
    Index(usize),
    /// An element of a list map: key fields and their values as text, ports as numbers in text.
    Element(BTreeMap<String, String>),
}

/// What happens to one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Absent before.
    Add,
    /// Absent after; we owned it.
    Remove,
    /// Another value.
    Change,
    /// We give up ownership; the value stays.
    Release,
    /// We stop setting it and the server's default returns.
    Default,
    /// Another manager owns it and we set it.
    Conflict,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: Vec<Step>,
    /// The same for people: `spec.template.spec.containers[name=model].image`.
    pub text: String,
    /// What happens.
    pub op: Op,
    /// The live value, `null` when absent.
    pub before: Value,
    /// The desired value, `null` when absent.
    pub after: Value,
    /// The manager that owns the path now, when it is not us; else empty.
    pub owner: String,
    /// Whether `before` and `after` are masked.
    pub sensitive: bool,
}

/// What a plan does with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Absent, wanted.
    Create,
    /// Differs.
    Update,
    /// An immutable field differs: deleted now, created once it is observed gone.
    Replace,
    /// Ours, no longer wanted.
    Delete,
    /// Nothing to do.
    Unchanged,
    /// Somebody else's object has the name, or somebody else owns the field: nothing is done.
    Conflict,
}

/// A whole plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `1.0`: minor versions add members, major ones are refused.
    pub format_version: &'static str,
    /// Who made it.
    pub component: Component,
    /// The custom resource of a plan for one; absent in a plan for a set.
    pub subject: Option<Subject>,
    /// The kinds of custom resources whose dependants another host makes; absent where there are none. Then `actions` are about the custom
    /// resources alone, and what that host will do is listed under `waiting`, gate `another-host`.
    pub carried_out_by: Vec<Charge>,
    /// Totals.
    pub summary: Summary,
    /// Every object, sorted by kind rank, namespace, name; unchanged ones too.
    pub objects: Vec<ObjectPlan>,
    /// In the order of execution.
    pub actions: Vec<Action>,
    /// What a gate holds back, and why.
    pub waiting: Vec<Waiting>,
    /// What others changed on paths that we own, as in `objects`.
    pub drift: Vec<Drift>,
    /// The statuses that the host writes, one for each custom resource.
    pub statuses: Vec<StatusWrite>,
    /// All findings, sorted.
    pub diagnostics: Vec<Diagnostic>,
}

/// The program that made a plan.
#[derive(Clone, Debug)]
pub struct Component {
    /// `modelwright`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The custom resource that a plan is for.
#[derive(Clone, Debug)]
pub struct Subject {
    /// As in the object.
    pub api_version: String,
    /// As in the object.
    pub kind: String,
    /// As in the object.
    pub namespace: String,
    /// As in the object.
    pub name: String,
    /// Empty before it exists.
    pub uid: String,
    /// 0 before it exists.
    pub generation: i64,
}

/// Totals of a plan.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Objects to create.
    pub create: usize,
    /// Objects to update.
    pub update: usize,
    /// Objects to replace.
    pub replace: usize,
    /// Objects to delete.
    pub delete: usize,
    /// Objects as they should be.
    pub unchanged: usize,
    /// Entries of `waiting`.
    pub waiting: usize,
    /// Objects that are somebody else's.
    pub conflict: usize,
    /// Whether any action loses data.
    pub data_loss: bool,
    /// The totals as one line.
    pub text: String,
}

/// What a plan says about one object.
#[derive(Clone, Debug)]
pub struct ObjectPlan {
    /// `apps/v1|Deployment|namespace|name`.
    pub id: String,
    /// `namespaced` or `cluster`.
    pub scope: &'static str,
    /// What it is for, for example `model-deployment`.
    pub role: &'static str,
    /// What happens to it.
    pub verb: Verb,
    /// Why: `Absent`, `SpecChanged`, `Drift`, `NoLongerWanted`, `TakeOwnership`, `ImmutableField`, `NotOurs`, `WaitingForGone`,
    /// `DataLossRefused`, `InUse`, `AnotherHost`, `HandedOver`, `Requested`, `Undone`, `NamespaceTerminating`, empty when unchanged. The
    /// set is open.
    pub reason: String,
    /// Immutable paths that differ.
    pub replace_paths: Vec<Vec<Step>>,
    /// Sorted by path.
    pub changes: Vec<Change>,
    /// How many desired fields are already as they should be.
    pub unchanged_fields: usize,
    /// Paths whose value the server decides, or that are not known yet.
    pub unknown_after: Vec<Vec<Step>>,
    /// Paths that we set and another manager owns.
    pub conflicts: Vec<Change>,
    /// managedFields were stripped, so fields that we no longer want cannot be seen.
    pub removals_unknown: bool,
    /// Guards: uid and resourceVersion as observed, empty when absent.
    pub observed: Guard,
    /// Readiness of the observed object.
    pub readiness: Readiness,
}

/// uid and resourceVersion of an observed object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
}

/// Whether an observed object has reached what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// `NotFound`, `InProgress`, `Failed`, `Current`, `Terminating`.
    pub status: &'static str,
    /// Why, CamelCase; may be empty.
    pub reason: String,
}

/// One API call.
#[derive(Clone, Debug)]
pub struct Action {
    /// `<verb> <object id>`.
    pub id: String,
    /// The object's id.
    pub object: String,
    /// `create`, `update`, `replace` (the delete half) or `delete`.
    pub verb: Verb,
    /// As in `objects`.
    pub reason: String,
    /// Ids of actions that come first.
    pub after: Vec<String>,
    /// Takes something away that serves, or interrupts it.
    pub disruptive: bool,
    /// Deletes or replaces an object.
    pub destructive: bool,
    /// Loses data; only with permission.
    pub data_loss: bool,
    /// The exact request.
    pub request: Request,
    /// How to read the answer's status code.
    pub expect: Expect,
    /// One sentence.
    pub text: String,
    /// Who does it, where that is not this host: only in a forecast.
    pub by: &'static str,
}

/// An exact API request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
    /// Of the body; empty without one.
    pub content_type: String,
    /// The body; `null` without one.
    pub body: Value,
}

/// How to read an answer.
#[derive(Clone, Debug)]
pub struct Expect {
    /// The action is done.
    pub done: Vec<u16>,
    /// The world changed: drop the rest of the plan and observe again.
    pub observe_again: Vec<u16>,
    /// The object is gone, which is fine for a delete.
    pub gone: Vec<u16>,
}

/// What a gate holds back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// The object's id.
    pub object: String,
    /// `owner`, `traffic`, `cut-over`, `in-use`, `hold`, `gone`, `endpoint`, `data-loss`, `bound`, `another-host`, `conflict`,
    /// `undone`. The set is open.
    pub gate: String,
    /// Ids of the objects whose state it waits for.
    pub waits_for: Vec<String>,
    /// The facts, for example `available 0 of 2`.
    pub facts: String,
    /// One sentence.
    pub text: String,
}

/// What others changed on paths that we own.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The object's id.
    pub object: String,
    /// Where and what.
    pub change: Change,
}

/// A status that a host writes.
#[derive(Clone, Debug)]
pub struct StatusWrite {
    /// The custom resource's id.
    pub object: String,
    /// Whether it differs from the observed one; only then is it written.
    pub changed: bool,
    /// The status.
    pub status: Value,
    /// The exact request; `null` while the resource does not exist.
    pub request: Option<Request>,
}

written!(Change { "path": path, "text": text, "op": op, "before": before, "after": after, "owner": owner, "sensitive": sensitive });
written!(Component { "name": name, "version": version });
written!(Subject { "apiVersion": api_version, "kind": kind, "namespace": namespace, "name": name, "uid": uid, "generation": generation });
written!(Summary { "create": create, "update": update, "replace": replace, "delete": delete, "unchanged": unchanged, "waiting": waiting, "conflict": conflict, "dataLoss": data_loss, "text": text });
written!(ObjectPlan { "id": id, "scope": scope, "role": role, "verb": verb, "reason": reason, "replacePaths": replace_paths, "changes": changes, "unchangedFields": unchanged_fields, "unknownAfter": unknown_after, "conflicts": conflicts, "removalsUnknown": removals_unknown, "observed": observed, "readiness": readiness });
written!(Guard { "uid": uid, "resourceVersion": resource_version });
written!(Readiness { "status": status, "reason": reason });
written!(Action { "id": id, "object": object, "verb": verb, "reason": reason, "after": after, "disruptive": disruptive, "destructive": destructive, "dataLoss": data_loss, "request": request, "expect": expect, "text": text });
written!(Request { "method": method, "path": path, "query": query, "contentType": content_type, "body": body });
written!(Expect { "done": done, "observeAgain": observe_again, "gone": gone });
written!(Waiting { "object": object, "gate": gate, "waitsFor": waits_for, "facts": facts, "text": text });
written!(Drift { "object": object, "change": change });
written!(StatusWrite { "object": object, "changed": changed, "status": status, "request": request });

impl Written for Plan {
    /// The subject and other hosts only where there are some.
    fn write(&self, out: &mut String) {
        let mut written: Vec<(&str, &dyn Written)> =
            vec![("formatVersion", &self.format_version), ("component", &self.component)];
        if let Some(subject) = &self.subject {
            written.push(("subject", subject));
        }
        if !self.carried_out_by.is_empty() {
            written.push(("carriedOutBy", &self.carried_out_by));
        }
        let rest: [(&str, &dyn Written); 7] = [
            ("summary", &self.summary),
            ("objects", &self.objects),
            ("actions", &self.actions),
            ("waiting", &self.waiting),
            ("drift", &self.drift),
            ("statuses", &self.statuses),
            ("diagnostics", &self.diagnostics),
        ];
        written.extend_from_slice(&rest);
        members(&written, out);
    }
}

impl Written for Step {
    fn write(&self, out: &mut String) {
        match self {
            Self::Field(name) => name.write(out),
            Self::Index(place) => place.write(out),
            Self::Element(keys) => keys.write(out),
        }
    }
}

impl Written for Op {
    fn write(&self, out: &mut String) {
        let word = match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Change => "change",
            Self::Release => "release",
            Self::Default => "default",
            Self::Conflict => "conflict",
        };
        word.write(out);
    }
}

impl Written for Verb {
    fn write(&self, out: &mut String) {
        super::word(*self).write(out);
    }
}
