//! What may change now, given what was observed: the gates of traffic, cut-over, in-use, hold. Nowhere else.
//!
//! Gates decide what is *desired*, so a host that ignores the plan is as safe as one that runs it. Readiness follows
//! kubernetes-sigs/cli-utils `pkg/kstatus`; the order of VirtualServices at a gateway istio/istio `pilot/pkg/networking/core`.

use crate::charge;
use crate::diagnostic::{Diagnostic, shown};
use crate::kinds::{Key, Kind};
use crate::list::{AddAll, Listed};
use crate::names;
use crate::observation::{
    Host, Observation, at, is_controlled_by, is_deleting, items, number, replicas_are_anothers, serving_container, text,
};
use crate::plan::Waiting;
use crate::profile::Profile;
use crate::quantity::Quantity;
use crate::references::{self, References, Routes, host_key};
use crate::sort::sort_distinct;
use crate::validate::{self, Checked, Endpoint, EndpointConfig, Figures, Meta, Model, Storage, Variant};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::Value;

/// What happens to the dependants of a custom resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They become what is desired.
    Apply,
    /// They go: the custom resource is being deleted and nothing needs them.
    Drop,
    /// They stay untouched because something still uses them.
    Keep,
    /// They stay untouched because something is invalid or unknown.
    Hold,
}

/// What is decided for a Model.
#[derive(Debug)]
pub struct ModelGate {
    /// What happens to its dependants.
    pub outcome: Outcome,
    /// What it takes; present on `Apply`.
    pub figures: Option<Figures>,
    /// Whether its volume may be mounted on many nodes.
    pub shared: bool,
    /// Which sidecars it gets.
    pub profile: Profile,
    /// What is held back.
    pub waiting: Vec<Waiting>,
    /// Findings across objects.
    pub diagnostics: Vec<Diagnostic>,
}

/// What is decided for an EndpointConfig.
#[derive(Debug)]
pub struct RoutesGate {
    /// What happens to its VirtualService.
    pub outcome: Outcome,
    /// Hosts of the VirtualService; empty: there is none.
    pub hosts: Vec<String>,
    /// Gateways of the VirtualService.
    pub gateways: Vec<String>,
    /// The observed rules, where they stay as a whole; `None`: the new ones as a whole.
    pub observed_http: Option<Value>,
    /// Whether no Endpoint names the config.
    pub unnamed: bool,
    /// What is held back.
    pub waiting: Vec<Waiting>,
    /// Findings across objects.
    pub diagnostics: Vec<Diagnostic>,
}

/// What is decided for an Endpoint.
#[derive(Debug)]
pub struct GatewayGate {
    /// What happens to its Gateway.
    pub outcome: Outcome,
    /// What is held back.
    pub waiting: Vec<Waiting>,
    /// Findings across objects.
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether a Model's pods serve what its custom resource says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// Available for its current generation.
    pub current: bool,
    /// As wanted, and no instances are wanted: nothing is being changed, and nothing can take traffic.
    pub idle: bool,
    /// Available replicas.
    pub available: i64,
    /// Wanted replicas.
    pub wanted: i64,
    /// The facts in a few words, for example `available 0 of 2`.
    pub facts: String,
}

/// Decides for a Model.
pub fn model(key: &Key, checked: &Checked<Model>, references: &References, seen: &Observation) -> ModelGate {
    let mut gate = ModelGate {
        outcome: Outcome::Hold,
        figures: None,
        shared: false,
        profile: Profile::newest(),
        waiting: Vec::new(),
        diagnostics: Vec::new(),
    };
    if checked.meta.deleting {
        gate.outcome = deleted_model(key, references, seen, &mut gate.waiting);
        return gate;
    }
    let Some(model) = &checked.value else { return gate };
    gate.waiting.add_all(terminating_namespace(key, &checked.meta, seen));
    match figures(key, model, references, seen) {
        Ok(figures) => gate.figures = Some(figures),
        Err(waiting) => gate.waiting.push(waiting),
    }
    gate.shared = is_shared(model, seen);
    gate.waiting.add_all(unreadable_children(key, &model_children(model), seen));
    gate.diagnostics.add_all(taken_names(key, &checked.meta, &model_children(model), seen));
    gate.diagnostics.add_all(pod_security(model, seen));
    gate.diagnostics.add_all(gate.figures.as_ref().and_then(|figures| one_node(figures, gate.shared)));
    gate.diagnostics.add_all(kept_instances(key, model, gate.figures.as_ref(), references, seen));
    match profile(key, model, seen) {
        Ok(profile) => gate.profile = profile,
        Err(diagnostic) => gate.diagnostics.push(diagnostic),
    }
    if gate.waiting.is_empty() && !gate.diagnostics.iter().any(Diagnostic::is_error) {
        gate.outcome = Outcome::Apply;
    }
    gate
}

fn model_children(model: &Model) -> Vec<Kind> {
    let mut kinds = vec![Kind::Deployment, Kind::Service];
    if matches!(model.storage, Storage::ExistingClaim { .. }) {
        // Whether it may be mounted on many nodes decides how pods are replaced.
        kinds.push(Kind::PersistentVolumeClaim);
    }
    if let Storage::Claim { volume, .. } = &model.storage {
        kinds.push(Kind::PersistentVolumeClaim);
        if volume.is_static() {
            kinds.push(Kind::PersistentVolume);
        }
    }
    kinds
}

/// The PersistentVolume that a claim waits for, where another hook makes it. Kubernetes' volume controller looks at a claim that was there
/// before its volume again only after 15 s (kubernetes/kubernetes `pkg/controller/volume/persistentvolume`, `syncVolume`).
pub fn volume_to_come(key: &Key, model: &Model, seen: &Observation) -> Option<Key> {
    let volume = child_key(Kind::PersistentVolume, key);
    let is_static = matches!(&model.storage, Storage::Claim { volume, .. } if volume.is_static());
    let is_there = |key: &Key| seen.objects.contains_key(key);
    let is_claimed = is_there(&child_key(Kind::PersistentVolumeClaim, key));
    (seen.host == Host::Metacontroller && is_static && !is_claimed && !is_there(&volume)).then_some(volume)
}

