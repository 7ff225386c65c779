//! The children of a custom resource: created, updated, replaced, deleted, or listed with what holds them back.

use super::{Draft, Op, Step, Verb};
use crate::charge;
use crate::diagnostic::{Diagnostic, shown};
use crate::diff::{self, Difference};
use crate::gates::{self, Outcome};
use crate::handover;
use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::names;
use crate::observation::{Host, at, is_deleting, items, text};
use crate::reconcile::{Decision, Desired};
use crate::request;
use crate::sort::sort_distinct;
use alloc::vec::Vec;
use serde_json::Value;

/// Drafts what happens to the children of a decision.
pub fn draft(draft: &mut Draft, decision: &Decision) {
    draft.waiting.add_all(decision.waiting.iter().cloned());
    draft_children(draft, decision);
    if charge::is_another_hosts(&decision.key, draft.seen) {
        for kind in super::child_kinds(decision.key.kind) {
            draft.leave(&gates::child_key(*kind, &decision.key));
        }
    }
}

fn draft_children(draft: &mut Draft, decision: &Decision) {
    match decision.outcome {
        Outcome::Apply => {
            for desired in &decision.desired {
                draft_desired(draft, decision, desired);
            }
            draft_unwanted(draft, decision);
        }
        Outcome::Drop => draft_drop(draft, decision),
        Outcome::Keep => draft_untouched(draft, decision, "InUse"),
        Outcome::Hold => draft_untouched(draft, decision, "Hold"),
    }
}

/// The observed children, also those that are somebody else's.
fn observed<'a>(draft: &Draft<'a>, decision: &Decision) -> Vec<(Key, &'a Value, bool)> {
    let seen = draft.seen;
    let of_kind = |kind: &Kind| {
        let key = gates::child_key(*kind, &decision.key);
        let object = seen.objects.get(&key)?;
        let ours = charge::is_child(object, *kind, &decision.key, &decision.meta.uid, seen);
        Some((key, object, ours))
    };
    super::child_kinds(decision.key.kind).iter().filter_map(of_kind).listed()
}

/// Lists the children of a custom resource of which none is touched.
pub fn draft_untouched(draft: &mut Draft, decision: &Decision, reason: &str) {
    for (key, object, ours) in observed(draft, decision) {
        if ours {
            draft.object(&key, Verb::Unchanged, reason, Difference::default(), Some(object));
        } else if decision.diagnostics.iter().any(|diagnostic| diagnostic.code == "NameTaken") {
            draft.object(&key, Verb::Conflict, "NotOurs", Difference::default(), Some(object));
        }
    }
}

fn draft_desired(draft: &mut Draft, decision: &Decision, desired: &Desired) {
    let key = &desired.key;
    if decision.meta.uid.is_empty() {
        draft_without_owner(draft, decision, desired);
        return;
    }
    let direct = draft.seen.host == Host::Direct && key.kind.namespaced();
    let body =
        if direct { request::owned(desired.body.clone(), &decision.key, &decision.meta.uid) } else { desired.body.clone() };
    let is_theirs = charge::is_another_hosts(&decision.key, draft.seen);
    let manager = if is_theirs { names::METACONTROLLER.into() } else { draft.seen.manager.clone() };
    let needs = needs(key, &decision.key, &body);
    let live = draft.seen.objects.get(key);
    if let Some(live) =
        live.filter(|live| charge::is_volume_of_other(live, key.kind, &decision.key, &decision.meta.uid, draft.seen))
    {
        return draft.object(key, Verb::Unchanged, "AnotherHost", Difference::default(), Some(live));
    }
    let mut difference = diff::difference(key.kind, &body, live, &manager);
    // It merges in its own way, and owns what it says.
    difference.takes_ownership &= !is_theirs;
    if difference.diagnostics.iter().any(Diagnostic::is_error) {
        draft_refused(draft, key, difference, live);
        return;
    }
    if draft.is_followed(&decision.key) {
        draft_another_host(draft, key, difference, live);
        return;
    }
    let Some(live) = live else {
        draft.object(key, Verb::Create, "Absent", difference, None);
        let request = request::create(key, body, &manager, true);
        draft.act(key, Verb::Create, "Absent", request, needs);
        return;
    };
    if is_deleting(live) {
        draft.object(key, Verb::Create, "WaitingForGone", Difference::default(), Some(live));
        draft.missing.insert(key.clone(), ());
        wait_gone(draft, key, live, "is created again once it is gone");
    } else if let Some(entries) = left_by_another_host(draft, decision, live) {
        let request = request::managed_fields(key, entries, &manager, &request::guard(live));
        // What differs besides is for the next plan: nothing of it is done by this action.
        draft.object(key, Verb::Update, "TakeOwnership", Difference::default(), Some(live));
        if let Some(action) = draft.act(key, Verb::Update, "TakeOwnership", request, needs) {
            action.text = format!("Take {} over from Metacontroller", key.label());
        }
    } else if !difference.replace_paths.is_empty() {
        draft_replace(draft, key, difference, live, needs);
    } else {
        draft_update(draft, key, body, difference, live, needs);
    }
}

