//! The status of the three kinds: what was observed, as conditions; never what was just planned.
//!
//! Conditions follow <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md>.

use crate::children;
use crate::diagnostic::{Diagnostic, shown};
use crate::gates::{self, Availability, ModelGate, Outcome};
use crate::json::{texts, tree};
use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::names;
use crate::observation::{Observation, at, is_controlled_by, items, text};
use crate::plan::Waiting;
use crate::references::{References, Routes};
use crate::since::{Since, is_first_roll_out};
use crate::validate::{Checked, Endpoint, EndpointConfig, Model, Storage};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// Longest message of a condition, in characters.
const MESSAGE_CHARACTERS: usize = 1024;

/// A condition without its times.
struct Condition {
    kind: &'static str,
    status: &'static str,
    reason: String,
    message: String,
}

impl Condition {
    fn new(kind: &'static str, holds: bool, reason: &str, message: impl Into<String>) -> Self {
        let status = if holds { "True" } else { "False" };
        Self { kind, status, reason: reason.into(), message: clipped(message.into()) }
    }

    fn unknown(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self { kind, status: "Unknown", reason: reason.into(), message: clipped(message.into()) }
    }

    fn holds(&self) -> bool {
        self.status == "True"
    }
}

/// When what was observed came about.
struct Times<'a> {
    /// The custom resource itself.
    own: Since<'a>,
    /// The last of the facts that make it ready.
    ready: Since<'a>,
    /// The last of the facts that make it not ready.
    unready: Since<'a>,
}

impl<'a> Times<'a> {
    fn of(key: &Key, seen: &'a Observation) -> Self {
        let mut own = Since::default();
        if let Some(object) = seen.objects.get(key) {
            own.spec(object);
        }
        Self { own, ready: own, unready: own }
    }

    fn deployment(&mut self, namespace: &str, name: &str, seen: &'a Observation) {
        if let Some(deployment) = seen.get(Kind::Deployment, namespace, name) {
            self.ready.roll_out(deployment);
            self.unready.unavailable(deployment);
        }
    }

    /// What makes it ready once it is as it should be.
    fn dependant(&mut self, kind: Kind, namespace: &str, name: &str, seen: &'a Observation) {
        if let Some(dependant) = seen.get(kind, namespace, name) {
            self.ready.spec(dependant);
        }
    }

    /// What can make it ready and not ready.
    fn reference(&mut self, kind: Kind, namespace: &str, name: &str, seen: &'a Observation) {
        if let Some(object) = seen.get(kind, namespace, name) {
            self.ready.spec(object);
            self.unready.spec(object);
        }
    }

    fn when(&self, condition: &Condition) -> &'a str {
        match (condition.kind, condition.holds()) {
            // What is accepted was decided by the custom resource alone.
            ("Accepted", true) => self.own.time(),
            ("Ready", true) | ("Progressing", false) => self.ready.time(),
            _ => self.unready.time(),
        }
    }
}

fn clipped(message: String) -> String {
    match message.char_indices().nth(MESSAGE_CHARACTERS) {
        None => message,
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or("")),
    }
}