/// In use: while an observed VirtualService routes to a Model, its dependants stay.
fn deleted_model(key: &Key, references: &References, seen: &Observation, waiting: &mut Vec<Waiting>) -> Outcome {
    if seen.is_unreadable(Kind::VirtualService, &key.namespace) {
        waiting.push(cannot_read(key, Kind::VirtualService, "whether a VirtualService still routes to it is unknown"));
        return Outcome::Keep;
    }
    let mut owned = vec![Kind::Deployment, Kind::Service, Kind::PersistentVolumeClaim];
    if may_have_volume(key, references, seen) {
        owned.push(Kind::PersistentVolume);
    }
    if let Some(unread) = unreadable_children(key, &owned, seen) {
        waiting.push(unread);
        return Outcome::Keep;
    }
    match references.routes_of_model.get(key) {
        None => Outcome::Drop,
        Some(routes) => {
            waiting.push(in_use(key, routes));
            Outcome::Keep
        }
    }
}

/// Whether a PersistentVolume may have been made for a Model: it asks for one, or its claim is for ours. Whoever may read no volumes can
/// still delete all other Models.
fn may_have_volume(key: &Key, references: &References, seen: &Observation) -> bool {
    let asks = match references.models.get(key).and_then(|checked| checked.value.as_ref()).map(|model| &model.storage) {
        Some(Storage::Claim { volume, .. }) => volume.is_static(),
        Some(_) => false,
        None => true,
    };
    let claim = seen.get(Kind::PersistentVolumeClaim, &key.namespace, &key.name);
    asks || claim.is_some_and(|claim| text(claim, &["spec", "volumeName"]) == names::volume(&key.namespace, &key.name))
}

fn in_use(key: &Key, routes: &[Key]) -> Waiting {
    let names = join(routes.iter().map(|route| route.name.as_str()));
    Waiting {
        object: key.id(),
        gate: "in-use".into(),
        waits_for: routes.iter().map(Key::id).listed(),
        facts: format!("routed by VirtualService {names}"),
        text: format!("Model {} keeps its dependants while VirtualService {names} routes to it", key.name),
    }
}

/// What a Model takes: as written, but never no instances while an observed route gives it traffic, and no fewer while routes that will
/// give it less have not moved yet.
pub fn figures(key: &Key, model: &Model, references: &References, seen: &Observation) -> Result<Figures, Waiting> {
    let mut figures = written_figures(key, model, references, seen)?;
    let unknown = seen.is_unreadable(Kind::VirtualService, &key.namespace);
    let deployment = seen.get(Kind::Deployment, &key.namespace, &key.name);
    let deployment = deployment.filter(|deployment| is_controlled_by(deployment, &model.meta.uid));
    let observed = deployment.and_then(observed_figures).map_or(0, |figures| figures.instances);
    if figures.instances == 0 && (unknown || references.has_traffic(key)) {
        figures.instances = observed.max(u32::from(!unknown));
    } else if references.is_losing_traffic(key) {
        figures.instances = figures.instances.max(observed);
    }
    Ok(figures)
}

/// From the oldest EndpointConfig that names the Model; as observed where that is unknown; else its own.
fn written_figures(key: &Key, model: &Model, references: &References, seen: &Observation) -> Result<Figures, Waiting> {
    let observed = || {
        seen.get(Kind::Deployment, &key.namespace, &key.name)
            .filter(|deployment| is_controlled_by(deployment, &model.meta.uid))
            .and_then(observed_figures)
    };
    if seen.is_unreadable(Kind::EndpointConfig, &key.namespace) {
        let unknown = "which EndpointConfig names it is unknown";
        return observed().ok_or_else(|| cannot_read(key, Kind::EndpointConfig, unknown));
    }
    // What an unreadable list of Models decided stays as observed.
    if references.may_be_named_by_an_older(key)
        && let Some(figures) = observed()
    {
        return Ok(figures);
    }
    let Some(config) = references.config_of(key) else {
        let routed = references.routes_of_model.contains_key(key) || seen.is_unreadable(Kind::VirtualService, &key.namespace);
        return Ok(observed().filter(|_| routed).unwrap_or_else(|| model.figures.clone()));
    };
    match &config.value {
        Some(valid) if !config.meta.deleting => Ok(figures_by(valid, model)),
        Some(_) => Ok(observed().unwrap_or_else(|| model.figures.clone())),
        None if config.meta.deleting => Ok(observed().unwrap_or_else(|| model.figures.clone())),
        None => observed().ok_or_else(|| invalid_config(key, &config.meta.name)),
    }
}

fn invalid_config(key: &Key, config: &str) -> Waiting {
    Waiting {
        object: key.id(),
        gate: "hold".into(),
        waits_for: vec![Key::new(Kind::EndpointConfig, &key.namespace, config).id()],
        facts: format!("EndpointConfig {config} is invalid"),
        text: format!("Model {} waits for a valid EndpointConfig {config}, which says what it takes", key.name),
    }
}

fn figures_by(config: &EndpointConfig, model: &Model) -> Figures {
    let variant = config.variants.iter().find(|variant| variant.model == model.meta.name);
    let Some(variant) = variant else { return model.figures.clone() };
    Figures {
        instances: variant.instances.unwrap_or(model.figures.instances),
        cpus: variant.cpus.clone().unwrap_or_else(|| model.figures.cpus.clone()),
        memory: variant.memory.clone().unwrap_or_else(|| model.figures.memory.clone()),
        timeout_seconds: config.timeout_seconds,
    }
}