/// What Metacontroller owns of a child that it does not make any more.
fn left_by_another_host(draft: &Draft, decision: &Decision, live: &Value) -> Option<Vec<Value>> {
    let seen = draft.seen;
    let known = seen.host == Host::Direct && !charge::is_unknown(seen) && !charge::is_another_hosts(&decision.key, seen);
    if known { handover::taken(live, &seen.manager) } else { None }
}

/// What the API server would refuse is not sent.
fn draft_refused(draft: &mut Draft, key: &Key, difference: Difference, live: Option<&Value>) {
    let messages: Vec<&str> =
        difference.diagnostics.iter().filter(|found| found.is_error()).map(|found| found.message.as_str()).listed();
    let facts = messages.join("; ");
    draft.object(key, Verb::Conflict, "Invalid", difference, live);
    draft.missing.insert(key.clone(), ());
    draft.wait(key, "hold", Vec::new(), facts, format!("{} would be refused by the API server, so nothing is sent", key.label()));
}

/// Children of a custom resource without uid wait for it: an empty uid in an owner reference is refused.
fn draft_without_owner(draft: &mut Draft, decision: &Decision, desired: &Desired) {
    let key = &desired.key;
    let mut difference = diff::difference(key.kind, &desired.body, None, &draft.seen.manager);
    if key.kind.namespaced() {
        let path = ["metadata", "ownerReferences"].map(|field| Step::Field(field.into()));
        difference.unknown_after.push(path.to_vec());
    }
    draft.object(key, Verb::Create, "Absent", difference, None);
    let owner = &decision.key;
    let text = format!("{} is created once {} has a uid", key.label(), owner.label());
    draft.wait(key, "owner", vec![owner.id()], format!("{} does not exist yet", owner.label()), text);
}

fn wait_gone(draft: &mut Draft, key: &Key, live: &Value, consequence: &str) {
    let finalizers = request::finalizers_of(live).join(", ");
    let facts = if finalizers.is_empty() { "it is being deleted".into() } else { format!("held by {finalizers}") };
    draft.wait(key, "gone", vec![key.id()], facts, format!("{} {consequence}", key.label()));
}

fn draft_another_host(draft: &mut Draft, key: &Key, difference: Difference, live: Option<&Value>) {
    if let Some((live, entries)) = live.and_then(|live| Some((live, handover::released(live, &draft.seen.manager)?))) {
        let request = request::managed_fields(key, entries, &draft.seen.manager, &request::guard(live));
        draft.object(key, Verb::Update, "HandedOver", Difference::default(), Some(live));
        if let Some(action) = draft.act(key, Verb::Update, "HandedOver", request, Vec::new()) {
            action.text = format!("Leave the fields of {} to Metacontroller", key.label());
        }
        return;
    }
    let verb = match live {
        None => Verb::Create,
        Some(_) if difference.changes.is_empty() => Verb::Unchanged,
        Some(_) => Verb::Update,
    };
    draft.object(key, verb, "AnotherHost", difference, live);
    if verb != Verb::Unchanged {
        let text = format!("{} is applied by Metacontroller, which will make these changes", key.label());
        draft.wait(key, "another-host", Vec::new(), "Metacontroller applies it", text);
    }
}