/// Status of a Model.
pub fn of_model(
    key: &Key,
    checked: &Checked<Model>,
    gate: &ModelGate,
    diagnostics: &[Diagnostic],
    references: &References,
    seen: &Observation,
) -> Value {
    let deployment = seen
        .get(Kind::Deployment, &key.namespace, &key.name)
        .filter(|deployment| is_controlled_by(deployment, &checked.meta.uid));
    let availability = gates::availability(key, references, seen);
    let accepted = accepted(diagnostics, &gate.waiting);
    let failure = deployment.and_then(deadline_exceeded);
    let unknown = unreadable(key, &[Kind::Deployment], seen);
    let ready = match (&failure, availability.current) {
        _ if unknown.is_some() && !checked.meta.deleting => nobody_knows(unknown),
        _ if checked.meta.deleting => Condition::new("Ready", false, "Deleting", deleting_message(gate.outcome, &gate.waiting)),
        (_, true) => Condition::new("Ready", true, "Available", availability.facts.clone()),
        _ if availability.idle => Condition::new("Ready", true, "ScaledToZero", "no instances are wanted"),
        (Some(message), false) => Condition::new("Ready", false, "ProgressDeadlineExceeded", message.clone()),
        // Nothing is made for it, so there is nothing to wait for.
        (None, false) if deployment.is_none() && !accepted.holds() => {
            Condition::new("Ready", false, &accepted.reason, accepted.message.clone())
        }
        (None, false) => Condition::new("Ready", false, "WaitingForPods", waits_for_pods(key, checked, &availability)),
    };
    let settled = availability.current || availability.idle || failure.is_some() || !accepted.holds();
    let progressing = progressing(!settled && !checked.meta.deleting, &ready);
    let state = match () {
        () if checked.meta.deleting => "deleting",
        () if ready.status == "Unknown" => as_before(key, seen),
        () if accepted.status == "False" || failure.is_some() => "failed",
        () if availability.current || availability.idle => "available",
        () if availability.available > 0 => "updating",
        () => "creating",
    };
    let mut status = head(checked.meta.generation, state);
    // That a new Deployment is there by now would be one more write for each Model.
    let made = deployment.filter(|deployment| !is_first_roll_out(deployment));
    let profile = made.map_or("", |deployment| text(deployment, &["metadata", "annotations", names::PROFILE]));
    if !profile.is_empty() {
        status.insert("profile".into(), profile.into());
    }
    if deployment.is_some() || gate.outcome == Outcome::Apply {
        status.insert("replicas".into(), availability.wanted.into());
        status.insert("availableReplicas".into(), availability.available.into());
    }
    let mut times = Times::of(key, seen);
    times.deployment(&key.namespace, &key.name, seen);
    finish(status, vec![accepted, ready, progressing], key, checked.meta.generation, &times, seen)
}

/// A volume that is not there is nothing that a Deployment says, and under Metacontroller another hook makes it: so it is named as long as
/// no Pod is available.
fn waits_for_pods(key: &Key, checked: &Checked<Model>, availability: &Availability) -> String {
    let facts = &availability.facts;
    match checked.value.as_ref().map(|model| &model.storage) {
        Some(Storage::Claim { volume, .. }) if volume.is_static() && availability.available == 0 && availability.wanted > 0 => {
            format!("{facts}; its Pods mount PersistentVolume {}", names::volume(&key.namespace, &key.name))
        }
        _ => facts.clone(),
    }
}

/// The message of a Deployment that gave up.
fn deadline_exceeded(deployment: &Value) -> Option<String> {
    items(deployment, &["status", "conditions"])
        .iter()
        .find(|condition| {
            text(condition, &["type"]) == "Progressing" && text(condition, &["reason"]) == "ProgressDeadlineExceeded"
        })
        .map(|condition| text(condition, &["message"]).to_owned())
}

/// What is known about an EndpointConfig besides what was observed.
pub struct ConfigFacts<'a> {
    /// No Endpoint names it.
    pub unnamed: bool,
    /// What happens to its VirtualService.
    pub outcome: Outcome,
    /// All findings.
    pub diagnostics: &'a [Diagnostic],
    /// What is held back.
    pub waiting: &'a [Waiting],
}