/// Reads the figures back from a Deployment that we rendered.
fn observed_figures(deployment: &Value) -> Option<Figures> {
    let requests = at(serving_container(deployment)?, &["resources", "requests"]);
    let grace = number(deployment, &["spec", "template", "spec", "terminationGracePeriodSeconds"]);
    Some(Figures {
        instances: u32::try_from(number(deployment, &["spec", "replicas"])).ok()?,
        cpus: Quantity::from_value(requests.get("cpu")?)?,
        memory: Quantity::from_value(requests.get("memory")?)?,
        timeout_seconds: u32::try_from(grace).ok()?.checked_sub(Figures::GRACE_ABOVE_TIMEOUT_SECONDS)?,
    })
}

/// Whether the model's volume may be mounted on many nodes; an existing claim that was not observed counts as one node.
fn is_shared(model: &Model, seen: &Observation) -> bool {
    let Storage::ExistingClaim { name } = &model.storage else {
        return validate::shared(&model.storage).unwrap_or(false);
    };
    seen.get(Kind::PersistentVolumeClaim, &model.meta.namespace, name)
        .is_some_and(|claim| items(claim, &["spec", "accessModes"]).iter().any(|mode| mode == "ReadWriteMany"))
}

/// A claim that was not observed is the Model's to judge: its config does not read it.
fn is_unknown_claim(model: &Model, seen: &Observation) -> bool {
    let Storage::ExistingClaim { name } = &model.storage else { return false };
    seen.get(Kind::PersistentVolumeClaim, &model.meta.namespace, name).is_none()
}

fn one_node(figures: &Figures, shared: bool) -> Option<Diagnostic> {
    (figures.instances > 1 && !shared).then(|| {
        let message = format!("{} instances need ReadWriteMany or ephemeral storage", figures.instances);
        Diagnostic::error("InstancesNeedSharedStorage", "/spec/storage", message)
            .help("use storage that many nodes can mount (accessModes: [ReadWriteMany]) or storage.ephemeral: {}")
    })
}

/// Says that fewer instances wait for the routes to move.
fn kept_instances(
    key: &Key,
    model: &Model,
    figures: Option<&Figures>,
    references: &References,
    seen: &Observation,
) -> Option<Diagnostic> {
    let written = written_figures(key, model, references, seen).ok()?;
    let kept = figures.filter(|figures| figures.instances > written.instances)?;
    let message = format!("instances {} wait for the routes to move: {} are kept", written.instances, kept.instances);
    Some(Diagnostic::warning("InUse", "/spec/instances", message))
}

fn pod_security(model: &Model, seen: &Observation) -> Option<Diagnostic> {
    model.capture?;
    let namespace = seen.get(Kind::Namespace, "", &model.meta.namespace);
    let level = namespace.map_or("", |namespace| text(namespace, &["metadata", "labels", names::POD_SECURITY_ENFORCE]));
    if !matches!(level, "baseline" | "restricted") {
        let message = "capture.mode Gor adds a container that runs as root with NET_RAW; namespaces that enforce Pod Security \
                       \"baseline\" or \"restricted\" refuse the pod";
        return Some(Diagnostic::warning("CaptureNeedsPrivilege", "/spec/capture/mode", message));
    }
    let message = format!(
        "namespace {} enforces Pod Security {}, which forbids NET_RAW; set capture.mode Disabled or use another namespace",
        shown(&model.meta.namespace),
        shown(level)
    );
    Some(Diagnostic::error("CaptureForbidden", "/spec/capture/mode", message).help("set capture.mode: Disabled"))
}

/// The profile that the user asks for, else the one that the Deployment was made with, else the newest.
fn profile(key: &Key, model: &Model, seen: &Observation) -> Result<Profile, Diagnostic> {
    let deployment = seen.get(Kind::Deployment, &key.namespace, &key.name);
    let deployment = deployment.filter(|deployment| is_controlled_by(deployment, &model.meta.uid));
    let observed = deployment.map_or("", |deployment| text(deployment, &["metadata", "annotations", names::PROFILE]));
    let asked = model.profile.as_deref().unwrap_or(observed);
    if asked.is_empty() {
        return Ok(Profile::newest());
    }
    Profile::by_name(asked).ok_or_else(|| {
        let message = format!("profile {} is not known to this version of Modelwright", shown(asked));
        Diagnostic::error("UnknownProfile", "/spec/profile", message).help("use a version that knows it, or set spec.profile")
    })
}

/// Whether a Model's pods serve what its custom resource and figures say now.
pub fn availability(key: &Key, references: &References, seen: &Observation) -> Availability {
    let none = |wanted: i64, facts: String| Availability { current: false, idle: false, available: 0, wanted, facts };
    let Some(checked) = references.models.get(key) else { return none(0, "not found".into()) };
    let Some(deployment) = seen.get(Kind::Deployment, &key.namespace, &key.name) else {
        return match checked.value.as_ref().map(|model| figures(key, model, references, seen)) {
            _ if seen.is_unreadable(Kind::Deployment, &key.namespace) => none(0, "Deployments cannot be read".into()),
            // As it will say when the Deployment is there: a status that says more is one more write for each Model.
            Some(Ok(Figures { instances: wanted @ 1.., .. })) => none(wanted.into(), format!("available 0 of {wanted}")),
            _ => none(0, "no Deployment yet".into()),
        };
    };
    if !is_controlled_by(deployment, &checked.meta.uid) {
        return none(0, format!("Deployment {} is somebody else's", key.name));
    }
    let available = number(deployment, &["status", "availableReplicas"]);
    let wanted = number(deployment, &["spec", "replicas"]);
    let behind = behind(key, checked, deployment, references, seen);
    let facts = match behind {
        // A new one, whose controller looks at it next.
        Some(UNOBSERVED) if available == 0 => format!("available {available} of {wanted}"),
        Some(reason) => format!("available {available} of {wanted}, {reason}"),
        None => format!("available {available} of {wanted}"),
    };
    let status = |field| number(deployment, &["status", field]);
    let idle = behind.is_none() && wanted == 0 && status("replicas") == 0;
    let complete = wanted > 0 && status("replicas") == wanted && status("updatedReplicas") == wanted && available == wanted;
    Availability { current: behind.is_none() && complete, idle, available, wanted, facts }
}