fn draft_replace(draft: &mut Draft, key: &Key, difference: Difference, live: &Value, needs: Vec<Key>) {
    let data_loss = difference.data_loss;
    if data_loss && !draft.seen.allow_data_loss {
        draft.object(key, Verb::Replace, "DataLossRefused", difference, Some(live));
        let text = format!("{} would have to be replaced, which loses data: write a second Model beside this one", key.label());
        draft.wait(key, "data-loss", Vec::new(), "an immutable field differs", text);
        return;
    }
    draft.object(key, Verb::Replace, "ImmutableField", difference, Some(live));
    let request = request::delete(key, &request::guard(live), true);
    if let Some(action) = draft.act(key, Verb::Replace, "ImmutableField", request, needs) {
        action.data_loss = data_loss;
        action.disruptive = true;
    }
}

fn draft_update(draft: &mut Draft, key: &Key, body: Value, difference: Difference, live: &Value, needs: Vec<Key>) {
    if difference.changes.is_empty() && !difference.takes_ownership {
        draft.object(key, Verb::Unchanged, "", difference, Some(live));
        return;
    }
    if draft.is_undone(key, &difference, live) {
        return;
    }
    let reason = reason(&difference);
    if key.kind == Kind::PersistentVolumeClaim && grows(&difference) && text(live, &["status", "phase"]) != "Bound" {
        draft.object(key, Verb::Update, reason, difference, Some(live));
        let text = format!("{} grows once it is bound", key.label());
        draft.wait(key, "bound", vec![key.id()], format!("phase {}", shown(self::text(live, &["status", "phase"]))), text);
        return;
    }
    let disruptive = interrupts(key, &body, &difference);
    let manager = draft.seen.manager.clone();
    let request = match leaves_figures_behind(key, &body, &difference, live) {
        true => request::recreate(key, &manager, &request::guard(live)),
        false => request::update(key, body, &manager, true, &draft.exact_guard(live)),
    };
    draft.object(key, Verb::Update, reason, difference, Some(live));
    if let Some(action) = draft.act(key, Verb::Update, reason, request, needs) {
        action.disruptive = disruptive;
        if disruptive {
            action.text = format!("{}: its pods stop before new ones start, because one node holds its volume", action.text);
        }
    }
}

/// Why an object is updated.
pub fn reason(difference: &Difference) -> &'static str {
    if difference.changes.is_empty() {
        "TakeOwnership"
    } else if difference.drift.len() == difference.changes.len() {
        "Drift"
    } else if difference.changes.iter().all(|change| matches!(change.op, Op::Remove | Op::Release)) {
        "NoLongerWanted"
    } else {
        "SpecChanged"
    }
}

/// An apply of `Recreate` leaves the figures of a rolling update behind that nobody or somebody else owns, and the API server refuses
/// the two together: the strategy is patched first.
fn leaves_figures_behind(key: &Key, body: &Value, difference: &Difference, live: &Value) -> bool {
    const FIGURES: &str = "spec.strategy.rollingUpdate";
    key.kind == Kind::Deployment
        && text(body, &["spec", "strategy", "type"]) == "Recreate"
        && !at(live, &["spec", "strategy", "rollingUpdate"]).is_null()
        && !difference.changes.iter().any(|change| change.op == Op::Remove && change.text.starts_with(FIGURES))
}

fn grows(difference: &Difference) -> bool {
    difference.changes.iter().any(|change| change.text.starts_with("spec.resources"))
}

/// A volume that one node holds means `Recreate`: a new pod template stops the old pods first.
fn interrupts(key: &Key, body: &Value, difference: &Difference) -> bool {
    key.kind == Kind::Deployment
        && text(body, &["spec", "strategy", "type"]) == "Recreate"
        && difference.changes.iter().any(|change| change.text.starts_with("spec.template"))
}

/// Ours and no longer wanted while the custom resource lives. Storage is never taken back on an edit.
fn draft_unwanted(draft: &mut Draft, decision: &Decision) {
    for (key, object, ours) in observed(draft, decision) {
        if !ours || decision.desired.iter().any(|desired| desired.key == key) {
            continue;
        }
        if matches!(key.kind, Kind::PersistentVolume | Kind::PersistentVolumeClaim) {
            draft.object(&key, Verb::Unchanged, "DataLossRefused", Difference::default(), Some(object));
        } else {
            draft_delete(draft, decision, &key, object);
        }
    }
}

