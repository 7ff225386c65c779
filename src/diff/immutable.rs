//! Changes that the API server refuses: the object has to be replaced.
//!
//! From kubernetes `pkg/apis/core/validation` and `pkg/registry/apps/deployment`.

use super::Difference;
use super::equal::quantity;
use crate::diagnostic::Diagnostic;
use crate::kinds::Kind;
use crate::list::Listed;
use crate::observation::{at, text};
use crate::plan::{Change, Op, Step};
use serde_json::Value;

/// When a change below a path is refused.
#[derive(Clone, Copy)]
enum Rule {
    /// Always.
    Refused,
    /// Never.
    InPlace,
    /// Unless it was not set before.
    Once,
    /// When the first element changes.
    First,
    /// When it does not grow.
    Grow,
}

struct Row {
    path: &'static [&'static str],
    rule: Rule,
}

const fn row(path: &'static [&'static str], rule: Rule) -> Row {
    Row { path, rule }
}

/// The first row above a path decides.
const DEPLOYMENT: &[Row] = &[row(&["spec", "selector"], Rule::Once)];
const SERVICE: &[Row] = &[
    row(&["spec", "clusterIP"], Rule::Once),
    row(&["spec", "clusterIPs"], Rule::First),
    row(&["spec", "ipFamilies"], Rule::First),
    row(&["spec", "healthCheckNodePort"], Rule::Once),
    row(&["spec", "loadBalancerClass"], Rule::Once),
];
const CLAIM: &[Row] = &[
    row(&["spec", "resources", "requests", "storage"], Rule::Grow),
    row(&["spec", "storageClassName"], Rule::Once),
    row(&["spec", "volumeName"], Rule::Once),
    row(&["spec", "volumeAttributesClassName"], Rule::InPlace),
    row(&["spec"], Rule::Refused),
];
const VOLUME: &[Row] = &[
    row(&["spec", "capacity"], Rule::InPlace),
    row(&["spec", "persistentVolumeReclaimPolicy"], Rule::InPlace),
    row(&["spec", "accessModes"], Rule::InPlace),
    row(&["spec", "mountOptions"], Rule::InPlace),
    row(&["spec", "storageClassName"], Rule::InPlace),
    row(&["spec", "claimRef"], Rule::InPlace),
    row(&["spec", "volumeAttributesClassName"], Rule::InPlace),
    row(&["spec", "nodeAffinity"], Rule::Once),
    row(&["spec"], Rule::Refused),
];

fn rows(kind: Kind) -> &'static [Row] {
    match kind {
        Kind::Deployment => DEPLOYMENT,
        Kind::Service => SERVICE,
        Kind::PersistentVolumeClaim => CLAIM,
        Kind::PersistentVolume => VOLUME,
        _ => &[],
    }
}

/// Rows of kinds that we do not make.
const STATEFUL_SET: &[Row] = &[
    row(&["spec", "replicas"], Rule::InPlace),
    row(&["spec", "template"], Rule::InPlace),
    row(&["spec", "updateStrategy"], Rule::InPlace),
    row(&["spec", "minReadySeconds"], Rule::InPlace),
    row(&["spec", "persistentVolumeClaimRetentionPolicy"], Rule::InPlace),
    row(&["spec", "ordinals"], Rule::InPlace),
    row(&["spec", "revisionHistoryLimit"], Rule::InPlace),
    row(&["spec"], Rule::Refused),
];
const JOB: &[Row] = &[
    row(&["spec", "completionMode"], Rule::Refused),
    row(&["spec", "completions"], Rule::Refused),
    row(&["spec", "selector"], Rule::Refused),
    row(&["spec", "template"], Rule::Refused),
];
const POD: &[Row] = &[
    row(&["spec", "activeDeadlineSeconds"], Rule::InPlace),
    row(&["spec", "tolerations"], Rule::InPlace),
    row(&["spec", "terminationGracePeriodSeconds"], Rule::InPlace),
    row(&["spec"], Rule::Refused),
];
const FROZEN: &[Row] = &[row(&["data"], Rule::Refused), row(&["binaryData"], Rule::Refused), row(&["stringData"], Rule::Refused)];