/// Of a Deployment whose counts are those of an older spec.
const UNOBSERVED: &str = "not yet observed by its controller";

/// Why a Deployment does not yet stand for its Model's generation and figures.
fn behind(
    key: &Key,
    checked: &Checked<Model>,
    deployment: &Value,
    references: &References,
    seen: &Observation,
) -> Option<&'static str> {
    let generation = text(deployment, &["metadata", "annotations", names::MODEL_GENERATION]);
    if generation != checked.meta.generation.to_string() {
        return Some("made for an older generation");
    }
    if number(deployment, &["status", "observedGeneration"]) != number(deployment, &["metadata", "generation"]) {
        return Some(UNOBSERVED);
    }
    let Some(model) = &checked.value else { return Some("the Model is invalid") };
    let (Ok(wanted), Some(observed)) = (figures(key, model, references, seen), observed_figures(deployment)) else {
        return Some("figures unknown");
    };
    let same_replicas = wanted.instances == observed.instances || replicas_are_anothers(deployment, &seen.manager);
    let same = same_replicas && wanted.cpus == observed.cpus && wanted.memory == observed.memory;
    (!same).then_some("figures are being changed")
}

/// Decides for an EndpointConfig.
pub fn config(key: &Key, checked: &Checked<EndpointConfig>, references: &References, seen: &Observation) -> RoutesGate {
    let routes_key = Key::new(Kind::VirtualService, &key.namespace, &key.name);
    let observed = seen
        .objects
        .get(&routes_key)
        .filter(|object| is_controlled_by(object, &checked.meta.uid))
        .and_then(|_| references.routes.get(&routes_key));
    let mut gate = RoutesGate {
        outcome: Outcome::Hold,
        hosts: Vec::new(),
        gateways: Vec::new(),
        observed_http: Some(observed.map_or(Value::Null, |routes| routes.http.clone())),
        unnamed: references.endpoints_naming(key).next().is_none(),
        waiting: Vec::new(),
        diagnostics: Vec::new(),
    };
    gate.waiting.add_all(unreadable_children(key, &[Kind::VirtualService, Kind::Endpoint], seen));
    gate.waiting.add_all(terminating_namespace(key, &checked.meta, seen));
    if !gate.waiting.is_empty() {
        gate.outcome = if checked.meta.deleting { Outcome::Keep } else { Outcome::Hold };
        return gate;
    }
    let cut = CutOver { key, routes_key: &routes_key, references, observed, preview: false };
    match &checked.value {
        _ if checked.meta.deleting => deleted_config(&cut, &mut gate),
        None => {}
        Some(config) => live_config(config, &cut, seen, &mut gate),
    }
    gate
}

/// What the questions about hosts need to know.
struct CutOver<'a> {
    key: &'a Key,
    routes_key: &'a Key,
    references: &'a References,
    observed: Option<&'a Routes>,
    /// What only a file has counts as if it existed.
    preview: bool,
}

impl CutOver<'_> {
    fn observed_hosts(&self) -> &[String] {
        self.observed.map_or(&[], |routes| routes.hosts.as_slice())
    }

    /// Whether an observed host must stay here: an Endpoint still has it, or may have it, and no other VirtualService has it yet.
    fn must_keep(&self, host: &str) -> bool {
        !self.references.is_taken_over(host, self.routes_key) && (self.is_claimed(host) || self.is_unclear())
    }

    fn is_claimed(&self, host: &str) -> bool {
        self.claimants(host).next().is_some()
    }

    fn claimants(&self, host: &str) -> impl Iterator<Item = &Key> {
        let endpoints = self.references.endpoints_of_host.get(&host_key(host)).map_or(&[][..], Vec::as_slice);
        endpoints.iter().filter(|endpoint| endpoint.namespace == self.key.namespace)
    }

    fn is_unclear(&self) -> bool {
        self.unclear().is_some()
    }

    /// An Endpoint behind one of the observed gateways that is invalid or terminating: what it decided stays as observed.
    fn unclear(&self) -> Option<(Key, &'static str)> {
        let gateways = self.observed.map_or(&[][..], |routes| routes.gateways.as_slice());
        gateways.iter().find_map(|gateway| {
            let (namespace, name) = gateway.split_once('/')?;
            let key = Key::new(Kind::Endpoint, namespace, name);
            let endpoint = self.references.endpoints.get(&key)?;
            match (endpoint.meta.deleting, &endpoint.value) {
                (true, _) => Some((key, "is being deleted")),
                (false, None) => Some((key, "is invalid")),
                (false, Some(_)) => None,
            }
        })
    }

    /// The gateways for `hosts`: those of the Endpoints that have them; the observed ones where that cannot be told.
    fn gateways(&self, hosts: &[String]) -> Vec<String> {
        let mut gateways: Vec<String> = Vec::new();
        for host in hosts {
            let before = gateways.len();
            let claimants = self.claimants(host).filter(|endpoint| self.is_owner(endpoint, host) && self.unborn(host).is_none());
            gateways.add_all(claimants.map(|endpoint| format!("{}/{}", endpoint.namespace, endpoint.name)));
            if gateways.len() == before {
                gateways.add_all(self.observed.into_iter().flat_map(|routes| routes.gateways.iter().cloned()));
            }
        }
        distinct(gateways)
    }

    /// Whether somebody else's Gateway has the name of the one that the owner of a host needs: routes never bind to it.
    fn is_behind_foreign_gateway(&self, host: &str, seen: &Observation) -> bool {
        let owner = self.references.owner_of_host(host);
        owner.is_some_and(|endpoint| {
            let uid = self.references.endpoints.get(endpoint).map_or("", |checked| checked.meta.uid.as_str());
            let gateway = seen.get(Kind::Gateway, &endpoint.namespace, &endpoint.name);
            gateway.is_some_and(|gateway| !is_controlled_by(gateway, uid))
        })
    }

    /// The owner of a host, if only a file has it: routes never bind to a Gateway that this plan cannot make.
    fn unborn(&self, host: &str) -> Option<&Key> {
        if self.preview {
            return None;
        }
        let owner = self.references.owner_of_host(host)?;
        self.references.endpoints.get(owner).is_some_and(|checked| checked.meta.uid.is_empty()).then_some(owner)
    }

    fn is_owner(&self, endpoint: &Key, host: &str) -> bool {
        self.references.owner_of_host(host).is_none_or(|owner| owner == endpoint)
    }
}