/// Status of an EndpointConfig.
pub fn of_config(
    key: &Key,
    checked: &Checked<EndpointConfig>,
    facts: &ConfigFacts,
    references: &References,
    seen: &Observation,
) -> Value {
    let routes = observed_routes(key, &checked.meta.uid, references, seen);
    let accepted = accepted(facts.diagnostics, facts.waiting);
    let ready = match unreadable(key, &[Kind::VirtualService], seen) {
        unknown @ Some(_) if !checked.meta.deleting => nobody_knows(unknown),
        _ => config_ready(key, checked, facts, routes, references, seen),
    };
    let pending = !ready.holds() && accepted.holds() && !facts.unnamed && !checked.meta.deleting;
    let progressing = progressing(pending, &ready);
    let state = match () {
        () if checked.meta.deleting => "deleting",
        () if ready.status == "Unknown" => as_before(key, seen),
        () if accepted.status == "False" => "failed",
        () if ready.holds() => "available",
        () if pending && failed_variant(key, checked, seen) => "failed",
        () if routes.is_some() => "updating",
        () => "creating",
    };
    let mut status = head(checked.meta.generation, state);
    if let Some(routes) = routes {
        status.insert("hosts".into(), texts(&routes.hosts));
        let weights = routes
            .weights
            .iter()
            .map(|(model, weight)| tree(&mut [("model", model.name.as_str().into()), ("weight", (*weight).into())]));
        status.insert("routes".into(), Value::Array(weights.listed()));
    }
    if let Some(path) = checked.value.as_ref().and_then(|config| invocations_path(key, config, references, seen)) {
        status.insert("invocationsPath".into(), path.into());
    }
    let mut conditions = vec![accepted, ready, progressing];
    conditions.add_all(figures_condition(facts.diagnostics));
    finish(status, conditions, key, checked.meta.generation, &config_times(key, checked, references, seen), seen)
}

fn config_times<'a>(key: &Key, checked: &Checked<EndpointConfig>, references: &References, seen: &'a Observation) -> Times<'a> {
    let mut times = Times::of(key, seen);
    for variant in checked.value.iter().flat_map(|config| &config.variants) {
        times.deployment(&key.namespace, &variant.model, seen);
    }
    times.dependant(Kind::VirtualService, &key.namespace, &key.name, seen);
    for (endpoint, _) in references.endpoints_naming(key) {
        times.reference(endpoint.kind, &endpoint.namespace, &endpoint.name, seen);
    }
    times
}

fn observed_routes<'a>(key: &Key, uid: &str, references: &'a References, seen: &Observation) -> Option<&'a Routes> {
    let routes = Key::new(Kind::VirtualService, &key.namespace, &key.name);
    seen.objects.get(&routes).filter(|object| is_controlled_by(object, uid))?;
    references.routes.get(&routes)
}

fn config_ready(
    key: &Key,
    checked: &Checked<EndpointConfig>,
    facts: &ConfigFacts,
    routes: Option<&Routes>,
    references: &References,
    seen: &Observation,
) -> Condition {
    let not = |reason: &str, message: String| Condition::new("Ready", false, reason, message);
    if checked.meta.deleting {
        return not("Deleting", deleting_message(facts.outcome, facts.waiting));
    }
    let Some(config) = &checked.value else { return not("Invalid", "the custom resource is invalid".into()) };
    if let Some(waiting) = facts.waiting.first() {
        if waiting.gate == "traffic" {
            return not("WaitingForModels", waited_for(key, config, references, seen).unwrap_or_else(|| waiting.text.clone()));
        }
        let reason = match waiting.gate.as_str() {
            "cut-over" => "WaitingForCutOver",
            "endpoint" => "WaitingForEndpoint",
            _ => "Waiting",
        };
        return not(reason, waiting.facts.clone());
    }
    if facts.unnamed {
        return not("NoEndpoint", "no Endpoint names this EndpointConfig, so it has no hosts".into());
    }
    let http = children::routes(&key.namespace, &config.variants, config.timeout_seconds);
    let (hosts, _) = gates::wanted(key, references);
    if hosts.is_empty() {
        return not("NoHost", "every host of its Endpoints belongs to another Endpoint".into());
    }
    let own = Key::new(Kind::VirtualService, &key.namespace, &key.name);
    if let Some((host, other)) = hosts.iter().find_map(|host| Some((host, references.answers_instead(host, &own)?))) {
        return not("WaitingForCutOver", format!("the older VirtualService {} still answers for {host}", other.name));
    }
    match routes {
        Some(routes) if routes.http == http && routes.hosts == hosts && !somebody_answers(routes, references, seen) => {
            not("ModelsUnavailable", "no Model that gets requests has an available replica".into())
        }
        Some(routes) if routes.http == http && routes.hosts == hosts => {
            Condition::new("Ready", true, "Available", "the observed VirtualService routes as written")
        }
        _ => not("RoutesPending", "the VirtualService does not route as written yet".into()),
    }
}

