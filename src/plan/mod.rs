//! From decisions to a plan: what differs, verb and reason per object, one exact request per action, in the order of explicit edges.
//!
//! No gate is decided here: what a gate holds back is listed under `waiting`.

mod children;
mod format;
mod order;
mod resources;

pub use children::reason;
pub use format::{
    Action, Change, Component, Drift, Expect, Guard, ObjectPlan, Op, Plan, Readiness, Request, StatusWrite, Step, Subject,
    Summary, Verb, Waiting,
};

use crate::charge::{self, Charge};
use crate::diagnostic::Diagnostic;
use crate::diff::Difference;
use crate::json::tree;
use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::names;
use crate::observation::{Host, Observation};
use crate::readiness;
use crate::reconcile::Decision;
use crate::request;
use crate::sort::sort_distinct;
use crate::table::Table;
use crate::undone;
use alloc::string::String;
use alloc::vec::Vec;
use resources::Dependants;
use serde_json::Value;

/// The plan of a set of decisions, each drafted as soon as it is made.
pub fn plan(seen: &Observation, decisions: &mut dyn Iterator<Item = Decision>, subject: Option<Subject>) -> Plan {
    let mut draft = Draft::new(seen);
    let mut drafted: Vec<Decision> = Vec::new();
    let mut others: Vec<Charge> = Vec::new();
    for mut decision in decisions {
        match resources::draft(&mut draft, &decision) {
            Dependants::Reconciled => children::draft(&mut draft, &decision),
            Dependants::Untouched => children::draft_untouched(&mut draft, &decision, "Requested"),
        }
        if charge::is_another_hosts(&decision.key, seen) {
            others.push(charge::charge(decision.key.kind, seen));
        }
        // The bodies of all children of a namespace at once would be most of the memory of a call.
        decision.desired = Vec::new();
        drafted.push(decision);
    }
    resources::draft_rejected(&mut draft);
    resources::draft_absent(&mut draft);
    draft.hold_back_dependents();
    let statuses = drafted.iter().filter_map(|decision| draft.status(decision)).listed();
    let findings = drafted.iter().flat_map(|decision| &decision.diagnostics).cloned();
    draft.diagnostics.add_all(findings.chain(seen.diagnostics.iter().cloned()));
    draft.note_unknown_charge();
    sort_distinct(&mut others);
    Plan { carried_out_by: others, ..draft.finish(statuses, subject) }
}

/// A plan that is being written.
struct Draft<'a> {
    seen: &'a Observation,
    objects: Table<ObjectPlan>,
    actions: Table<Option<Drafted>>,
    waiting: Vec<Waiting>,
    drift: Vec<Drift>,
    diagnostics: Vec<Diagnostic>,
    /// Wanted, absent, and not made by this plan: what needs them waits, too.
    missing: Table<()>,
}

/// An action and what its order depends on.
struct Drafted {
    key: Key,
    action: Action,
    /// The objects that it needs, or needed.
    needs: Vec<Key>,
}

impl<'a> Draft<'a> {
    fn new(seen: &'a Observation) -> Self {
        Self {
            seen,
            objects: Table::default(),
            actions: Table::default(),
            waiting: Vec::new(),
            drift: Vec::new(),
            diagnostics: Vec::new(),
            missing: Table::default(),
        }
    }

    /// Lists an object, without an action.
    fn object(&mut self, key: &Key, verb: Verb, reason: &str, difference: Difference, live: Option<&Value>) {
        let label = key.label();
        self.diagnostics.add_all(difference.diagnostics.into_iter().map(|diagnostic| diagnostic.of(&label)));
        let drift = difference.drift.into_iter().map(|change| Drift { object: key.id(), change });
        self.drift.add_all(drift);
        let object = ObjectPlan {
            id: key.id(),
            scope: if key.kind.namespaced() { "namespaced" } else { "cluster" },
            role: key.kind.role(),
            verb,
            reason: reason.into(),
            replace_paths: difference.replace_paths,
            changes: difference.changes,
            unchanged_fields: difference.unchanged_fields,
            unknown_after: difference.unknown_after,
            conflicts: difference.conflicts,
            removals_unknown: difference.removals_unknown,
            observed: live.map(request::guard).unwrap_or_default(),
            readiness: readiness::readiness(key.kind, live),
        };
        self.objects.insert(key.clone(), object);
    }