/// A deleted EndpointConfig keeps each host until another VirtualService has it or no Endpoint has it any more.
fn deleted_config(cut: &CutOver, gate: &mut RoutesGate) {
    gate.hosts = cut.observed_hosts().iter().filter(|host| cut.must_keep(host)).cloned().listed();
    if gate.hosts.is_empty() {
        gate.outcome = Outcome::Drop;
        return;
    }
    gate.gateways = cut.gateways(&gate.hosts);
    let same = gate.hosts == cut.observed_hosts() && cut.observed.is_some_and(|routes| routes.gateways == gate.gateways);
    gate.outcome = if same { Outcome::Keep } else { Outcome::Apply };
    let endpoints: Vec<&Key> = gate.hosts.iter().flat_map(|host| cut.claimants(host)).listed();
    let hosts = join(gate.hosts.iter().map(String::as_str));
    gate.waiting.push(Waiting {
        object: cut.routes_key.id(),
        gate: "in-use".into(),
        waits_for: endpoints.iter().map(|endpoint| endpoint.id()).listed(),
        facts: format!("an Endpoint has {hosts}"),
        text: format!("VirtualService {} keeps {hosts} until another one has it or no Endpoint does", cut.key.name),
    });
}

fn live_config(config: &EndpointConfig, cut: &CutOver, seen: &Observation, gate: &mut RoutesGate) {
    gate.diagnostics.add_all(across_models(config, cut.references, seen));
    gate.diagnostics.add_all(taken_names(cut.key, &config.meta, &[Kind::VirtualService], seen));
    if gate.diagnostics.iter().any(Diagnostic::is_error) {
        return;
    }
    gate.outcome = Outcome::Apply;
    let blockers = blockers(config, cut, seen);
    let open = blockers.is_empty();
    if open {
        gate.observed_http = None;
    } else if cut.observed.is_some() {
        gate.waiting.push(traffic(cut, "keeps the observed routes", &blockers));
    }
    take_hosts(config, cut, seen, open, gate);
}

/// Decides the hosts: those observed that are still ours, those that nobody else has yet, and new ones when every model is ready.
fn take_hosts(config: &EndpointConfig, cut: &CutOver, seen: &Observation, open: bool, gate: &mut RoutesGate) {
    let (foreign, wanted): (Vec<String>, Vec<String>) =
        wanted_hosts(cut).into_iter().partition(|host| cut.is_behind_foreign_gateway(host, seen));
    gate.waiting.add_all(foreign.iter().map(|host| foreign_gateway(cut, host)));
    let observed = cut.observed_hosts();
    let mut hosts: Vec<String> = wanted.iter().filter(|host| observed.contains(host)).cloned().listed();
    for host in observed.iter().filter(|host| !wanted.contains(*host) && cut.must_keep(host)) {
        hosts.push(host.clone());
        gate.waiting.push(kept_host(cut, host));
    }
    let new: Vec<&String> = wanted.iter().filter(|host| !observed.contains(host)).listed();
    let unready = unready(config, cut, seen);
    if !new.is_empty() && seen.is_unreadable(Kind::Gateway, &cut.key.namespace) {
        gate.waiting.push(cannot_read(cut.key, Kind::Gateway, "no host is taken"));
    } else if open && unready.is_empty() {
        for host in new {
            match cut.unborn(host) {
                Some(endpoint) => gate.waiting.push(unborn_endpoint(cut, host, endpoint)),
                None => hosts.push(host.clone()),
            }
        }
    } else if !new.is_empty() {
        let what = format!("does not take {} yet", join(new.into_iter().map(String::as_str)));
        let blockers = if unready.is_empty() { blockers(config, cut, seen) } else { unready };
        gate.waiting.push(traffic(cut, &what, &blockers));
    }
    if hosts.is_empty() && !wanted.is_empty() {
        // Routes that somebody changed stay until ours can be taken back: none at all would be worse.
        hosts.add_all(observed.iter().cloned());
    }
    gate.hosts = distinct(hosts);
    gate.gateways = cut.gateways(&gate.hosts);
}

/// The hosts of the Endpoints that name this config, as far as they own them.
fn wanted_hosts(cut: &CutOver) -> Vec<String> {
    let hosts = cut
        .references
        .endpoints_naming(cut.key)
        .filter(|(_, endpoint)| !endpoint.meta.deleting)
        .filter_map(|(key, endpoint)| Some((key, &endpoint.value.as_ref()?.host)))
        .filter(|(key, host)| cut.references.owner_of_host(host) == Some(*key))
        .map(|(_, host)| host.clone());
    distinct(hosts.listed())
}

/// Sorted, without repeats.
fn distinct(mut texts: Vec<String>) -> Vec<String> {
    sort_distinct(&mut texts);
    texts
}

fn unborn_endpoint(cut: &CutOver, host: &str, endpoint: &Key) -> Waiting {
    Waiting {
        object: cut.routes_key.id(),
        gate: "endpoint".into(),
        waits_for: vec![endpoint.id()],
        facts: format!("{} does not exist yet", endpoint.label()),
        text: format!("VirtualService {} takes {host} once {} exists", cut.key.name, endpoint.label()),
    }
}