/// Fills in what has to be replaced of an object of a kind that we do not make.
pub(crate) fn judge_any(group: &str, kind: &str, live: &Value, found: &mut Difference) {
    let frozen = at(live, &["immutable"]) == &Value::Bool(true);
    let rows = match (group, kind) {
        ("apps", "StatefulSet") => STATEFUL_SET,
        ("apps", "DaemonSet" | "ReplicaSet") => DEPLOYMENT,
        ("batch", "Job") => JOB,
        ("", "Pod") => POD,
        ("", "ConfigMap" | "Secret") if frozen => FROZEN,
        _ => &[],
    };
    let in_place = |change: &&Change| kind == "Pod" && is_image(&change.path);
    let refused = found.changes.iter().filter(|change| !in_place(change) && is_refused(rows, change, live));
    found.replace_paths = refused.map(|change| change.path.clone()).listed();
}

/// `spec.containers[name=…].image`: the one field of a Pod's containers that changes in place.
fn is_image(path: &[Step]) -> bool {
    matches!(path, [_, _, Step::Element(_), Step::Field(field)] if field == "image")
}

/// Fills in what has to be replaced, and says what the server would refuse for another reason.
pub(crate) fn judge(kind: Kind, desired: &Value, live: &Value, found: &mut Difference) {
    let rows = rows(kind);
    let refused = found.changes.iter().filter(|change| is_refused(rows, change, live));
    found.replace_paths = refused.map(|change| change.path.clone()).listed();
    let keeps_data = matches!(kind, Kind::PersistentVolume | Kind::PersistentVolumeClaim);
    found.data_loss = keeps_data && !found.replace_paths.is_empty();
    if kind == Kind::Service && leaves_or_enters_external_name(desired, live) {
        found.replace_paths.clear();
    }
    if kind == Kind::PersistentVolumeClaim && grows(found) && text(live, &["status", "phase"]) == "Pending" {
        let message = "a claim can grow only once it is Bound";
        found.diagnostics.push(Diagnostic::warning("ClaimNotBound", "/spec/resources/requests/storage", message));
    }
}

fn grows(found: &Difference) -> bool {
    found.replace_paths.is_empty() && found.changes.iter().any(|change| change.text == "spec.resources.requests.storage")
}

fn is_refused(rows: &[Row], change: &Change, live: &Value) -> bool {
    let row = rows.iter().find(|row| is_above(row.path, &change.path));
    change.op != Op::Release && row.is_some_and(|row| breaks(row, change, live))
}

/// Whether a path leads to what a row speaks about, or into it.
fn is_above(row: &[&str], path: &[Step]) -> bool {
    let same = row.iter().zip(path).all(|(name, step)| matches!(step, Step::Field(field) if field == name));
    same && row.len() <= path.len()
}

fn breaks(row: &Row, change: &Change, live: &Value) -> bool {
    match row.rule {
        Rule::Refused => true,
        Rule::InPlace => false,
        Rule::Once => !is_unset(at(live, row.path)),
        Rule::First => match change.path.get(row.path.len()) {
            None => change.before.get(0).is_some() && change.before.get(0) != change.after.get(0),
            Some(step) => step == &Step::Index(0),
        },
        Rule::Grow => match (quantity(&change.before), quantity(&change.after)) {
            (Some(before), Some(after)) => after < before,
            _ => !change.before.is_null(),
        },
    }
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// A Service that becomes or stops being a mere alias gives up its address, which the server allows.
fn leaves_or_enters_external_name(desired: &Value, live: &Value) -> bool {
    let kind = |object| text(object, &["spec", "type"]) == "ExternalName";
    kind(desired) != kind(live)
}

/// A Deployment whose pods its own selector does not find is refused.
pub(crate) fn selector(kind: Kind, desired: &Value) -> Option<Diagnostic> {
    let wanted = at(desired, &["spec", "selector", "matchLabels"]).as_object()?;
    let labels = at(desired, &["spec", "template", "metadata", "labels"]);
    let missed = wanted.iter().find(|(name, value)| labels.get(name.as_str()) != Some(*value))?.0;
    let message = format!("the pods have not the label {missed} that the selector asks for");
    (kind == Kind::Deployment).then(|| Diagnostic::error("SelectorMismatch", "/spec/selector/matchLabels", message))
}
