//! Who makes the dependants of a custom resource: a host that makes its own calls, or Metacontroller. Two hosts never fight, so this is
//! asked before anything is done.

use crate::gates;
use crate::kinds::{Key, Kind};
use crate::observation::{Host, Observation, at, is_kept_by_metacontroller, is_metacontrollers, is_ours, is_volume_of, text};
use crate::plan::child_kinds;
use crate::written::written;
use alloc::string::String;
use serde_json::Value;

/// A kind of custom resource whose dependants this host does not make.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Charge {
    /// The kind.
    pub kind: &'static str,
    /// `Metacontroller`.
    pub host: &'static str,
    /// The CompositeController; empty where none could be read.
    pub controller: String,
}

written!(Charge { "kind": kind, "host": host, "controller": controller });

/// Whether Metacontroller makes the dependants of a custom resource in place of this host. Where its CompositeControllers cannot be read,
/// what it has done is the evidence: it holds the custom resource, or applies one of its children.
pub fn is_another_hosts(parent: &Key, seen: &Observation) -> bool {
    if seen.host == Host::Metacontroller {
        return false;
    }
    if is_unknown(seen) {
        return seen.objects.get(parent).is_some_and(is_kept_by_metacontroller) || has_applied(parent, seen);
    }
    controller_of(parent.kind, seen).is_some()
}

/// Whether it cannot be told which kinds Metacontroller runs.
pub fn is_unknown(seen: &Observation) -> bool {
    seen.is_unreadable(Kind::CompositeController, "")
}

/// Whether a finalizer of Metacontroller holds a custom resource whose kind it does not run any more: nobody would take it away.
pub fn is_left_behind(parent: &Key, live: &Value, seen: &Observation) -> bool {
    is_kept_by_metacontroller(live) && !is_unknown(seen) && !is_another_hosts(parent, seen)
}

/// Who makes the dependants of a kind, where one of its custom resources was found to be another host's.
pub fn charge(kind: Kind, seen: &Observation) -> Charge {
    let controller = controller_of(kind, seen).map_or_else(String::new, |key| key.name.clone());
    Charge { kind: kind.name(), host: "Metacontroller", controller }
}

/// The host whose children a custom resource has.
pub fn host(parent: &Key, seen: &Observation) -> Host {
    if is_another_hosts(parent, seen) { Host::Metacontroller } else { seen.host }
}

/// Whether an observed object is a child of a custom resource, as the host in charge keeps its children.
pub fn is_child(object: &Value, kind: Kind, parent: &Key, uid: &str, seen: &Observation) -> bool {
    is_ours(object, kind, parent, uid, host(parent, seen))
}

/// Whether a volume was made for a Model by the other kind of host: it is used as it is, and never touched.
pub fn is_volume_of_other(object: &Value, kind: Kind, parent: &Key, uid: &str, seen: &Observation) -> bool {
    kind == Kind::PersistentVolume
        && is_volume_of(object, parent)
        && !uid.is_empty()
        && !is_child(object, kind, parent, uid, seen)
}

fn controller_of(kind: Kind, seen: &Observation) -> Option<&Key> {
    let runs = |controller: &Value| {
        let parent = at(controller, &["spec", "parentResource"]);
        let group = text(parent, &["apiVersion"]).split('/').next();
        text(parent, &["resource"]) == kind.plural() && group == Some(kind.group())
    };
    seen.of_kind(Kind::CompositeController).find(|(_, controller)| runs(controller)).map(|(key, _)| key)
}

fn has_applied(parent: &Key, seen: &Observation) -> bool {
    let child = |kind| seen.objects.get(&gates::child_key(kind, parent));
    child_kinds(parent.kind).iter().any(|kind| child(*kind).is_some_and(is_metacontrollers))
}