fn foreign_gateway(cut: &CutOver, host: &str) -> Waiting {
    let owner = cut.references.owner_of_host(host).cloned().unwrap_or_else(|| cut.key.clone());
    let gateway = Key::new(Kind::Gateway, &owner.namespace, &owner.name);
    Waiting {
        object: cut.routes_key.id(),
        gate: "endpoint".into(),
        waits_for: vec![gateway.id()],
        facts: format!("{} is somebody else's", gateway.label()),
        text: format!("VirtualService {} does not take {host}: {} is somebody else's", cut.key.name, gateway.label()),
    }
}

fn kept_host(cut: &CutOver, host: &str) -> Waiting {
    let routes = &cut.key.name;
    if let Some((endpoint, why)) = cut.unclear() {
        return Waiting {
            object: cut.routes_key.id(),
            gate: "endpoint".into(),
            waits_for: vec![endpoint.id()],
            facts: format!("Endpoint {} {why}", endpoint.name),
            text: format!("VirtualService {routes} keeps {host} while Endpoint {} {why}", endpoint.name),
        };
    }
    let next: Vec<String> = cut
        .claimants(host)
        .filter_map(|endpoint| cut.references.endpoints.get(endpoint)?.value.as_ref())
        .map(|endpoint| Key::new(Kind::VirtualService, &endpoint.meta.namespace, &endpoint.config).id())
        .listed();
    Waiting {
        object: cut.routes_key.id(),
        gate: "cut-over".into(),
        waits_for: next,
        facts: format!("no other VirtualService has {host}"),
        text: format!("VirtualService {routes} keeps {host} until another VirtualService is observed with it"),
    }
}

/// A Model that stands in the way of new routes, and why.
struct Blocker {
    model: Key,
    facts: String,
}

fn traffic(cut: &CutOver, what: &str, blockers: &[Blocker]) -> Waiting {
    let models = join(blockers.iter().map(|blocker| blocker.model.name.as_str()));
    let facts: Vec<String> = blockers.iter().map(|blocker| format!("{}: {}", blocker.model.name, blocker.facts)).listed();
    let waits_for = |blocker: &Blocker| Key::new(Kind::Deployment, &blocker.model.namespace, &blocker.model.name).id();
    Waiting {
        object: cut.routes_key.id(),
        gate: "traffic".into(),
        waits_for: blockers.iter().map(waits_for).listed(),
        facts: facts.join("; "),
        text: format!("VirtualService {} {what} until {models} can take traffic", cut.key.name),
    }
}

fn model_key(cut: &CutOver, variant: &Variant) -> Key {
    Key::new(Kind::Model, &cut.key.namespace, &variant.model)
}

/// What stands in the way of the new routes as a whole.
fn blockers(config: &EndpointConfig, cut: &CutOver, seen: &Observation) -> Vec<Blocker> {
    let total = config.variants.iter().fold(0u64, |sum, variant| sum.saturating_add(u64::from(variant.weight)));
    config
        .variants
        .iter()
        .filter_map(|variant| {
            let model = model_key(cut, variant);
            let facts = blocked(variant, total, &model, cut, seen)?;
            Some(Blocker { model, facts })
        })
        .listed()
}

/// Why a variant may not be routed as its config says, if so.
fn blocked(variant: &Variant, total: u64, model: &Key, cut: &CutOver, seen: &Observation) -> Option<String> {
    let unreadable =
        [Kind::Model, Kind::Deployment, Kind::Service].into_iter().find(|kind| seen.is_unreadable(*kind, &model.namespace));
    if let Some(kind) = unreadable {
        return Some(format!("{} objects cannot be read", kind.name()));
    }
    let routed = cut.observed.is_some_and(|routes| routes.destinations.contains_key(model));
    let (had, of) = cut.observed.map_or((0, 0), |routes| (routes.weights.get(model).copied().unwrap_or(0), routes.total()));
    let weight = u64::from(variant.weight);
    let grows = product(weight, of) > product(had, total);
    let Some(checked) = cut.references.models.get(model) else {
        return (!routed || grows).then(|| "not found".into());
    };
    let service = seen.get(Kind::Service, &model.namespace, &model.name);
    if !service.is_some_and(|service| is_controlled_by(service, &checked.meta.uid)) {
        return Some("no Service yet".into());
    }
    if (!routed || (weight > 0 && had == 0)) && checked.meta.deleting {
        return Some("being deleted".into());
    }
    let availability = availability(model, cut.references, seen);
    match (weight, had) {
        (0, _) => None,
        (_, 0) => (!availability.current).then_some(availability.facts),
        _ if grows && (checked.meta.deleting || checked.value.is_none()) => Some("invalid or being deleted".into()),
        _ => (grows && availability.available < 1).then_some(availability.facts),
    }
}

/// The exact product: two factors of 64 bits fit.
fn product(a: u64, b: u64) -> u128 {
    u128::from(a).saturating_mul(u128::from(b))
}

/// The variants with traffic that are not available for their current generation: a new host waits for them.
fn unready(config: &EndpointConfig, cut: &CutOver, seen: &Observation) -> Vec<Blocker> {
    config
        .variants
        .iter()
        .filter(|variant| variant.weight > 0)
        .filter_map(|variant| {
            let model = model_key(cut, variant);
            let availability = availability(&model, cut.references, seen);
            (!availability.current).then_some(Blocker { model, facts: availability.facts })
        })
        .listed()
}

