//! Fights: a change that was made, was undone by somebody, and would be made again, for ever. The host keeps what it did; we do not.

use crate::diagnostic::Diagnostic;
use crate::diff::Difference;
use crate::kinds::Key;
use crate::list::Listed;
use crate::observation::{at, items, text};
use crate::plan::{Change, Op};
use crate::written::json;
use alloc::vec::Vec;
use serde_json::Value;

/// The objects of an earlier plan that the host updated. `None` where it cannot be read as a plan: then nothing is known of it.
pub fn performed(previous: &Value) -> Option<Vec<Value>> {
    let version = at(previous, &["formatVersion"]);
    if !(version.is_null() || version.as_str()?.starts_with("1.")) {
        return None;
    }
    let actions = previous.get("actions")?.as_array()?;
    let objects = previous.get("objects")?.as_array()?;
    let whole = |object: &Value| !text(object, &["id"]).is_empty() && at(object, &["changes"]).is_array();
    if !actions.iter().all(|action| !text(action, &["object"]).is_empty()) || !objects.iter().all(whole) {
        return None;
    }
    let updated = |object: &&Value| {
        let of = |action: &Value| {
            text(action, &["object"]) == text(object, &["id"]) && matches!(text(action, &["verb"]), "" | "update")
        };
        !text(object, &["observed", "uid"]).is_empty() && actions.iter().any(of)
    };
    Some(objects.iter().filter(updated).cloned().listed())
}

/// Those of the changes of an update that were made before on the same object, and are to be made again.
pub fn undone<'a>(performed: &[Value], key: &Key, live: &Value, found: &'a Difference) -> Vec<&'a Change> {
    let id = key.id();
    let same =
        |object: &&Value| text(object, &["id"]) == id && text(object, &["observed", "uid"]) == text(live, &["metadata", "uid"]);
    let made: Vec<&Value> = performed.iter().filter(same).flat_map(|object| items(object, &["changes"])).listed();
    if made.is_empty() {
        return Vec::new();
    }
    let again = |change: &&Change| {
        let path = json(&change.path);
        let is_it = |made: &&&Value| {
            at(made, &["before"]) == &change.before && at(made, &["after"]) == &change.after && json(at(made, &["path"])) == path
        };
        change.op != Op::Release && made.iter().any(|made| is_it(&made))
    };
    found.changes.iter().filter(again).listed()
}

/// What is said about a change that somebody undid: where, and whose the field is now.
pub fn told(key: &Key, change: &Change, found: &Difference) -> Diagnostic {
    let who = match change.owner.as_str() {
        "" if found.removals_unknown => "somebody",
        "" => "something that owns no field, such as a webhook,",
        owner => owner,
    };
    let message = format!("{who} undid the last change of {}; it is not made again", change.text);
    let help = "let one of the two decide about this field, then plan without the earlier plan";
    Diagnostic::warning("Undone", "", message).of(&key.label()).help(help)
}
