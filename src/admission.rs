//! Admission: an AdmissionReview of the API server in, one with the verdict out.
//!
//! Wire format: <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>. A custom resource is judged
//! alone, with the one before it: what it names may come later, so nothing that is missing denies it. What an edit will do is said in
//! warnings, as far as the two of them tell.

use crate::children::{self, ModelParts};
use crate::diagnostic::{Diagnostic, shown};
use crate::json::{self, Limits, tree};
use crate::kinds::Kind;
use crate::list::{AddAll, Listed};
use crate::metacontroller::{HostInput, Reply, policy_of, refused};
use crate::observation::{at, is_deleting, set, text};
use crate::policy::Policy;
use crate::profile::Profile;
use crate::validate::{self, Endpoint, EndpointConfig, Figures, Model, Variant, structure};
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;
use serde_json::Value;

/// The version of the wire format.
const API: &str = "admission.k8s.io/v1";
/// The API server cuts longer warnings (`apiserver/pkg/endpoints/filters/warning.go`).
const LONGEST_WARNING: usize = 256;

/// A create or update that is judged.
struct Edit<'a> {
    kind: Kind,
    object: &'a Value,
    /// Absent in a create.
    old: Option<&'a Value>,
}

/// What an edit does, in sentences.
#[derive(Default)]
struct Effects {
    lines: Vec<String>,
    /// Whether pods may be replaced.
    restarts: bool,
}

/// The validating webhook of the three kinds.
pub fn review(host: &HostInput, request: &str) -> Reply {
    reviewed(host, request).unwrap_or_else(|reply| reply)
}

fn reviewed(host: &HostInput, request: &str) -> Result<Reply, Reply> {
    let policy = policy_of(host)?;
    let review = json::parse(request, &Limits::DEFAULT).map_err(refused)?;
    let asked = at(&review, &["request"]);
    let uid = text(asked, &["uid"]);
    if text(&review, &["apiVersion"]) != API || text(&review, &["kind"]) != "AdmissionReview" || uid.is_empty() {
        return Err(Reply::sentence(400, format!("the request is not an AdmissionReview of {API} with a uid")));
    }
    let mut response = match edit(asked)? {
        Some(edit) => judged(&edit, &policy),
        None => allowed(Vec::new()),
    };
    set(&mut response, &["uid"], uid.into());
    Ok(Reply::ok(&tree(&mut [("apiVersion", API.into()), ("kind", "AdmissionReview".into()), ("response", response)])))
}

/// What is to be judged: `None` is allowed as it is. What is being deleted must be able to go, and what says the same as before is not
/// the mistake of this request.
fn edit(asked: &Value) -> Result<Option<Edit<'_>>, Reply> {
    let operation = text(asked, &["operation"]);
    if !["CREATE", "UPDATE"].contains(&operation) || !text(asked, &["subResource"]).is_empty() {
        return Ok(None);
    }
    let object = at(asked, &["object"]);
    let old = (operation == "UPDATE").then(|| at(asked, &["oldObject"]));
    if !object.is_object() || old.is_some_and(|old| !old.is_object()) {
        return Err(Reply::sentence(400, format!("the {operation} of the AdmissionReview lacks an object")));
    }
    let same = old.is_some_and(|old| at(old, &["spec"]) == at(object, &["spec"]));
    let kind = Kind::of_object(object).filter(|kind| kind.is_parent() && !same && !is_deleting(object));
    Ok(kind.map(|kind| Edit { kind, object, old }))
}

fn judged(edit: &Edit, policy: &Policy) -> Value {
    let found = validate::any(edit.kind, edit.object, edit.old, policy);
    let (errors, others): (Vec<Diagnostic>, Vec<Diagnostic>) = found.into_iter().partition(Diagnostic::is_error);
    let mut warnings: Vec<String> = others.iter().map(located).listed();
    if !errors.is_empty() {
        return denied(edit, &errors, warnings);
    }
    if let Some(old) = edit.old {
        warnings.add_all(effects(edit, old, policy).sentences());
    }
    allowed(warnings)
}

fn allowed(warnings: Vec<String>) -> Value {
    verdict(true, warnings)
}