/// Rules that need the Models: one invocationsPath, storage that allows the instances, older figures.
fn across_models(config: &EndpointConfig, references: &References, seen: &Observation) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut first: Option<&Model> = None;
    for (index, variant) in config.variants.iter().enumerate() {
        let key = Key::new(Kind::Model, &config.meta.namespace, &variant.model);
        let path = format!("/spec/models/{index}/model");
        let Some(checked) = references.models.get(&key) else {
            if seen.is_unreadable(Kind::Model, &key.namespace) {
                continue;
            }
            let message = format!("models[{index}].model {} not found", shown(&variant.model));
            diagnostics.push(Diagnostic::warning("ModelNotFound", &path, message));
            continue;
        };
        let Some(model) = &checked.value else { continue };
        if variant.instances.unwrap_or(0) > 1 && !is_shared(model, seen) && !is_unknown_claim(model, seen) {
            let path = format!("/spec/models/{index}/instances");
            let message = format!("{} instances need ReadWriteMany or ephemeral storage", variant.instances.unwrap_or(0));
            diagnostics.push(Diagnostic::error("InstancesNeedSharedStorage", &path, message));
        }
        if variant.weight > 0 && variant.instances.is_none() && model.figures.instances == 0 {
            let message =
                format!("model {} has instances 0, so weight {} would answer 503", shown(&variant.model), variant.weight);
            diagnostics.push(Diagnostic::error("NoInstances", &format!("/spec/models/{index}"), message));
        }
        diagnostics.add_all(older_figures(config, &key, model, index, references));
        match first {
            None => first = Some(model),
            Some(other) if other.server.invocations_path != model.server.invocations_path => {
                let (one, another) = (shown(&other.meta.name), shown(&model.meta.name));
                let message = format!("models {one} and {another} differ in server.invocationsPath");
                diagnostics.push(Diagnostic::error("InvocationsPathDiffers", &path, message));
            }
            Some(_) => {}
        }
    }
    diagnostics
}

/// Two configs name one Model with different figures: the older's hold, the younger is told.
fn older_figures(config: &EndpointConfig, key: &Key, model: &Model, index: usize, references: &References) -> Option<Diagnostic> {
    let older = references.config_of(key)?;
    let other = older.value.as_ref().filter(|_| older.meta.name != config.meta.name)?;
    if figures_by(other, model) == figures_by(config, model) {
        return None;
    }
    let path = format!("/spec/models/{index}");
    let (name, older) = (shown(&key.name), shown(&older.meta.name));
    let message = format!("model {name} gets other figures from the older EndpointConfig {older}");
    Some(Diagnostic::warning("InstanceConflict", &path, message))
}

/// Decides for an Endpoint.
pub fn endpoint(key: &Key, checked: &Checked<Endpoint>, references: &References, seen: &Observation) -> GatewayGate {
    let mut gate = GatewayGate { outcome: Outcome::Hold, waiting: Vec::new(), diagnostics: Vec::new() };
    gate.waiting.add_all(unreadable_children(key, &[Kind::Gateway], seen));
    gate.waiting.add_all(terminating_namespace(key, &checked.meta, seen));
    if !gate.waiting.is_empty() {
        return gate;
    }
    if checked.meta.deleting {
        gate.outcome = Outcome::Drop;
        return gate;
    }
    let Some(endpoint) = &checked.value else { return gate };
    gate.diagnostics.add_all(taken_names(key, &checked.meta, &[Kind::Gateway], seen));
    let config = Key::new(Kind::EndpointConfig, &key.namespace, &endpoint.config);
    if !references.configs.contains_key(&config) && !seen.is_unreadable(Kind::EndpointConfig, &key.namespace) {
        let message = format!("config {} not found", shown(&endpoint.config));
        gate.diagnostics.push(Diagnostic::warning("ConfigNotFound", "/spec/config", message));
    }
    match references.owner_of_host(&endpoint.host) {
        Some(owner) if owner != key => {
            let message = format!("host {} belongs to Endpoint \"{}/{}\"", shown(&endpoint.host), owner.namespace, owner.name);
            gate.diagnostics.push(Diagnostic::error("HostConflict", "/spec/host", message));
        }
        _ => {}
    }
    if !gate.diagnostics.iter().any(Diagnostic::is_error) {
        gate.outcome = Outcome::Apply;
    }
    gate
}

/// The hosts and gateways that an EndpointConfig has once every gate is open.
pub fn wanted(key: &Key, references: &References) -> (Vec<String>, Vec<String>) {
    let routes_key = Key::new(Kind::VirtualService, &key.namespace, &key.name);
    let cut = CutOver { key, routes_key: &routes_key, references, observed: None, preview: true };
    let hosts = wanted_hosts(&cut);
    let gateways = cut.gateways(&hosts);
    (hosts, gateways)
}

/// What keeps a custom resource that the user asks to delete; nothing: it is deleted now. In-use applied to the request, because a
/// deletionTimestamp cannot be taken back. `None` where nobody asks, or it is being deleted already.
pub fn requested_deletion(key: &Key, references: &References, seen: &Observation) -> Option<Vec<Waiting>> {
    if !seen.deletes.contains(key) || seen.objects.get(key).is_none_or(is_deleting) {
        return None;
    }
    let protectors: &[Kind] = match key.kind {
        Kind::Model => &[Kind::EndpointConfig, Kind::VirtualService],
        Kind::EndpointConfig => &[Kind::Endpoint],
        _ => &[],
    };
    if let Some(kind) = protectors.iter().find(|kind| seen.is_unreadable(**kind, &key.namespace)) {
        return Some(vec![cannot_read(key, *kind, "it is not deleted")]);
    }
    let namers = namers(key, references, seen);
    let routes = references.routes_of_model.get(key).map_or(&[][..], Vec::as_slice);
    let held = [("names", namers.as_slice()), ("routes to", routes)];
    Some(held.into_iter().filter_map(|(how, by)| protected(key, how, by, seen)).listed())
}

