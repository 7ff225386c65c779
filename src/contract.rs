//! The functions that cross the border, over JSON text: `wit/planner.wit` in Rust. Every skin (component, npm, `text`) calls these.

use crate::crd;
use crate::diagnostic::{Diagnostic, Failure, shown};
use crate::files;
use crate::gates::Outcome;
use crate::json::{self, Limits};
use crate::kinds::{API, Key, Kind};
use crate::list::Listed;
use crate::observation::{self, Observation, at};
use crate::plan::{self, COMPONENT};
use crate::policy::Policy;
use crate::reconcile::{self, Decision, Desired};
use crate::references;
use crate::request;
use crate::requirements;
use crate::table::Table;
use crate::validate as rules;
use crate::written::{Members, Written, json as json_text};
use crate::{forecast as rounds, metacontroller, pair};
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

pub use crate::admission::review;
pub use crate::metacontroller::{HostInput, Reply, customize, decorate, finalize, sync};

/// An object that should exist, as far as Modelwright means it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// As in the object, for example `apps/v1`.
    pub api: String,
    /// As in the object.
    pub kind: String,
    /// Empty for a cluster-scoped object.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The object as JSON.
    pub json: String,
}

/// What one custom resource needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `apply` or `hold`.
    pub outcome: String,
    /// What should exist now; empty on `hold`.
    pub children: Vec<Child>,
    /// The plan (`plan/v1`) as JSON.
    pub plan: String,
    /// The status as JSON.
    pub status: String,
    /// All findings at once.
    pub diagnostics: Vec<Diagnostic>,
}

/// JSON text or the host's mistake.
pub type Document = Result<String, Failure>;

/// Version of the contract: that of the WIT package.
pub const CONTRACT: &str = "0.1.0";

/// One custom resource and what was observed → what it needs.
pub fn reconcile(observation: &str) -> Result<Answer, Failure> {
    let (seen, key) = Observation::of_one(observation, &Limits::DEFAULT)?;
    answer(&seen, &key)
}

fn answer(seen: &Observation, key: &Key) -> Result<Answer, Failure> {
    let references = references::resolve(seen);
    let decision = reconcile::decide(key, &references, seen)
        .ok_or_else(|| Failure::new("Unsupported", "the parent is not among the observed objects"))?;
    let subject = plan::subject(&decision);
    let held = matches!(decision.outcome, Outcome::Hold | Outcome::Keep);
    let children = decision.desired.iter().map(child).listed();
    let status = json_text(&decision.status);
    let plan = plan::plan(seen, &mut core::iter::once(decision), Some(subject));
    Ok(Answer {
        outcome: if held { "hold" } else { "apply" }.into(),
        children,
        plan: json_text(&plan),
        status,
        diagnostics: plan.diagnostics,
    })
}

fn child(desired: &Desired) -> Child {
    let Key { kind, namespace, name } = &desired.key;
    Child {
        api: kind.api(),
        kind: kind.name().into(),
        namespace: namespace.clone(),
        name: name.clone(),
        json: json_text(&desired.body),
    }
}

/// A whole set → one plan.
pub fn plan(observation: &str) -> Document {
    let seen = files::observe(observation, &Limits::DEFAULT)?;
    Ok(json_text(&rounds::plan_of(&seen)))
}

/// A whole set → the rounds of its roll-out on a simulated cluster.
pub fn forecast(observation: &str) -> Document {
    Ok(json_text(&rounds::forecast(files::observe(observation, &Limits::DEFAULT)?)))
}

/// A whole set → the desired children as a JSON list; `{"all": true}` in the input ignores gates.
pub fn render(observation: &str) -> Document {
    let seen = files::observe(observation, &Limits::DEFAULT)?;
    let references = references::resolve(&seen);
    let desired = |key: &Key| -> Vec<Desired> {
        if seen.all {
            return reconcile::everything(key, &references, &seen);
        }
        reconcile::decide(key, &references, &seen).map(|decision: Decision| decision.desired).unwrap_or_default()
    };
    let mut children: Table<Value> = Table::default();
    for child in references::concerned(&seen, &references).iter().flat_map(desired) {
        children.insert(child.key, child.body);
    }
    Ok(json_text(&children.into_rows()))
}