/// Clients show the causes of what is invalid one by one, and others the message.
fn denied(edit: &Edit, errors: &[Diagnostic], warnings: Vec<String>) -> Value {
    let name = text(edit.object, &["metadata", "name"]);
    let messages = errors.iter().map(located).listed().join("; ");
    let message = format!("{}.{} {} is invalid: {messages}", edit.kind.name(), edit.kind.group(), shown(name));
    let details = tree(&mut [
        ("group", edit.kind.group().into()),
        ("kind", edit.kind.name().into()),
        ("name", name.into()),
        ("causes", Value::Array(errors.iter().map(cause).listed())),
    ]);
    let status = tree(&mut [
        ("status", "Failure".into()),
        ("code", 422.into()),
        ("reason", "Invalid".into()),
        ("message", message.into()),
        ("details", details),
    ]);
    let mut response = verdict(false, warnings);
    set(&mut response, &["status"], status);
    response
}

fn verdict(allowed: bool, warnings: Vec<String>) -> Value {
    let mut response = tree(&mut [("allowed", allowed.into())]);
    if !warnings.is_empty() {
        set(&mut response, &["warnings"], Value::Array(warnings.iter().map(|warning| clipped(warning).into()).listed()));
    }
    response
}

fn cause(found: &Diagnostic) -> Value {
    tree(&mut [("reason", found.code.as_str().into()), ("message", sentence(found).into()), ("field", field(found).into())])
}

/// The field as API servers write it: `spec.models[0].weight`.
fn field(found: &Diagnostic) -> String {
    let prefix = if found.path.starts_with("/spec/") { "spec." } else { "" };
    format!("{prefix}{}", structure::name(&found.path))
}

fn located(found: &Diagnostic) -> String {
    let field = field(found);
    if field.is_empty() { sentence(found) } else { format!("{field}: {}", sentence(found)) }
}

fn sentence(found: &Diagnostic) -> String {
    if found.help.is_empty() { found.message.clone() } else { format!("{} ({})", found.message, found.help) }
}

fn clipped(warning: &str) -> String {
    let mut clipped: String = warning.chars().take(LONGEST_WARNING).collect();
    if clipped.len() < warning.len() {
        clipped.pop();
        clipped.push('…');
    }
    clipped
}

impl Effects {
    fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    fn restart(&mut self, line: String) {
        self.restarts = true;
        self.lines.push(line);
    }

    fn sentences(self) -> Vec<String> {
        let end = if self.restarts { "" } else { ", no restarts" };
        self.lines.into_iter().map(|line| format!("{line}{end}")).listed()
    }
}

/// What an edit does; the new one is valid.
fn effects(edit: &Edit, old: &Value, policy: &Policy) -> Effects {
    let mut effects = Effects::default();
    let known = match edit.kind {
        Kind::Model => {
            let (old, new) = (validate::model(old, &Policy::permissive()), validate::model(edit.object, policy));
            old.value.zip(new.value).map(|(old, new)| of_model(&old, &new, policy, &mut effects))
        }
        Kind::EndpointConfig => {
            let (old, new) = (validate::endpoint_config(old), validate::endpoint_config(edit.object));
            old.value.zip(new.value).map(|(old, new)| of_config(&old, &new, &mut effects))
        }
        _ => {
            let (old, new) = (validate::endpoint(old), validate::endpoint(edit.object));
            old.value.zip(new.value).map(|(old, new)| of_endpoint(&old, &new, &mut effects))
        }
    };
    if known.is_none() {
        effects.restart("ends its hold: it was invalid before".into());
    } else if effects.lines.is_empty() {
        effects.say("changes nothing that runs".into());
    }
    effects
}