/// The Models that are not available. How far each is says its own status: every number here would be a write of this status for each Pod,
/// and each write wakes everything in the namespace that reads EndpointConfigs.
fn waited_for(key: &Key, config: &EndpointConfig, references: &References, seen: &Observation) -> Option<String> {
    let models = config.variants.iter().map(|variant| Key::new(Kind::Model, &key.namespace, &variant.model));
    let waited_for = models.filter(|model| !gates::availability(model, references, seen).current);
    let named = waited_for.map(|model| match references.models.get(&model) {
        Some(_) => model.name,
        None => format!("{} (not found)", model.name),
    });
    let named: Vec<String> = named.listed();
    (!named.is_empty()).then(|| format!("waits for {}", named.join(", ")))
}

/// Whether a Model that gets requests has an available replica.
fn somebody_answers(routes: &Routes, references: &References, seen: &Observation) -> bool {
    let mut weighted = routes.weights.iter().filter(|(_, weight)| **weight > 0);
    weighted.any(|(model, _)| gates::availability(model, references, seen).available > 0)
}

/// Whether the Deployment of a variant gave up: the observed routes stay, and somebody has to look.
fn failed_variant(key: &Key, checked: &Checked<EndpointConfig>, seen: &Observation) -> bool {
    let variants = checked.value.iter().flat_map(|config| &config.variants);
    variants
        .filter_map(|variant| seen.get(Kind::Deployment, &key.namespace, &variant.model))
        .any(|deployment| deadline_exceeded(deployment).is_some())
}

fn figures_condition(diagnostics: &[Diagnostic]) -> Option<Condition> {
    let conflict = diagnostics.iter().find(|diagnostic| diagnostic.code == "InstanceConflict")?;
    Some(Condition::new("Figures", false, "InstanceConflict", conflict.message.clone()))
}

/// Status of an Endpoint.
pub fn of_endpoint(
    key: &Key,
    checked: &Checked<Endpoint>,
    outcome: Outcome,
    diagnostics: &[Diagnostic],
    waiting: &[Waiting],
    references: &References,
    seen: &Observation,
) -> Value {
    let accepted = accepted(diagnostics, waiting);
    let ready = match unreadable(key, &[Kind::Gateway, Kind::VirtualService, Kind::EndpointConfig], seen) {
        unknown @ Some(_) if !checked.meta.deleting => nobody_knows(unknown),
        _ => endpoint_ready(key, checked, outcome, waiting, references, seen),
    };
    let pending = !ready.holds() && accepted.holds() && !checked.meta.deleting;
    let progressing = progressing(pending, &ready);
    let gateway = seen.get(Kind::Gateway, &key.namespace, &key.name);
    let state = match () {
        () if checked.meta.deleting => "deleting",
        () if ready.status == "Unknown" => as_before(key, seen),
        () if accepted.status == "False" => "failed",
        () if ready.holds() => "available",
        () if gateway.is_some() && at(previous(key, seen), &["state"]) != "creating" => "updating",
        () => "creating",
    };
    let mut status = head(checked.meta.generation, state);
    if let Some(endpoint) =
        checked.value.as_ref().filter(|endpoint| references.owner_of_host(&endpoint.host).is_none_or(|owner| owner == key))
    {
        add_urls(key, endpoint, references, seen, &mut status);
    }
    let mut times = Times::of(key, seen);
    times.dependant(Kind::Gateway, &key.namespace, &key.name, seen);
    if let Some(endpoint) = &checked.value {
        times.reference(Kind::EndpointConfig, &key.namespace, &endpoint.config, seen);
        times.reference(Kind::VirtualService, &key.namespace, &endpoint.config, seen);
    }
    finish(status, vec![accepted, ready, progressing], key, checked.meta.generation, &times, seen)
}