    /// Adds an action; the object is listed already.
    fn act(&mut self, key: &Key, verb: Verb, reason: &str, request: Request, needs: Vec<Key>) -> Option<&mut Action> {
        let removes = matches!(verb, Verb::Delete | Verb::Replace);
        let action = Action {
            id: format!("{} {}", word(verb), key.id()),
            object: key.id(),
            verb,
            reason: reason.into(),
            after: Vec::new(),
            disruptive: false,
            destructive: removes,
            data_loss: false,
            request,
            expect: if removes { request::expect_delete() } else { request::expect_write() },
            text: sentence(verb, key),
            by: "",
        };
        self.actions.insert(key.clone(), Some(Drafted { key: key.clone(), action, needs }));
        self.actions.get_mut(key)?.as_mut().map(|drafted| &mut drafted.action)
    }

    /// The status that a host writes: nothing before the custom resource exists, nor in a plan that changes it or lets it go, because then
    /// the next observation says more.
    fn status(&self, decision: &Decision) -> Option<StatusWrite> {
        let key = &decision.key;
        let live = self.seen.before.get(key).or_else(|| self.seen.objects.get(key))?;
        let own = self.actions.get(key).and_then(Option::as_ref);
        let changes_itself = own.is_some();
        if own.is_some_and(|own| decision.meta.deleting || own.action.verb == Verb::Delete) {
            return None;
        }
        if self.is_followed(key) {
            let status = live.get("status").cloned().unwrap_or_else(|| tree(&mut []));
            return Some(StatusWrite { object: key.id(), changed: false, status, request: None });
        }
        let changed = !decision.meta.uid.is_empty() && !changes_itself && live.get("status") != Some(&decision.status);
        let request = changed.then(|| request::status(key, &decision.status, &decision.meta.uid));
        Some(StatusWrite { object: key.id(), changed, status: decision.status.clone(), request })
    }

    /// Says of the action on an object, if there is one, that another host does it.
    fn leave(&mut self, key: &Key) {
        if let Some(Some(drafted)) = self.actions.get_mut(key) {
            drafted.action.by = "Metacontroller";
        }
    }

    /// Whether another host makes the dependants of a custom resource: what it does is followed, and planned only to foresee it.
    fn is_followed(&self, parent: &Key) -> bool {
        !self.seen.foresees && charge::is_another_hosts(parent, self.seen)
    }

    fn note_unknown_charge(&mut self) {
        if self.seen.host == Host::Direct && charge::is_unknown(self.seen) {
            let message = "compositecontrollers cannot be read: Metacontroller is taken to run only what it has applied or holds";
            self.diagnostics.push(Diagnostic::info("ControllersNotRead", "", message));
        }
    }

    /// Whether an update would only go on with a fight; then it waits, and whoever undoes it is named. The object is listed.
    fn is_undone(&mut self, key: &Key, difference: &Difference, live: &Value) -> bool {
        let undone = undone::undone(&self.seen.performed, key, live, difference);
        if undone.is_empty() {
            return false;
        }
        let paths = undone.iter().map(|change| change.text.as_str()).listed().join(", ");
        self.diagnostics.add_all(undone.iter().map(|change| undone::told(key, change, difference)));
        self.object(key, Verb::Update, "Undone", difference.clone(), Some(live));
        let text = format!("{} is not updated: somebody undoes it", key.label());
        self.wait(key, "undone", Vec::new(), format!("{paths} is again as it was before the last update"), text);
        true
    }

    /// What an update has to find: the object, and in a plan that was approved, exactly what was observed of it.
    fn exact_guard(&self, live: &Value) -> Guard {
        let Guard { uid, resource_version } = request::guard(live);
        Guard { uid, resource_version: if self.seen.saved { resource_version } else { String::new() } }
    }

    fn wait(&mut self, key: &Key, gate: &str, waits_for: Vec<String>, facts: impl Into<String>, text: String) {
        self.waiting.push(Waiting { object: key.id(), gate: gate.into(), waits_for, facts: facts.into(), text });
    }