/// Its own figures count only where no EndpointConfig says otherwise.
fn of_model(old: &Model, new: &Model, policy: &Policy, effects: &mut Effects) {
    let before = rendered(old, &old.figures, policy);
    let with_old_figures = template(&rendered(new, &old.figures, policy));
    let after = rendered(new, &new.figures, policy);
    let name = &new.meta.name;
    let roll = match validate::shared(&new.storage) {
        Some(false) => format!("restarts Deployment {name}: its pods stop before new ones start"),
        _ => format!("rolls Deployment {name}"),
    };
    if template(&before) != with_old_figures {
        effects.restart(roll);
    } else if with_old_figures != template(&after) {
        effects.restart(format!("{roll}, unless an EndpointConfig gives its figures"));
    }
    let (few, many) = (old.figures.instances, new.figures.instances);
    if few != many {
        effects.say(format!("scales Deployment {name} from {few} to {many} unless an EndpointConfig says how many"));
    }
    let size = |children: &[Value]| {
        let claim = of_kind(children, Kind::PersistentVolumeClaim);
        claim.map(|claim| text(claim, &["spec", "resources", "requests", "storage"]).to_owned())
    };
    let (small, large) = (size(&before), size(&after));
    if let Some(large) = large.filter(|large| small.as_ref() != Some(large)) {
        effects.say(format!("grows PersistentVolumeClaim {name} to {large}"));
    }
}

fn rendered(model: &Model, figures: &Figures, policy: &Policy) -> Vec<Value> {
    let profile = model.profile.as_deref().and_then(Profile::by_name).unwrap_or_else(Profile::newest);
    children::of_model(&ModelParts { model, figures, shared: true, profile: &profile, images: &policy.images })
}

fn of_kind(children: &[Value], kind: Kind) -> Option<&Value> {
    children.iter().find(|child| Kind::of_object(child) == Some(kind))
}

fn template(children: &[Value]) -> Value {
    of_kind(children, Kind::Deployment).map(|deployment| at(deployment, &["spec", "template"]).clone()).unwrap_or_default()
}

fn of_config(old: &EndpointConfig, new: &EndpointConfig, effects: &mut Effects) {
    let models = |config: &EndpointConfig| config.variants.iter().map(|variant| variant.model.clone()).listed();
    let named = models(old) != models(new);
    let (before, after) = (weights(&old.variants, named), weights(&new.variants, named));
    if before != after {
        effects.say(format!("weights {before} → {after}"));
    }
    let slower = old.timeout_seconds != new.timeout_seconds;
    for variant in &new.variants {
        match old.variants.iter().find(|known| known.model == variant.model) {
            Some(known) => of_variant(known, variant, slower, effects),
            // It takes the figures of this config, which nobody has compared with those that it has.
            None => effects.restarts = true,
        }
    }
    let dropped = |known: &Variant| !new.variants.iter().any(|variant| variant.model == known.model);
    effects.restarts |= old.variants.iter().any(dropped);
    let routes = |config: &EndpointConfig| children::routes("", &config.variants, config.timeout_seconds);
    if effects.lines.is_empty() && routes(old) != routes(new) {
        effects.say("changes its routes".into());
    }
}

/// `90/10`; with the names of the Models where they are not the same ones in the same order.
fn weights(variants: &[Variant], named: bool) -> String {
    let weight = |variant: &Variant| match named {
        true => format!("{} {}", variant.model, variant.weight),
        false => variant.weight.to_string(),
    };
    variants.iter().map(weight).listed().join(if named { ", " } else { "/" })
}

fn of_variant(old: &Variant, new: &Variant, slower: bool, effects: &mut Effects) {
    if slower || old.cpus != new.cpus || old.memory != new.memory {
        effects.restart(format!("rolls Deployment {}", new.model));
    }
    if old.instances != new.instances {
        let (few, many) = (instances(old), instances(new));
        effects.say(format!("scales Deployment {} from {few} to {many}", new.model));
    }
}

fn instances(variant: &Variant) -> String {
    variant.instances.as_ref().map_or_else(|| "the Model's own".into(), u32::to_string)
}

fn of_endpoint(old: &Endpoint, new: &Endpoint, effects: &mut Effects) {
    let mut moved = |what: &str, from: &dyn Display, to: &dyn Display| effects.say(format!("{what} {from} → {to}"));
    if old.host != new.host {
        moved("host", &old.host, &new.host);
    }
    if old.config != new.config {
        moved("EndpointConfig", &old.config, &format!("{} once its Models are available", new.config));
    }
    if old.host == new.host && children::gateway(old) != children::gateway(new) {
        effects.say(format!("updates Gateway {}", new.meta.name));
    }
}