/// One custom resource → what a host must read.
pub fn requirements(parent: &str) -> Document {
    let (key, parent) = custom_resource(&json::parse(parent, &Limits::DEFAULT)?)?;
    let mut selectors = requirements::requirements(&key, &parent);
    selectors.push(requirements::controllers());
    Ok(json_text(&selectors))
}

/// Every violation of one custom resource; `old` is the object before an edit, or empty.
pub fn validate(object: &str, old: &str) -> Result<Vec<Diagnostic>, Failure> {
    let object = json::parse(object, &Limits::DEFAULT)?;
    let old = if old.is_empty() { None } else { Some(json::parse(old, &Limits::DEFAULT)?) };
    let Some(kind) = Kind::of_object(&object).filter(|kind| kind.is_parent()) else {
        return Err(Failure::new("Unsupported", format!("only kinds of {API} can be validated")));
    };
    Ok(rules::any(kind, &object, old.as_ref(), &Policy::permissive()))
}

/// The CustomResourceDefinitions as a JSON list.
pub fn schemas() -> String {
    crd::CRDS.into()
}

/// Version, contract version, limits, digest of the rules.
pub fn info() -> String {
    let limits = Limits::DEFAULT;
    let limits: &[(&str, &dyn Written)] = &[("bytes", &limits.bytes), ("depth", &limits.depth), ("values", &limits.values)];
    json_text(&Members(&[
        ("api", &API),
        ("contract", &CONTRACT),
        ("limits", &Members(limits)),
        ("name", &COMPONENT.name),
        ("profiles", &crate::profile::names()),
        ("rules", &RULES),
        ("version", &COMPONENT.version),
    ]))
}

/// Digest of the sources of the core (FNV-1a, 128 bits): two builds with equal rules say so. Made by `build.rs`.
pub const RULES: &str = env!("MODELWRIGHT_RULES");

/// The requests that create a custom resource: `{requests, diagnostics}`; no request when a diagnostic is an error.
pub fn create(object: &str) -> Document {
    let (key, object) = custom_resource(&json::parse(object, &Limits::DEFAULT)?)?;
    let found = rules::any(key.kind, &object, None, &Policy::permissive());
    requests(found, || request::create_resource(&key, &object, crate::names::MANAGER))
}

/// The requests that update a custom resource, given `{object, observed}`: `{requests, diagnostics}`.
pub fn update(change: &str) -> Document {
    let change = json::parse(change, &Limits::DEFAULT)?;
    let (key, object) = custom_resource(at(&change, &["object"]))?;
    let (observed_key, observed) = custom_resource(at(&change, &["observed"]))?;
    if key != observed_key {
        let message = format!("{} and {} are not the same object", key.label(), observed_key.label());
        return Err(Failure::new("Unsupported", message));
    }
    let found = rules::any(key.kind, &object, Some(&observed), &Policy::permissive());
    requests(found, || request::update_resource(&key, &object, &observed, crate::names::MANAGER))
}

/// The requests that delete an observed custom resource: `{requests, diagnostics}`.
pub fn delete(observed: &str) -> Document {
    let (key, observed) = custom_resource(&json::parse(observed, &Limits::DEFAULT)?)?;
    requests(Vec::new(), || request::delete(&key, &request::guard(&observed), false))
}

fn requests(diagnostics: Vec<Diagnostic>, request: impl FnOnce() -> plan::Request) -> Document {
    let refused = diagnostics.iter().any(Diagnostic::is_error);
    let requests = if refused { Vec::new() } else { vec![request()] };
    Ok(json_text(&Members(&[("diagnostics", &sorted(&diagnostics)), ("requests", &sorted(&requests))])))
}

fn custom_resource(object: &Value) -> Result<(Key, Value), Failure> {
    match observation::key_of(object).filter(|key| key.kind.is_parent()) {
        Some(key) => Ok((key, object.clone())),
        None => Err(Failure::new("Unsupported", "not a Model, EndpointConfig or Endpoint with a name")),
    }
}

