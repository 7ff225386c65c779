//! A rehearsal: the API server does with every request of a plan what it would do, but stores nothing. What it says is compared with what
//! the plan says.

use super::work::{Action, Work};
use crate::cluster::Cluster;
use crate::cluster::call::refused;
use crate::cluster::observe::Observed;
use crate::commands::request::Session;
use crate::compare::{Difference, missing, unforeseen};
use crate::component;
use crate::format::{Change, Plan};
use crate::stop::{FINE, INVALID, Stop};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Requests that are under way at once.
const AT_ONCE: usize = 16;
const MERGE_PATCH: &str = "application/merge-patch+json";

/// What an API server says to a plan.
#[derive(Debug, Serialize)]
pub struct Rehearsal {
    /// One for each request, in the order of the plan.
    pub trials: Vec<Trial>,
    /// What could not be asked.
    pub unasked: Vec<Unasked>,
}

/// What it says to one request.
#[derive(Debug, Default, Serialize)]
pub struct Trial {
    /// The object's id.
    pub object: String,
    /// What is done to it.
    pub verb: String,
    /// Why it is refused; nothing where it is not.
    pub refusal: Option<String>,
    /// What the server warns of.
    pub warnings: Vec<String>,
    /// Fields that it would not make as they were asked.
    pub missing: Vec<Difference>,
    /// Fields that would change though the plan does not say so.
    pub unforeseen: Vec<Difference>,
}

/// Something that could not be asked.
#[derive(Debug, Serialize)]
pub struct Unasked {
    /// The object's id.
    pub object: String,
    /// Why.
    pub why: String,
}

impl Trial {
    /// Whether the server does what the plan says.
    pub fn agrees(&self) -> bool {
        self.refusal.is_none() && self.missing.is_empty() && self.unforeseen.is_empty()
    }
}

impl Rehearsal {
    /// The exit code.
    pub fn code(&self) -> u8 {
        if self.trials.iter().any(|trial| trial.refusal.is_some()) { INVALID } else { FINE }
    }

    /// A plan with the rehearsal as its member `serverDryRun`.
    pub fn within(&self, plan: &str) -> String {
        let rehearsal = serde_json::to_string(self).unwrap_or_else(|_| "null".into());
        match plan.strip_prefix('{') {
            Some(rest) => format!(r#"{{"serverDryRun":{rehearsal},{rest}"#),
            None => plan.into(),
        }
    }
}

/// Has every request of a plan tried.
pub fn rehearse(session: &Session, observed: &Observed, document: &str) -> Result<Rehearsal, Stop> {
    let plan: Plan = component::typed(document)?;
    let work = Work::of(document)?;
    let objects = by_id(observed)?;
    let changes: BTreeMap<&str, &[Change]> =
        plan.objects.iter().map(|object| (object.id.as_str(), object.changes.as_slice())).collect();
    let deleted: BTreeSet<&str> =
        work.actions.iter().filter(|action| is_delete(action)).map(|action| action.object.as_str()).collect();
    // It would be held against the object that is still there.
    let (later, now): (Vec<&Action>, Vec<&Action>) =
        work.actions.iter().partition(|action| !is_delete(action) && deleted.contains(action.object.as_str()));
    let calls = now.into_iter().map(|action| {
        let foreseen = changes.get(action.object.as_str()).copied().unwrap_or_default();
        attempt(&session.cluster, action, objects.get(&action.object), foreseen)
    });
    let calls: Vec<_> = calls.collect();
    let trials = session.runtime.block_on(stream::iter(calls).buffered(AT_ONCE).try_collect())?;
    let replaced = later
        .iter()
        .map(|action| Unasked { object: action.object.clone(), why: "the object that it replaces is still there".into() });
    let waiting = work.waiting.iter().map(|one| Unasked {
        object: one.object.clone(),
        why: if one.gate == "owner" { "its owner does not exist yet".into() } else { format!("it waits ({})", one.gate) },
    });
    Ok(Rehearsal { trials, unasked: replaced.chain(waiting).collect() })
}

async fn attempt(cluster: &Cluster, action: &Action, observed: Option<&Value>, foreseen: &[Change]) -> Result<Trial, Stop> {
    let answer = cluster.call(&action.request.dry()).await?;
    let mut trial =
        Trial { object: action.object.clone(), verb: action.verb.clone(), warnings: answer.warnings.clone(), ..Trial::default() };
    if !answer.is_fine() && !action.expect.gone.contains(&answer.code) {
        trial.refusal = Some(match answer.code {
            403 => refused(&action.request, &answer).message,
            _ => answer.message(),
        });
    } else if !is_delete(action) {
        let asked: Value = component::typed(action.request.body.get())?;
        let got: Value = component::typed(&answer.body)?;
        trial.missing = missing(&asked, &got);
        if let Some(observed) = observed {
            // A merge patch says by itself what it changes; an apply names every field that is meant.
            let patched = if action.request.content_type == MERGE_PATCH { named(&asked) } else { Vec::new() };
            let foreseen: Vec<Change> = foreseen.iter().cloned().chain(patched).collect();
            trial.unforeseen = unforeseen(observed, &got, &foreseen);
            // Those that are not as they were asked have been said.
            trial.unforeseen.retain(|field| trial.missing.iter().all(|said| said.path != field.path));
        }
    }
    Ok(trial)
}

/// The fields that a merge patch names, as changes.
fn named(patch: &Value) -> Vec<Change> {
    let Value::Object(members) = patch else { return vec![Change::default()] };
    let below = |(name, value): (&String, &Value)| {
        let name = Value::from(name.as_str());
        named(value)
            .into_iter()
            .map(move |change| Change { path: std::iter::once(name.clone()).chain(change.path).collect(), ..Change::default() })
    };
    members.iter().flat_map(below).collect()
}

fn is_delete(action: &Action) -> bool {
    action.request.method == "DELETE"
}

fn by_id(observed: &Observed) -> Result<BTreeMap<String, Value>, Stop> {
    let objects: Vec<Value> = component::typed(&observed.objects)?;
    let text = |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
    let id = |object: &Value| {
        ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"].map(|pointer| text(object, pointer)).join("|")
    };
    Ok(objects.into_iter().map(|object| (id(&object), object)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_says_what_it_changes() {
        let patch = serde_json::json!({"metadata": {"finalizers": [], "labels": {"a": null}}});
        let paths: Vec<String> = named(&patch).into_iter().map(|change| Value::Array(change.path).to_string()).collect();
        assert_eq!(paths, [r#"["metadata","finalizers"]"#, r#"["metadata","labels","a"]"#]);
    }

    #[test]
    fn a_plan_with_a_rehearsal_is_a_plan() {
        let trial = Trial { object: "v1|Service|a|b".into(), refusal: Some("no".into()), ..Trial::default() };
        let rehearsal = Rehearsal { trials: vec![trial], unasked: Vec::new() };
        let plan: Value = serde_json::from_str(&rehearsal.within(r#"{"formatVersion":"1.0"}"#)).expect("JSON");
        assert_eq!((&plan["formatVersion"], &plan["serverDryRun"]["trials"][0]["refusal"]), (&"1.0".into(), &"no".into()));
        assert_eq!(rehearsal.code(), INVALID);
    }
}