fn endpoint_ready(
    key: &Key,
    checked: &Checked<Endpoint>,
    outcome: Outcome,
    waiting: &[Waiting],
    references: &References,
    seen: &Observation,
) -> Condition {
    let not = |reason: &str, message: String| Condition::new("Ready", false, reason, message);
    if checked.meta.deleting {
        return not("Deleting", deleting_message(outcome, waiting));
    }
    let Some(endpoint) = &checked.value else { return not("Invalid", "the custom resource is invalid".into()) };
    let config = Key::new(Kind::EndpointConfig, &key.namespace, &endpoint.config);
    if !references.configs.contains_key(&config) {
        return not("ConfigNotFound", format!("config {} not found", shown(&endpoint.config)));
    }
    let own = Key::new(Kind::VirtualService, &key.namespace, &endpoint.config);
    let routes = references.routes.get(&own);
    let this = format!("{}/{}", key.namespace, key.name);
    if let Some(other) = references.answers_instead(&endpoint.host, &own) {
        return not("WaitingForCutOver", format!("the older VirtualService {} still answers for {}", other.name, endpoint.host));
    }
    let gateway = seen.get(Kind::Gateway, &key.namespace, &key.name);
    let has_gateway = gateway.is_some_and(|gateway| is_controlled_by(gateway, &checked.meta.uid));
    let sees_deployments = seen.of_kind(Kind::Deployment).next().is_some();
    let routed = routes.is_some_and(|routes| routes.hosts.contains(&endpoint.host) && routes.gateways.contains(&this));
    match routed {
        // What comes at once is said only when nothing else is missing: each reason is a write of this status.
        true if !has_gateway => not("GatewayPending", "no Gateway yet".into()),
        // The host of an Endpoint need not read Deployments; where there is none to see, nobody knows better.
        true if sees_deployments && !routes.is_some_and(|routes| somebody_answers(routes, references, seen)) => {
            not("ModelsUnavailable", "no Model that gets requests has an available replica".into())
        }
        true => Condition::new(
            "Ready",
            true,
            "Available",
            format!("{} is routed by EndpointConfig {}", endpoint.host, endpoint.config),
        ),
        false => not("WaitingForRoutes", format!("EndpointConfig {} does not route {} yet", endpoint.config, endpoint.host)),
    }
}

/// The URLs, as far as the models say the path; the previous ones where that is unknown.
fn add_urls(key: &Key, endpoint: &Endpoint, references: &References, seen: &Observation, status: &mut Map<String, Value>) {
    let scheme = if endpoint.credential.is_some() { "https" } else { "http" };
    let base = format!("{scheme}://{}", endpoint.host);
    let config_key = Key::new(Kind::EndpointConfig, &key.namespace, &endpoint.config);
    let config = references.configs.get(&config_key).and_then(|checked| checked.value.as_ref());
    let path = config.and_then(|config| invocations_path(&config_key, config, references, seen));
    match (path, at(previous(key, seen), &["url"])) {
        (Some(path), _) => {
            status.insert("url".into(), format!("{base}{path}").into());
        }
        (None, Value::Null) => {}
        (None, url) => {
            status.insert("url".into(), url.clone());
        }
    }
    status.insert("monitoringUrl".into(), format!("{base}/monitoring/metrics").into());
    if let Some(config) = config {
        let page = |name: &str| format!("{base}/monitoring/variants/{name}/metrics");
        let variants = config
            .variants
            .iter()
            .map(|variant| tree(&mut [("name", variant.name.as_str().into()), ("monitoringUrl", page(&variant.name).into())]));
        status.insert("variants".into(), Value::Array(variants.listed()));
    }
}

/// Where the Models of a config take requests: what the first of them that was observed says, else what the config's status says. So an
/// Endpoint need not read Models, each status of which would wake every Endpoint of the namespace.
fn invocations_path<'a>(
    key: &Key,
    config: &EndpointConfig,
    references: &'a References,
    seen: &'a Observation,
) -> Option<&'a str> {
    let mut models = config.variants.iter().map(|variant| Key::new(Kind::Model, &key.namespace, &variant.model));
    let observed = models.find_map(|model| references.models.get(&model)?.value.as_ref());
    let known = || at(previous(key, seen), &["invocationsPath"]).as_str();
    observed.map(|model| model.server.invocations_path.as_str()).or_else(known)
}