/// The dependants of a new custom resource. Reconciling is level-triggered: what must happen depends on what was observed alone.
pub fn create_handler(observation: &str) -> Result<Answer, Failure> {
    reconcile(observation)
}

/// The dependants of a changed custom resource.
pub fn update_handler(observation: &str) -> Result<Answer, Failure> {
    reconcile(observation)
}

/// The dependants of a custom resource that is being deleted, whether or not its deletion was observed.
pub fn delete_handler(observation: &str) -> Result<Answer, Failure> {
    let (mut seen, key) = Observation::of_one(observation, &Limits::DEFAULT)?;
    seen.finalize(&key);
    answer(&seen, &key)
}

/// A part of an answer whose members are sorted by name, as they have always been in these answers.
fn sorted(part: &dyn Written) -> Value {
    json::inner(&json_text(part)).unwrap_or_default()
}

/// Everything as one function over text: `{"ok": …}` or `{"failure": {"code", "diagnostics"}}`.
pub fn call(operation: &str, request: &str) -> String {
    match dispatch(operation, request) {
        Ok(result) => format!("{{\"ok\":{result}}}"),
        Err(failure) => json_text(&Members(&[("failure", &sorted(&failure))])),
    }
}

fn dispatch(operation: &str, request: &str) -> Document {
    match operation {
        "plan" => plan(request),
        "forecast" => forecast(request),
        "diff" => pair::diff(request),
        "render" => render(request),
        "requirements" => requirements(request),
        "schemas" => Ok(schemas()),
        "info" => Ok(info()),
        "create" => create(request),
        "update" => update(request),
        "delete" => delete(request),
        "validate" => {
            let (object, old) = validate_request(request)?;
            Ok(json_text(&validate(&object, &old)?))
        }
        "reconcile" => answer_text(reconcile(request)?),
        "create-handler" => answer_text(create_handler(request)?),
        "update-handler" => answer_text(update_handler(request)?),
        "delete-handler" => answer_text(delete_handler(request)?),
        "sync" | "finalize" | "customize" | "decorate" | "review" => hook(operation, request),
        _ => Err(Failure::new("Unsupported", format!("there is no operation {}", shown(operation)))),
    }
}

/// `{object, old}`, or the object alone.
fn validate_request(request: &str) -> Result<(String, String), Failure> {
    let value = json::parse(request, &Limits::DEFAULT)?;
    if value.get("object").is_none() {
        return Ok((request.into(), String::new()));
    }
    let old = at(&value, &["old"]);
    Ok((json_text(at(&value, &["object"])), if old.is_null() { String::new() } else { json_text(old) }))
}

/// An answer with its parts as JSON instead of JSON in strings.
fn answer_text(answer: Answer) -> Document {
    let children: Vec<&str> = answer.children.iter().map(|child| child.json.as_str()).listed();
    let diagnostics = json_text(&answer.diagnostics);
    Ok(format!(
        "{{\"outcome\":\"{}\",\"children\":[{}],\"plan\":{},\"status\":{},\"diagnostics\":{diagnostics}}}",
        answer.outcome,
        children.join(","),
        answer.plan,
        answer.status
    ))
}

/// `{host: {now, policy}, request}` → `{code, body}`.
fn hook(operation: &str, request: &str) -> Document {
    let value = json::parse(request, &Limits::DEFAULT)?;
    let policy = at(&value, &["host", "policy"]);
    let host = HostInput {
        now: observation::text(&value, &["host", "now"]).into(),
        // As an object, or as the text that the typed function takes.
        policy: match policy {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            object => json_text(object),
        },
    };
    let body = json_text(at(&value, &["request"]));
    let reply = match operation {
        "sync" => metacontroller::sync(&host, &body),
        "finalize" => metacontroller::finalize(&host, &body),
        "customize" => metacontroller::customize(&host, &body),
        "review" => review(&host, &body),
        _ => metacontroller::decorate(&host, &body),
    };
    let body = json::inner(&reply.body).unwrap_or(Value::String(reply.body));
    Ok(json_text(&Members(&[("body", &body), ("code", &reply.code)])))
}