/// The custom resources that name one, or may: as they are and as files make them, because a file may still be refused.
fn namers(key: &Key, references: &References, seen: &Observation) -> Vec<Key> {
    let by_name = match key.kind {
        Kind::Model => references.configs_of_model.get(key),
        Kind::EndpointConfig => references.endpoints_of_config.get(key),
        _ => None,
    };
    let mut namers: Vec<Key> = by_name.cloned().unwrap_or_default();
    if key.kind == Kind::Model {
        namers.add_all(references.unclear_configs.iter().filter(|config| config.namespace == key.namespace).cloned());
    }
    let named_before = |(namer, object): (&Key, &Value)| {
        let names = match (key.kind, namer.kind) {
            (Kind::Model, Kind::EndpointConfig) => references::named_models(object).any(|model| model == key.name),
            (Kind::EndpointConfig, Kind::Endpoint) => text(object, &["spec", "config"]) == key.name,
            _ => false,
        };
        (names && namer.namespace == key.namespace).then(|| namer.clone())
    };
    namers.add_all(seen.before.iter().filter_map(named_before));
    sort_distinct(&mut namers);
    namers
}

fn protected(key: &Key, how: &str, by: &[Key], seen: &Observation) -> Option<Waiting> {
    let kind = by.first()?.kind;
    let name = |key: &Key| format!("{}/{}", key.namespace, key.name);
    let list = by.iter().map(name).listed().join(", ");
    let (it, by_it) = (format!("{} {}", key.kind.name(), name(key)), format!("{} {list}", kind.name()));
    let goes = by.iter().all(|by| is_on_its_way_out(by, seen));
    let (facts, text) = match goes {
        true => (format!("{by_it} is on its way out"), format!("{it} is deleted once {by_it}, which {how} it, is gone")),
        false => (format!("{by_it} {how} it"), format!("{it} is not deleted: {by_it} {how} it")),
    };
    Some(Waiting { object: key.id(), gate: "in-use".into(), waits_for: by.iter().map(Key::id).listed(), facts, text })
}

/// Whether an object is being deleted, or is asked to be, or goes with what is.
fn is_on_its_way_out(key: &Key, seen: &Observation) -> bool {
    let goes = |key: &Key| seen.deletes.contains(key) || seen.objects.get(key).is_some_and(is_deleting);
    goes(key) || (key.kind == Kind::VirtualService && goes(&references::config_of(key)))
}

/// What keeps custom resources from being deleted of which it cannot be told whether they are there.
pub fn unread_deletions(seen: &Observation) -> Vec<Waiting> {
    let unread = |key: &&Key| !seen.objects.contains_key(key) && seen.is_unreadable(key.kind, &key.namespace);
    seen.deletes.iter().filter(unread).map(|key| cannot_read(key, key.kind, "it is not deleted")).listed()
}

/// Names of children that somebody else's objects have: never adopted, never touched, and nothing is made beside them.
fn taken_names(key: &Key, meta: &Meta, kinds: &[Kind], seen: &Observation) -> Vec<Diagnostic> {
    let taken = |kind: &Kind| {
        let child = child_key(*kind, key);
        let object = seen.objects.get(&child)?;
        if charge::is_child(object, *kind, key, &meta.uid, seen) {
            return None;
        }
        if charge::is_volume_of_other(object, *kind, key, &meta.uid, seen) {
            return Some(volume_of_other(&child));
        }
        let message = format!("{} exists and does not belong to {}", child.label(), key.label());
        let help = "delete it, or give this custom resource another name";
        Some(Diagnostic::error("NameTaken", "/metadata/name", message).help(help))
    };
    kinds.iter().filter_map(taken).listed()
}

/// Whoever moves from one kind of host to the other keeps the volumes of the first.
fn volume_of_other(volume: &Key) -> Diagnostic {
    let message = format!("{} was made by another host: it is used as it is, and stays when the Model goes", volume.label());
    Diagnostic::warning(VOLUME_OF_OTHER, "/spec/storage", message)
        .help("hand it over, or delete it after the Model: the documentation of the manifests says how")
}

/// The code of what is said about a volume that the other kind of host has made.
pub const VOLUME_OF_OTHER: &str = "VolumeOfAnotherHost";

/// The child of a kind that a custom resource has: it carries the parent's name.
pub fn child_key(kind: Kind, parent: &Key) -> Key {
    match kind {
        Kind::PersistentVolume => Key::new(kind, "", &names::volume(&parent.namespace, &parent.name)),
        _ => Key::new(kind, &parent.namespace, &parent.name),
    }
}

/// Unknown is not empty: a kind of dependants that cannot be read holds everything.
fn unreadable_children(key: &Key, kinds: &[Kind], seen: &Observation) -> Option<Waiting> {
    let kind = kinds.iter().find(|kind| seen.is_unreadable(**kind, &key.namespace))?;
    Some(cannot_read(key, *kind, "nothing is changed"))
}

/// Whether the namespace is being deleted: the API server refuses to create anything in it.
pub fn is_namespace_terminating(key: &Key, seen: &Observation) -> bool {
    seen.get(Kind::Namespace, "", &key.namespace).is_some_and(is_deleting)
}

/// Nothing is made in a namespace that is being deleted; what is still there goes with it, in the order of our gates.
fn terminating_namespace(key: &Key, meta: &Meta, seen: &Observation) -> Option<Waiting> {
    let kind = key.kind.name();
    (!meta.deleting && is_namespace_terminating(key, seen)).then(|| Waiting {
        object: key.id(),
        gate: "hold".into(),
        waits_for: vec![Key::new(Kind::Namespace, "", &key.namespace).id()],
        facts: format!("namespace {} is being deleted", key.namespace),
        text: format!("{kind} {}: namespace {} is being deleted, so nothing is changed", key.name, key.namespace),
    })
}

fn cannot_read(key: &Key, kind: Kind, consequence: &str) -> Waiting {
    Waiting {
        object: key.id(),
        gate: "hold".into(),
        waits_for: Vec::new(),
        facts: format!("{} cannot be read", kind.plural()),
        text: format!("{} {}: {} cannot be read, so {consequence}", key.kind.name(), key.name, kind.plural()),
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.listed();
    names.dedup();
    names.join(", ")
}
