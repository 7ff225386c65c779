//! Who makes the dependants of a custom resource: a host that makes its own calls, or Metacontroller. Two hosts never fight, so this is
//! asked before anything is done.

use crate::gates;
use crate::kinds::Key;
use crate::observation::{Host, Observation, is_kept_by_metacontroller, is_metacontrollers};
use crate::plan::child_kinds;

/// Whether Metacontroller makes the dependants of a custom resource in place of this host: it holds it, or applies one of its children.
pub fn is_another_hosts(parent: &Key, seen: &Observation) -> bool {
    seen.host == Host::Direct && (seen.objects.get(parent).is_some_and(is_kept_by_metacontroller) || has_applied(parent, seen))
}

fn has_applied(parent: &Key, seen: &Observation) -> bool {
    let child = |kind| seen.objects.get(&gates::child_key(kind, parent));
    child_kinds(parent.kind).iter().any(|kind| child(*kind).is_some_and(is_metacontrollers))
}