/// The first of the kinds that decide about readiness which could not be read.
fn unreadable(key: &Key, kinds: &[Kind], seen: &Observation) -> Option<Kind> {
    kinds.iter().copied().find(|kind| seen.is_unreadable(*kind, &key.namespace))
}

fn nobody_knows(kind: Option<Kind>) -> Condition {
    let plural = kind.map_or("", Kind::plural);
    Condition::unknown("Ready", "Unreadable", format!("{plural} cannot be read"))
}

/// The state that was last observed: what cannot be read is no news.
fn as_before<'a>(key: &Key, seen: &'a Observation) -> &'a str {
    match text(previous(key, seen), &["state"]) {
        "" => "creating",
        state => state,
    }
}

fn accepted(diagnostics: &[Diagnostic], waiting: &[Waiting]) -> Condition {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).listed();
    if let Some(first) = errors.first() {
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).listed();
        return Condition::new("Accepted", false, &first.code, messages.join("; "));
    }
    match waiting.iter().find(|waiting| waiting.gate == "hold") {
        Some(hold) => Condition::unknown("Accepted", "Unknown", hold.text.clone()),
        None => match diagnostics.iter().find(|diagnostic| diagnostic.code == gates::VOLUME_OF_OTHER) {
            Some(found) => Condition::new("Accepted", true, &found.code, found.message.clone()),
            None => Condition::new("Accepted", true, "Valid", "the custom resource is valid"),
        },
    }
}

fn progressing(pending: bool, ready: &Condition) -> Condition {
    if ready.status == "Unknown" {
        return Condition::unknown("Progressing", &ready.reason, ready.message.clone());
    }
    if pending || ready.reason == "Deleting" {
        return Condition::new("Progressing", true, &ready.reason, ready.message.clone());
    }
    Condition::new("Progressing", false, &ready.reason, "nothing is being changed")
}

fn deleting_message(outcome: Outcome, waiting: &[Waiting]) -> String {
    match (waiting.first(), outcome) {
        (Some(waiting), _) => waiting.text.clone(),
        (None, _) => "its dependants are being deleted".into(),
    }
}

fn head(generation: i64, state: &str) -> Map<String, Value> {
    let mut status = Map::new();
    status.insert("observedGeneration".into(), generation.into());
    status.insert("state".into(), state.into());
    status
}

fn finish(
    mut status: Map<String, Value>,
    conditions: Vec<Condition>,
    key: &Key,
    generation: i64,
    times: &Times,
    seen: &Observation,
) -> Value {
    let before = items(previous(key, seen), &["conditions"]);
    let conditions = conditions.into_iter().map(|condition| {
        let since = times.when(&condition);
        dated(condition, since, before, generation, &seen.now)
    });
    status.insert("conditions".into(), Value::Array(conditions.listed()));
    Value::Object(status)
}

/// A condition with the time of the facts. Where they have none, it keeps its time while its status stays, and a new one gets the host's
/// time, if there is one.
fn dated(condition: Condition, since: &str, before: &[Value], generation: i64, now: &str) -> Value {
    let same = before.iter().find(|old| text(old, &["type"]) == condition.kind && text(old, &["status"]) == condition.status);
    let kept = same.map_or("", |old| text(old, &["lastTransitionTime"]));
    let time = [since, kept, now].into_iter().find(|time| !time.is_empty()).unwrap_or("");
    let mut value = Map::new();
    if !time.is_empty() {
        value.insert("lastTransitionTime".into(), time.into());
    }
    value.insert("message".into(), condition.message.into());
    value.insert("observedGeneration".into(), generation.into());
    value.insert("reason".into(), condition.reason.into());
    value.insert("status".into(), condition.status.into());
    value.insert("type".into(), condition.kind.into());
    Value::Object(value)
}

fn previous<'a>(key: &Key, seen: &'a Observation) -> &'a Value {
    static NULL: Value = Value::Null;
    seen.objects.get(key).map_or(&NULL, |object| at(object, &["status"]))
}