    /// A create whose need is missing and not made now would fail or use what goes away.
    fn hold_back_dependents(&mut self) {
        if self.missing.is_empty() {
            return;
        }
        let mut held: Vec<(Key, Key)> = Vec::new();
        for (key, drafted) in self.actions.iter() {
            let creates = drafted.as_ref().filter(|drafted| drafted.action.verb == Verb::Create);
            let need = creates.and_then(|drafted| drafted.needs.iter().find(|need| self.missing.contains_key(need)));
            held.add_all(need.map(|need| (key.clone(), need.clone())));
        }
        for (key, need) in held {
            self.actions.insert(key.clone(), None);
            let text = format!("{} waits until {} is there", key.label(), need.label());
            self.wait(&key, "gone", vec![need.id()], format!("{} is not there yet", need.label()), text);
        }
    }

    fn finish(mut self, statuses: Vec<StatusWrite>, subject: Option<Subject>) -> Plan {
        sort_distinct(&mut self.waiting);
        sort_distinct(&mut self.diagnostics);
        let actions = order::order(self.actions.into_rows().into_iter().flatten().listed());
        let objects = self.objects.into_rows();
        let summary = summary(&objects, &actions, &self.waiting);
        Plan {
            format_version: "1.0",
            component: COMPONENT,
            subject,
            carried_out_by: Vec::new(),
            summary,
            objects,
            actions,
            waiting: self.waiting,
            drift: self.drift,
            statuses,
            diagnostics: self.diagnostics,
        }
    }
}

/// The program that makes plans.
pub const COMPONENT: Component = Component { name: names::MODELWRIGHT, version: env!("CARGO_PKG_VERSION") };

/// The verb as plans write it.
pub fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Replace => "replace",
        Verb::Delete => "delete",
        Verb::Unchanged => "unchanged",
        Verb::Conflict => "conflict",
    }
}

fn sentence(verb: Verb, key: &Key) -> String {
    let label = key.label();
    match verb {
        Verb::Create => format!("Create {label}"),
        Verb::Replace => format!("Replace {label}: delete it now, create it once it is gone"),
        Verb::Delete => format!("Delete {label}"),
        _ => format!("Update {label}"),
    }
}

fn summary(objects: &[ObjectPlan], actions: &[Action], waiting: &[Waiting]) -> Summary {
    let actions_of = |verb: Verb| actions.iter().filter(|action| action.verb == verb).count();
    let objects_of = |verb: Verb| objects.iter().filter(|object| object.verb == verb).count();
    let mut summary = Summary {
        create: actions_of(Verb::Create),
        update: actions_of(Verb::Update),
        replace: actions_of(Verb::Replace),
        delete: actions_of(Verb::Delete),
        unchanged: objects_of(Verb::Unchanged),
        waiting: waiting.len(),
        conflict: objects_of(Verb::Conflict),
        data_loss: actions.iter().any(|action| action.data_loss),
        text: String::new(),
    };
    summary.text = format!(
        "{} to create, {} to update, {} to replace, {} to delete; {} waiting",
        summary.create, summary.update, summary.replace, summary.delete, summary.waiting
    );
    if summary.conflict > 0 {
        summary.text = format!("{}, {} in conflict", summary.text, summary.conflict);
    }
    summary
}

/// The subject of a plan for one custom resource.
pub fn subject(decision: &Decision) -> Subject {
    Subject {
        api_version: decision.key.kind.api(),
        kind: decision.key.kind.name().into(),
        namespace: decision.key.namespace.clone(),
        name: decision.key.name.clone(),
        uid: decision.meta.uid.clone(),
        generation: decision.meta.generation,
    }
}

/// The kinds of children of a kind of custom resource.
pub fn child_kinds(parent: Kind) -> &'static [Kind] {
    match parent {
        Kind::Model => &[Kind::PersistentVolume, Kind::PersistentVolumeClaim, Kind::Deployment, Kind::Service],
        Kind::EndpointConfig => &[Kind::VirtualService],
        Kind::Endpoint => &[Kind::Gateway],
        _ => &[],
    }
}
