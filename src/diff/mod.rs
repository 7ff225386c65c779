//! What differs between a desired object and the live one, by path.
//!
//! *Changed* means: desired is not a typed subset of live, or live has fields that we own and no longer want. Never "desired ≠ live":
//! what the server fills in and what others own stays out of it. No kind appears here by name; `tables` and `immutable` know them.

pub(crate) mod compare;
pub(crate) mod equal;
mod immutable;
pub(crate) mod owned;
mod path;
mod removed;
pub(crate) mod tables;

#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::json;
use crate::kinds::Kind;
use crate::names;
use crate::observation::{at, text};
use crate::plan::{Change, Op, Step};
use crate::sort::{sort_by, sort_distinct};
use alloc::vec::Vec;
use compare::Walk;
use owned::{Fields, Managed};
use removed::{Place, Removed};
use serde_json::Value;
use tables::Type;

/// Annotation in which client-side `kubectl apply` remembers what it sent.
pub(crate) const KUBECTL_LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What differs between a desired object and the live one.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Sorted by path. Empty: nothing has to be written, unless `takes_ownership`.
    pub changes: Vec<Change>,
    /// What somebody else wrote where we are the author: those of `changes` at paths that an update took from us, and, not among
    /// `changes` because no apply removes them, another owner's entries in what only we should write (ports of a Service,
    /// `spec` of Istio's kinds).
    pub drift: Vec<Change>,
    /// Those of `changes` at paths that another manager owns: taken back by force.
    pub conflicts: Vec<Change>,
    /// Immutable paths that differ: the object has to be replaced.
    pub replace_paths: Vec<Vec<Step>>,
    /// Replacing it loses data (PersistentVolume, PersistentVolumeClaim).
    pub data_loss: bool,
    /// Paths whose value the server will decide.
    pub unknown_after: Vec<Vec<Step>>,
    /// Desired leaves that are already as they should be.
    pub unchanged_fields: usize,
    /// managedFields were stripped: fields that we no longer want cannot be seen.
    pub removals_unknown: bool,
    /// No field differs, but managedFields are there without our Apply entry: one apply takes ownership.
    pub takes_ownership: bool,
    /// Unknown server fields, duplicate keys, malformed managedFields.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compares `desired` with `live` (`None`: it does not exist, so everything desired is an `add`).
pub fn difference(kind: Kind, desired: &Value, live: Option<&Value>, manager: &str) -> Difference {
    let mut found = compared(tables::of(kind), tables::is_strict(kind), desired, live, manager);
    found.unknown_after.extend(allocated(kind, desired, live));
    sort_distinct(&mut found.unknown_after);
    found.diagnostics.extend(immutable::selector(kind, desired));
    if let Some(live) = live {
        immutable::judge(kind, desired, live, &mut found);
    }
    found
}

/// The same for an object of any kind. What is known of a kind that we do not make is in a small table; of any other kind, only what
/// the managedFields of the live object show.
pub fn difference_of_any(desired: &Value, live: Option<&Value>, manager: &str) -> Difference {
    if let Some(kind) = Kind::of_object(desired) {
        return difference(kind, desired, live, manager);
    }
    let (group, kind) = (group_of(desired), text(desired, &["kind"]));
    let shown;
    let of = match tables::of_name(group, kind) {
        Some(of) => of,
        None => {
            shown = tables::shown_by(live);
            &shown
        }
    };
    let mut found = compared(of, false, desired, live, manager);
    sort_distinct(&mut found.unknown_after);
    if let Some(live) = live {
        immutable::judge_any(group, kind, live, &mut found);
    }
    found
}

/// The API group of an object; empty for the core group.
pub fn group_of(object: &Value) -> &str {
    text(object, &["apiVersion"]).split_once('/').map_or("", |(group, _)| group)
}

fn compared<'a>(of: &'a Type, strict: bool, desired: &'a Value, live: Option<&'a Value>, manager: &'a str) -> Difference {
    let mut walk = Walk::new(strict, manager);
    match live {
        None => walk.create(of, desired),
        Some(live) => compare(&mut walk, of, desired, live),
    }
    finish(walk.found)
}

/// With our Apply entry removals are exact. Without it they are not looked for. Without managedFields a last-applied annotation helps.
fn compare<'a>(walk: &mut Walk<'a>, of: &'a Type, desired: &'a Value, live: &'a Value) {
    let mut ours = None;
    match owned::managed(live, walk.manager) {
        Managed::Known(others, entry) => {
            (walk.known, walk.others, walk.ours, ours) = (true, others, entry, entry);
        }
        Managed::Malformed(why) => {
            walk.found.diagnostics.push(owned::malformed(why));
            walk.found.removals_unknown = true;
        }
        Managed::Stripped => walk.found.removals_unknown = !text(live, &["metadata", "resourceVersion"]).is_empty(),
    }
    walk.value(of, desired, live, false);
    if let Some(ours) = ours {
        remove(walk, of, desired, live, ours);
    } else if !walk.known
        && let Some(last) = last_applied(of, live)
    {
        remove(walk, of, desired, live, &last);
    }
    note_stuck(walk, of, desired, live);
    walk.found.takes_ownership = walk.known && ours.is_none() && walk.found.changes.is_empty();
}

fn remove<'a>(walk: &mut Walk<'a>, of: &'a Type, desired: &'a Value, live: &'a Value, owned: &Fields) {
    Removed { walk, raw: Vec::new() }.below(owned, of, Place { desired: Some(desired), live }, &[]);
}

/// The owner of what was there when an object was applied for the first time.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// What we wrote by an update, not by an apply, and no longer want, or what is from before applies: no apply takes it away.
fn note_stuck<'a>(walk: &mut Walk<'a>, of: &'a Type, desired: &'a Value, live: &'a Value) {
    let (strict, manager) = (walk.strict, walk.manager);
    let is_stuck = |entry: &&owned::Entry| entry.manager == manager || entry.manager == BEFORE_FIRST_APPLY;
    let updates = walk.others.iter().filter(|entry| is_stuck(entry) && !entry.applies);
    for fields in updates.map(|entry| entry.fields).collect::<Vec<_>>() {
        let mut stuck = Walk::new(strict, manager);
        remove(&mut stuck, of, desired, live, fields);
        walk.found.diagnostics.extend(stuck.found.changes.iter().filter(|change| change.op == Op::Remove).map(|change| {
            let message = format!("{} was set by an update, so no apply removes it", change.text);
            Diagnostic::info("NotRemovable", "", message)
        }));
    }
}

fn last_applied(of: &Type, live: &Value) -> Option<Fields> {
    let annotations = at(live, &["metadata", "annotations"]);
    let annotation = |name| annotations.get(name).and_then(Value::as_str);
    let last = annotation(KUBECTL_LAST_APPLIED).or_else(|| annotation(names::METACONTROLLER_LAST_APPLIED))?;
    Some(owned::fields_of(of, &json::inner(last)?))
}

/// Sorts what was found, each path once.
fn finish(mut found: Difference) -> Difference {
    for changes in [&mut found.changes, &mut found.drift, &mut found.conflicts] {
        sort_by(changes, &|one, other| one.path.cmp(&other.path));
        changes.dedup_by(|one, other| one.path == other.path);
    }
    sort_distinct(&mut found.diagnostics);
    found
}

fn allocated(kind: Kind, desired: &Value, live: Option<&Value>) -> Vec<Vec<Step>> {
    let paths = tables::allocated(kind).iter();
    let open = paths.filter(|path| live.is_none() && at(desired, path).is_null());
    open.map(|path| path.iter().map(|name| Step::Field((*name).into())).collect()).collect()
}