/// Deployment and Service first; the claim once the Deployment is gone with its pods; the volume once the claim is gone.
fn draft_drop(draft: &mut Draft, decision: &Decision) {
    let children: Vec<(Key, &Value, bool)> = observed(draft, decision).into_iter().filter(|(_, _, ours)| *ours).listed();
    let left = |kind: Kind| children.iter().any(|(key, _, _)| key.kind == kind);
    for (key, object, _) in &children {
        let first = match key.kind {
            Kind::PersistentVolumeClaim if left(Kind::Deployment) => Some(Kind::Deployment),
            Kind::PersistentVolume if left(Kind::PersistentVolumeClaim) => Some(Kind::PersistentVolumeClaim),
            _ => None,
        };
        match first {
            None => draft_delete(draft, decision, key, object),
            Some(first) => {
                draft.object(key, Verb::Delete, "NoLongerWanted", Difference::default(), Some(object));
                let first = gates::child_key(first, &decision.key);
                let text = format!("{} is deleted once {} is gone", key.label(), first.label());
                draft.wait(key, "gone", vec![first.id()], format!("{} is there", first.label()), text);
            }
        }
    }
}

fn draft_delete(draft: &mut Draft, decision: &Decision, key: &Key, live: &Value) {
    if draft.is_followed(&decision.key) {
        draft.object(key, Verb::Delete, "AnotherHost", Difference::default(), Some(live));
        let text = format!("{} is applied by Metacontroller, which will delete it", key.label());
        draft.wait(key, "another-host", Vec::new(), "Metacontroller applies it", text);
        return;
    }
    let is_held = decision.meta.finalizers.iter().any(|finalizer| names::is_our_finalizer(finalizer));
    if key.kind == Kind::PersistentVolume && !is_held && !charge::is_another_hosts(&decision.key, draft.seen) {
        // Labels alone prove nothing: whoever made this volume for a Model held the Model by the finalizer first.
        draft.object(key, Verb::Conflict, "NotOurs", Difference::default(), Some(live));
        return;
    }
    draft.object(key, Verb::Delete, "NoLongerWanted", Difference::default(), Some(live));
    if is_deleting(live) {
        wait_gone(draft, key, live, "is being deleted");
        return;
    }
    let deletes_data =
        key.kind == Kind::PersistentVolumeClaim || text(live, &["spec", "persistentVolumeReclaimPolicy"]) == "Delete";
    let needs = needs(key, &decision.key, live);
    let request = request::delete(key, &request::guard(live), draft.seen.saved);
    if let Some(action) = draft.act(key, Verb::Delete, "NoLongerWanted", request, needs) {
        action.data_loss = deletes_data && !is_static(live);
        action.disruptive = matches!(key.kind, Kind::VirtualService | Kind::Gateway | Kind::Deployment);
    }
}

/// A claim on a static volume, which is retained, loses no data.
fn is_static(claim: &Value) -> bool {
    at(claim, &["spec", "storageClassName"]) == "" && !text(claim, &["spec", "volumeName"]).is_empty()
}

/// The objects that an object needs: its parent, its storage, the Services and Gateways of its routes.
fn needs(key: &Key, parent: &Key, body: &Value) -> Vec<Key> {
    let mut needs = vec![parent.clone()];
    match key.kind {
        Kind::PersistentVolumeClaim => needs.push(gates::child_key(Kind::PersistentVolume, parent)),
        Kind::Deployment => needs.push(gates::child_key(Kind::PersistentVolumeClaim, parent)),
        Kind::VirtualService => needs.add_all(needs_of_routes(body)),
        _ => {}
    }
    needs
}

fn needs_of_routes(body: &Value) -> Vec<Key> {
    let mut needs: Vec<Key> = Vec::new();
    for gateway in items(body, &["spec", "gateways"]).iter().filter_map(Value::as_str) {
        let named = gateway.split_once('/');
        needs.add_all(named.map(|(namespace, name)| Key::new(Kind::Gateway, namespace, name)));
    }
    let routes = items(body, &["spec", "http"]).iter().flat_map(|rule| items(rule, &["route"]));
    let namespace = text(body, &["metadata", "namespace"]);
    let models = routes.filter_map(|route| names::model_of_host(text(route, &["destination", "host"]), namespace));
    needs.add_all(models.map(|(namespace, model)| Key::new(Kind::Service, namespace, model)));
    sort_distinct(&mut needs);
    needs
}
