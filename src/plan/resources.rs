//! The custom resources themselves: those that files give are applied without force; our finalizer comes before the first child and
//! goes after the last.

use super::{Draft, Verb};
use crate::charge;
use crate::diagnostic::Diagnostic;
use crate::diff;
use crate::gates::{self, Outcome};
use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::names;
use crate::observation::{Host, is_kept_by_metacontroller, number};
use crate::reconcile::Decision;
use crate::request;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// What happens to the dependants of a custom resource in the same plan.
pub enum Dependants {
    /// They become what is decided.
    Reconciled,
    /// Nothing: the custom resource is deleted, and the next observation says what that means for them.
    Untouched,
}

/// Drafts what happens to the custom resource of a decision.
pub fn draft(draft: &mut Draft, decision: &Decision) -> Dependants {
    let key = &decision.key;
    let live = live(draft, key);
    match (&decision.deletion, live) {
        (Some(held), Some(live)) if held.is_empty() => return draft_requested(draft, decision, live),
        (Some(held), _) => draft.waiting.add_all(held.iter().cloned()),
        (None, _) => {}
    }
    draft_wanted(draft, decision, live);
    Dependants::Reconciled
}

fn draft_wanted(draft: &mut Draft, decision: &Decision, live: Option<&Value>) {
    let key = &decision.key;
    if let Some(live) = live.filter(|_| !decision.meta.deleting && draft.is_followed(key)) {
        draft_progress(draft, decision, live);
    }
    match draft.seen.resources.get(key) {
        Some(intent) => draft_intent(draft, decision, intent, live),
        None => {
            let live = live.cloned();
            draft.object(key, Verb::Unchanged, "", diff::Difference::default(), live.as_ref());
            draft_finalizer(draft, decision, live.as_ref());
        }
    }
}

/// How far the host in charge is: it says so in the status.
fn draft_progress(draft: &mut Draft, decision: &Decision, live: &Value) {
    let (key, wanted) = (&decision.key, decision.meta.generation);
    let observed = number(live, &["status", "observedGeneration"]);
    if observed < wanted {
        let facts = format!("observed generation {observed} of {wanted}");
        let text = format!("{} waits for Metacontroller to see its generation {wanted}", key.label());
        draft.wait(key, "another-host", Vec::new(), facts, text);
    }
}

/// The user asks for it and nothing needs it. What has dependants is held by the finalizer first: else they would go in any order.
fn draft_requested(draft: &mut Draft, decision: &Decision, live: &Value) -> Dependants {
    let key = &decision.key;
    if !children_gone(draft, decision) {
        draft_wanted(draft, decision, Some(live));
        if draft.actions.contains_key(key) {
            return Dependants::Reconciled;
        }
    }
    draft.object(key, Verb::Delete, "Requested", diff::Difference::default(), Some(live));
    let request = request::delete(key, &request::guard(live), draft.seen.saved);
    if let Some(action) = draft.act(key, Verb::Delete, "Requested", request, Vec::new()) {
        action.disruptive = key.kind == Kind::Endpoint;
    }
    match key.kind {
        // Nobody names it any more, so its routes go or stay as they do anyway.
        Kind::EndpointConfig => Dependants::Reconciled,
        _ => Dependants::Untouched,
    }
}

/// What the user asks to delete and is not there.
pub fn draft_absent(draft: &mut Draft) {
    let seen = draft.seen;
    draft.waiting.add_all(gates::unread_deletions(seen));
    for key in seen.deletes.iter().filter(|key| !seen.objects.contains_key(key) && !seen.is_unreadable(key.kind, &key.namespace))
    {
        let message = format!("{} is not there, so it is not deleted", key.label());
        draft.diagnostics.push(Diagnostic::info("NotFound", "", message).of(&key.label()));
    }
}

/// The custom resource as observed; nothing for one that only a file has.
fn live<'a>(draft: &Draft<'a>, key: &Key) -> Option<&'a Value> {
    let seen = draft.seen;
    match seen.before.get(key) {
        Some(live) => Some(live),
        None if seen.resources.contains_key(key) => None,
        None => seen.objects.get(key),
    }
}

fn draft_intent(draft: &mut Draft, decision: &Decision, intent: &Value, live: Option<&Value>) {
    let key = &decision.key;
    let manager = draft.seen.manager.clone();
    if !decision.valid && live.is_none() {
        draft_invalid(draft, key, None);
        return;
    }
    let difference = diff::difference(key.kind, intent, live, &manager);
    let Some(live) = live else {
        if gates::is_namespace_terminating(key, draft.seen) {
            return draft.object(key, Verb::Conflict, "NamespaceTerminating", difference, None);
        }
        draft.object(key, Verb::Create, "Absent", difference, None);
        let request = request::create(key, intent.clone(), &manager, false);
        draft.act(key, Verb::Create, "Absent", request, Vec::new());
        return;
    };
    if decision.meta.deleting {
        draft.object(key, Verb::Unchanged, "WaitingForGone", difference, Some(live));
        draft_finalizer(draft, decision, Some(live));
    } else if !difference.conflicts.is_empty() {
        draft.object(key, Verb::Conflict, "FieldConflict", difference, Some(live));
        let text = format!("{} is not updated: another manager owns fields that the file changes", key.label());
        draft.wait(key, "conflict", Vec::new(), "fields belong to another manager", text);
        draft_finalizer(draft, decision, Some(live));
    } else if difference.changes.is_empty() && !difference.takes_ownership {
        draft.object(key, Verb::Unchanged, "", difference, Some(live));
        draft_finalizer(draft, decision, Some(live));
    } else if draft.is_undone(key, &difference, live) {
        draft_finalizer(draft, decision, Some(live));
    } else {
        let reason = if difference.changes.is_empty() { "TakeOwnership" } else { "SpecChanged" };
        draft.object(key, Verb::Update, reason, difference, Some(live));
        let request = request::update(key, intent.clone(), &manager, false, &draft.exact_guard(live));
        draft.act(key, Verb::Update, reason, request, Vec::new());
    }
}

