//! Any desired object against the live one, whatever its kind: the text operation `diff`.
//!
//! The rules are those of the plan. What belongs to a plan only (gates, order, requests) is not here.

use crate::diagnostic::{Failure, shown};
use crate::diff::{self, Difference, group_of};
use crate::json::{self, Limits};
use crate::observation::{at, is_deleting, set, text};
use crate::plan::{Change, Step, Verb, reason};
use crate::written::{Members, json as json_text};
use crate::{contract::Document, names};
use alloc::string::String;
use serde_json::{Map, Value};

/// `{desired, live, manager}` → what differs, and what would be done about it. `live` is `null` for what does not exist.
pub fn diff(request: &str) -> Document {
    let request = json::parse(request, &Limits::DEFAULT)?;
    let members = request.as_object().into_iter().flat_map(Map::keys);
    if let Some(member) = members.into_iter().find(|member| !["desired", "live", "manager"].contains(&member.as_str())) {
        return Err(Failure::new("Malformed", format!("the request has an unknown member {}", shown(member))));
    }
    let mut desired = object(&request, "desired")?.ok_or_else(|| Failure::new("Malformed", "there is no desired object"))?;
    let live = object(&request, "live")?;
    if live.as_ref().is_some_and(|live| identity(live) != identity(&desired)) {
        return Err(Failure::new("Unsupported", "desired and live are not the same object"));
    }
    let manager = match at(&request, &["manager"]) {
        Value::Null => names::MANAGER,
        Value::String(manager) if !manager.is_empty() => manager,
        _ => return Err(Failure::new("Malformed", "manager is not a name")),
    };
    let is_secret = group_of(&desired).is_empty() && text(&desired, &["kind"]) == "Secret";
    if is_secret {
        encode_text(&mut desired);
    }
    let live = live.as_ref();
    let mut found = match live {
        Some(live) if is_deleting(live) => Difference::default(),
        live => diff::difference_of_any(&desired, live, manager),
    };
    if is_secret {
        for changes in [&mut found.changes, &mut found.conflicts, &mut found.drift] {
            changes.iter_mut().for_each(mask);
        }
    }
    Ok(answer(&found, verdict(&found, live)))
}

fn answer(found: &Difference, (verb, reason): (Verb, &str)) -> String {
    json_text(&Members(&[
        ("verb", &verb),
        ("reason", &reason),
        ("changes", &found.changes),
        ("conflicts", &found.conflicts),
        ("drift", &found.drift),
        ("replacePaths", &found.replace_paths),
        ("dataLoss", &found.data_loss),
        ("unchangedFields", &found.unchanged_fields),
        ("unknownAfter", &found.unknown_after),
        ("removalsUnknown", &found.removals_unknown),
        ("diagnostics", &found.diagnostics),
    ]))
}

fn verdict(found: &Difference, live: Option<&Value>) -> (Verb, &'static str) {
    match live {
        None => (Verb::Create, "Absent"),
        Some(live) if is_deleting(live) => (Verb::Create, "WaitingForGone"),
        Some(_) if !found.replace_paths.is_empty() => (Verb::Replace, "ImmutableField"),
        Some(_) if !found.changes.is_empty() || found.takes_ownership => (Verb::Update, reason(found)),
        Some(_) => (Verb::Unchanged, ""),
    }
}

fn object(request: &Value, member: &str) -> Result<Option<Value>, Failure> {
    let object = at(request, &[member]);
    if object.is_null() {
        return Ok(None);
    }
    let named = [&["apiVersion"][..], &["kind"], &["metadata", "name"]].into_iter().all(|path| !text(object, path).is_empty());
    match named {
        true => Ok(Some(object.clone())),
        false => Err(Failure::new("Malformed", format!("{member} is not an object with apiVersion, kind and a name"))),
    }
}

/// What makes two objects the same one; the version of its group does not.
fn identity(object: &Value) -> [&str; 4] {
    let metadata = |member| text(object, &["metadata", member]);
    [group_of(object), text(object, &["kind"]), metadata("namespace"), metadata("name")]
}

/// The API server turns `stringData` into `data`, over what is there.
fn encode_text(secret: &mut Value) {
    let Some(Value::Object(texts)) = secret.as_object_mut().and_then(|secret| secret.remove("stringData")) else { return };
    for (name, value) in &texts {
        if let Some(value) = value.as_str() {
            set(secret, &["data", name], base64(value.as_bytes()).into());
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| chunk.get(at).map_or(0, |byte| u32::from(*byte));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for (at, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
            let letter = LETTERS.get(usize::try_from((bits >> shift) & 63).unwrap_or(0));
            out.push(letter.filter(|_| at <= chunk.len()).map_or('=', |letter| char::from(*letter)));
        }
    }
    out
}

/// Equal values get equal masks, so that one sees what moved and not what it says.
fn mask(change: &mut Change) {
    if !matches!(change.path.first(), Some(Step::Field(field)) if field == "data" || field == "stringData") {
        return;
    }
    let differs = change.before != change.after;
    change.before = masked(&change.before);
    change.after = match masked(&change.after) {
        // The mask is short on purpose: nobody shall try passwords against it. So two values may have one.
        Value::String(mask) if differs && change.before == mask => format!("{mask} (another value)").into(),
        after => after,
    };
    change.sensitive = true;
}

fn masked(value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = json_text(value).bytes().fold(0x811c_9dc5, fold);
    format!("(sensitive {:04x})", (hash >> 16) ^ (hash & 0xffff)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("é?>", "w6k/Pg==")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
