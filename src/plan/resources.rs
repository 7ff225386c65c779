//! The custom resources themselves: those that files give are applied without force; our finalizer comes before the first child and
//! goes after the last.

use super::{Draft, Verb};
use crate::charge;
use crate::diagnostic::Diagnostic;
use crate::diff;
use crate::gates::{self, Outcome};
use crate::kinds::{Key, Kind};
use crate::list::AddAll;
use crate::names;
use crate::observation::{Host, is_ours};
use crate::reconcile::Decision;
use crate::request;
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
    match draft.seen.resources.get(key) {
        Some(intent) => draft_intent(draft, decision, intent, live),
        None => {
            let live = live.cloned();
            draft.object(key, Verb::Unchanged, "", diff::Difference::default(), live.as_ref());
            draft_finalizer(draft, decision, live.as_ref());
        }
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
        if gates::terminating_namespace(key, draft.seen).is_some() {
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
fn draft_finalizer(draft: &mut Draft, decision: &Decision, live: Option<&Value>) {
    let key = &decision.key;
    let Some(live) = live.filter(|_| draft.seen.host == Host::Direct && request::has_finalizer(key.kind)) else { return };
    let mut finalizers = request::finalizers_of(live);
    let held = finalizers.iter().any(|finalizer| finalizer == names::FINALIZER);
    if decision.meta.deleting {
        if !held || decision.outcome != Outcome::Drop || !children_gone(draft, decision) {
            return;
        }
        finalizers.retain(|finalizer| finalizer != names::FINALIZER);
    } else {
        // Metacontroller would never take our finalizer away again.
        if held || decision.outcome != Outcome::Apply || decision.desired.is_empty() || charge::is_another_hosts(key, draft.seen)
        {
            return;
        }
        finalizers.push(names::FINALIZER.into());
    }
    let request = request::finalizers(key, &finalizers, &draft.seen.manager, &request::guard(live));
    if let Some(object) = draft.objects.get_mut(key) {
        object.verb = Verb::Update;
        object.reason = "Finalizer".into();
    }
    if let Some(action) = draft.act(key, Verb::Update, "Finalizer", request, Vec::new()) {
        action.text = if decision.meta.deleting {
            format!("Release {} from the finalizer {}", key.label(), names::FINALIZER)
        } else {
            format!("Hold {} by the finalizer {}", key.label(), names::FINALIZER)
        };
    }
}

fn children_gone(draft: &Draft, decision: &Decision) -> bool {
    super::child_kinds(decision.key.kind).iter().all(|kind| {
        let child = draft.seen.objects.get(&gates::child_key(*kind, &decision.key));
        !child.is_some_and(|child| is_ours(child, *kind, &decision.key, &decision.meta.uid, draft.seen.host))
    })
}