/// Files that are not sent: what they would change is not shown, why they are not sent is.
pub fn draft_rejected(draft: &mut Draft) {
    let seen = draft.seen;
    for (key, found) in seen.rejected.iter() {
        draft.diagnostics.add_all(found.iter().cloned());
        draft_invalid(draft, key, seen.objects.get(key));
    }
}

fn draft_invalid(draft: &mut Draft, key: &Key, live: Option<&Value>) {
    draft.object(key, Verb::Conflict, "Invalid", diff::Difference::default(), live);
    draft.wait(key, "hold", Vec::new(), "it is invalid", format!("{} is invalid, so nothing is sent", key.label()));
}

/// Hosts that make their own calls hold a Model or EndpointConfig by a finalizer from before the first child until the last is gone.
/// Whoever is in charge takes the finalizer of the other kind of host away.
fn draft_finalizer(draft: &mut Draft, decision: &Decision, live: Option<&Value>) {
    let key = &decision.key;
    let Some(live) = live.filter(|_| draft.seen.host == Host::Direct) else { return };
    let is_theirs = charge::is_another_hosts(key, draft.seen);
    let observed = request::finalizers_of(live);
    let finalizers =
        if is_theirs { left_by_us(draft, decision, live, &observed) } else { ours(draft, decision, live, &observed) };
    if finalizers == observed {
        return;
    }
    let request = request::finalizers(key, &finalizers, &draft.seen.manager, &request::guard(live));
    if let Some(object) = draft.objects.get_mut(key) {
        object.verb = Verb::Update;
        object.reason = "Finalizer".into();
    }
    let taken = observed.iter().filter(|finalizer| !finalizers.contains(finalizer)).cloned().listed().join(", ");
    let was_held = is_held(&observed);
    let holds = !was_held && is_held(&finalizers);
    if let Some(action) = draft.act(key, Verb::Update, "Finalizer", request, Vec::new()) {
        action.text = match (holds, taken.as_str()) {
            (true, "") => format!("Hold {} by the finalizer {}", key.label(), names::FINALIZER),
            (true, taken) => format!("Hold {} by the finalizer {} in place of {taken}", key.label(), names::FINALIZER),
            (false, taken) => format!("Release {} from the finalizer {taken}", key.label()),
        };
    }
    if is_theirs && !was_held {
        draft.leave(key);
    }
}

/// Whether we hold what has these finalizers.
fn is_held(finalizers: &[String]) -> bool {
    finalizers.iter().any(|finalizer| names::is_our_finalizer(finalizer))
}

/// The finalizers of what we are in charge of.
fn ours(draft: &Draft, decision: &Decision, live: &Value, observed: &[String]) -> Vec<String> {
    let key = &decision.key;
    let mut finalizers = observed.to_vec();
    let is_left_behind = charge::is_left_behind(key, live, draft.seen);
    let ends = decision.outcome == Outcome::Drop && children_gone(draft, decision);
    if decision.meta.deleting {
        let goes = |finalizer: &str| {
            names::is_our_finalizer(finalizer) || is_left_behind && names::is_metacontrollers_finalizer(finalizer)
        };
        finalizers.retain(|finalizer| !(ends && goes(finalizer)));
    } else if decision.outcome == Outcome::Apply && !decision.desired.is_empty() {
        finalizers.retain(|finalizer| !(is_left_behind && names::is_metacontrollers_finalizer(finalizer)));
        if request::has_finalizer(key.kind) && !is_held(&finalizers) {
            finalizers.push(names::FINALIZER.into());
        }
    }
    finalizers
}

/// The finalizers of what Metacontroller is in charge of: ours goes once its own is there, or nothing is left that it stood for. In a
/// forecast its own goes with the last child.
fn left_by_us(draft: &Draft, decision: &Decision, live: &Value, observed: &[String]) -> Vec<String> {
    let gone = decision.meta.deleting && children_gone(draft, decision);
    let foreseen = gone && draft.seen.foresees && decision.outcome == Outcome::Drop;
    let mut finalizers = observed.to_vec();
    finalizers.retain(|finalizer| match names::is_our_finalizer(finalizer) {
        true => !(gone || is_kept_by_metacontroller(live)),
        false => !(foreseen && names::is_metacontrollers_finalizer(finalizer)),
    });
    finalizers
}

fn children_gone(draft: &Draft, decision: &Decision) -> bool {
    super::child_kinds(decision.key.kind).iter().all(|kind| {
        let child = draft.seen.objects.get(&gates::child_key(*kind, &decision.key));
        !child.is_some_and(|child| charge::is_child(child, *kind, &decision.key, &decision.meta.uid, draft.seen))
    })
}
