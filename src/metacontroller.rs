//! The hooks of Metacontroller (hook version v2): a request body in, a status code and body out.
//!
//! Wire format and traps: <https://metacontroller.github.io/metacontroller/api/hook.html>. What is missing from the children of an
//! answer is deleted, so a hold re-emits every observed child as it was last applied, or fails.

use crate::children::{self, ModelParts};
use crate::diagnostic::Failure;
use crate::gates::{self, Outcome};
use crate::json::{self, Limits, texts, tree};
use crate::kinds::{Key, Kind};
use crate::list::Listed;
use crate::names;
use crate::observation::{Host, Observation, at, is_applied_by, is_decorated, items, key_of, set, text};
use crate::plan::child_kinds;
use crate::policy::Policy;
use crate::reconcile::{self, Decision};
use crate::references::{self, References};
use crate::requirements::{self, Selector};
use crate::search::has;
use crate::written;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// What a hook host knows and the request does not say.
#[derive(Clone, Debug, Default)]
pub struct HostInput {
    /// RFC 3339 time; empty leaves `lastTransitionTime` out.
    pub now: String,
    /// The policy as JSON; empty for the default.
    pub policy: String,
}

/// An HTTP answer of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status code.
    pub code: u16,
    /// JSON for 200, else one sentence.
    pub body: String,
}

impl Reply {
    pub(crate) fn ok(body: &Value) -> Self {
        Self { code: 200, body: written::json(body) }
    }

    pub(crate) fn sentence(code: u16, sentence: impl Into<String>) -> Self {
        Self { code, body: sentence.into() }
    }
}

/// Metacontroller's sync hook.
pub fn sync(host: &HostInput, request: &str) -> Reply {
    composite(host, request, "sync").unwrap_or_else(|reply| reply)
}

/// Metacontroller's finalize hook.
pub fn finalize(host: &HostInput, request: &str) -> Reply {
    composite(host, request, "finalize").unwrap_or_else(|reply| reply)
}

/// Metacontroller's customize hook, for the three kinds and for the Namespaces of the decorator.
pub fn customize(_host: &HostInput, request: &str) -> Reply {
    related(request)
        .map_or_else(|reply| reply, |selectors| Reply::ok(&tree(&mut [("relatedResources", Value::Array(selectors))])))
}

/// The decorator's sync hook: the PersistentVolumes of a Namespace.
pub fn decorate(host: &HostInput, request: &str) -> Reply {
    volumes(host, request).unwrap_or_else(|reply| reply)
}

fn composite(host: &HostInput, request: &str, hook: &str) -> Result<Reply, Reply> {
    let mut request = parse(request, hook)?;
    let listed = count(at(&request, &["children"]));
    let was_read = check_related(&request);
    let mut seen = observe(host, &mut request, &["children", "related"])?;
    let finalizing = hook == "finalize" || at(&request, &["finalizing"]) == &Value::Bool(true);
    let key = seen.take_parent(at(&request, &["parent"]), finalizing).map_err(refused)?;
    was_read?;
    let references = references::resolve(&seen);
    let Some(decision) = reconcile::decide(&key, &references, &seen) else {
        return Err(Reply::sentence(400, "the parent cannot be read"));
    };
    let children = children_of(&decision, &seen)?;
    let held = matches!(decision.outcome, Outcome::Keep | Outcome::Hold);
    if held && children.len() < listed {
        return Err(Reply::sentence(500, format!("{} is on hold and not every child is known as its own", key.label())));
    }
    let finalized = finalizing && decision.outcome == Outcome::Drop && observed_children(&decision, &seen).is_empty();
    let mut body =
        tree(&mut [("status", decision.status), ("children", Value::Array(children)), ("resyncAfterSeconds", 0.into())]);
    if finalizing {
        set(&mut body, &["finalized"], Value::Bool(finalized));
    }
    Ok(Reply::ok(&body))
}

/// The children of the answer: never fewer than observed unless that was decided.
fn children_of(decision: &Decision, seen: &Observation) -> Result<Vec<Value>, Reply> {
    match decision.outcome {
        Outcome::Apply => {
            let namespaced = decision.desired.iter().filter(|desired| desired.key.kind.namespaced());
            let mut children: Vec<Value> = namespaced.map(|desired| desired.body.clone()).listed();
            // A claim that an edit no longer wants stays: storage is never taken back on an edit.
            for (key, object) in observed_children(decision, seen) {
                let wanted = decision.desired.iter().any(|desired| desired.key == key);
                if key.kind == Kind::PersistentVolumeClaim && !wanted {
                    children.push(last_applied(object).ok_or_else(|| cannot_re_emit(&key))?);
                }
            }
            Ok(children)
        }
        Outcome::Drop => Ok(Vec::new()),
        Outcome::Keep | Outcome::Hold => {
            let held = observed_children(decision, seen).into_iter();
            held.map(|(key, object)| last_applied(object).ok_or_else(|| cannot_re_emit(&key))).collect()
        }
    }
}

/// Every rule of the customize answer has its group among the related objects, even when it is empty. A missing group was never read, and
/// unknown is not empty.
fn check_related(request: &Value) -> Result<(), Reply> {
    let parent = at(request, &["parent"]);
    let Some(key) = key_of(parent).filter(|key| key.kind.is_parent()) else { return Ok(()) };
    for selector in requirements::requirements(&key, parent) {
        check_group(request, selector.kind, &selector.api_version)?;
    }
    Ok(())
}

fn check_group(request: &Value, kind: &str, api: &str) -> Result<(), Reply> {
    let group = format!("{kind}.{api}");
    if at(request, &["related", &group]).is_object() {
        return Ok(());
    }
    Err(Reply::sentence(500, format!("the request has no related {group}: the customize hook must be this component's")))
}

/// How many objects a request lists.
fn count(groups: &Value) -> usize {
    let groups = groups.as_object().into_iter().flat_map(Map::values);
    groups.filter_map(Value::as_object).map(Map::len).fold(0, usize::saturating_add)
}

fn cannot_re_emit(key: &Key) -> Reply {
    Reply::sentence(500, format!("{} is on hold and cannot be re-emitted as it was last applied", key.label()))
}

/// The observed namespaced children that belong to the parent.
fn observed_children<'a>(decision: &Decision, seen: &'a Observation) -> Vec<(Key, &'a Value)> {
    let of_kind = |kind: &Kind| {
        let key = gates::child_key(*kind, &decision.key);
        let object = seen.objects.get(&key)?;
        crate::observation::is_controlled_by(object, &decision.meta.uid).then_some((key, object))
    };
    child_kinds(decision.key.kind).iter().filter(|kind| kind.namespaced()).filter_map(of_kind).listed()
}

/// An observed child as Metacontroller last applied it: from its annotation, or from the fields that it owns.
fn last_applied(object: &Value) -> Option<Value> {
    let annotation = text(object, &["metadata", "annotations", names::METACONTROLLER_LAST_APPLIED]);
    if !annotation.is_empty() {
        return json::parse(annotation, &Limits::DEFAULT).ok();
    }
    let entry = items(object, &["metadata", "managedFields"]).iter().find(|entry| is_applied_by(entry, names::METACONTROLLER))?;
    let mut owned = owned_fields(object, at(entry, &["fieldsV1"]))?;
    for member in ["apiVersion", "kind"] {
        set(&mut owned, &[member], at(object, &[member]).clone());
    }
    let metadata = json::member(owned.as_object_mut()?, "metadata", Value::Object(Map::new()))?.as_object_mut()?;
    metadata.remove("ownerReferences");
    for member in ["name", "namespace"] {
        // A PersistentVolume has no namespace, and null is none.
        if let Some(value) = object.get("metadata").and_then(|metadata| metadata.get(member)) {
            metadata.insert(member.into(), value.clone());
        }
    }
    Some(owned)
}

/// The values of exactly the fields of a FieldsV1 set; `None` where a field cannot be found.
fn owned_fields(value: &Value, fields: &Value) -> Option<Value> {
    let fields = fields.as_object()?;
    let members: Vec<(&String, &Value)> = fields.iter().filter(|(name, _)| *name != ".").listed();
    if members.is_empty() {
        return Some(value.clone());
    }
    if let Some(object) = value.as_object() {
        let mut owned = Map::new();
        for (name, inner) in members {
            let name = name.strip_prefix("f:")?;
            owned.insert(name.into(), owned_fields(object.get(name)?, inner)?);
        }
        return Some(Value::Object(owned));
    }
    let list = value.as_array()?;
    let mut owned = Vec::new();
    for item in list {
        let inner = members.iter().find(|(name, _)| is_element(name, item));
        if let Some((_, inner)) = inner {
            owned.push(owned_fields(item, inner)?);
        }
    }
    (owned.len() == members.len()).then_some(Value::Array(owned))
}

fn is_element(name: &str, item: &Value) -> bool {
    if let Some(keys) = name.strip_prefix("k:") {
        let Some(Value::Object(keys)) = json::inner(keys) else { return false };
        return keys.iter().all(|(key, value)| item.get(key) == Some(value));
    }
    let value = name.strip_prefix("v:").and_then(json::inner);
    value.as_ref() == Some(item)
}

fn related(request: &str) -> Result<Vec<Value>, Reply> {
    let request = parse(request, "customize")?;
    let parent = at(&request, &["parent"]);
    let selectors = match key_of(parent) {
        Some(key) if key.kind.is_parent() => requirements::requirements(&key, parent),
        Some(key) if key.kind == Kind::Namespace => {
            vec![requirements::selector(Kind::Model, &key.name, Vec::new(), "who needs a volume")]
        }
        _ => return Err(Reply::sentence(400, "the parent is not a Model, EndpointConfig, Endpoint or Namespace with a name")),
    };
    Ok(selectors.iter().map(rule).listed())
}

/// Metacontroller's rule: `names` and `namespace` only where they say something.
fn rule(selector: &Selector) -> Value {
    let mut rule = tree(&mut [("apiVersion", selector.api_version.as_str().into()), ("resource", selector.resource.into())]);
    if !selector.namespace.is_empty() {
        set(&mut rule, &["namespace"], selector.namespace.as_str().into());
    }
    if !selector.names.is_empty() {
        set(&mut rule, &["names"], texts(&selector.names));
    }
    rule
}

fn volumes(host: &HostInput, request: &str) -> Result<Reply, Reply> {
    let mut request = parse(request, "sync")?;
    let namespace = key_of(at(&request, &["object"])).filter(|key| key.kind == Kind::Namespace);
    let Some(namespace) = namespace else { return Err(Reply::sentence(400, "the object is not a Namespace")) };
    let was_read = check_group(&request, Kind::Model.name(), &Kind::Model.api());
    let seen = observe(host, &mut request, &["attachments", "related"])?;
    was_read?;
    let references = references::resolve(&seen);
    let models = references.models.keys().filter(|key| key.namespace == namespace.name);
    let volumes: Result<Vec<Option<Value>>, Reply> = models.map(|key| volume(key, &references, &seen)).collect();
    let attachments: Vec<Value> = volumes?.into_iter().flatten().listed();
    Ok(Reply::ok(&tree(&mut [("attachments", Value::Array(attachments))])))
}

/// A volume stays as long as its Model exists: as last applied while the Model is invalid or being deleted.
fn volume(key: &Key, references: &References, seen: &Observation) -> Result<Option<Value>, Reply> {
    let Some(checked) = references.models.get(key) else { return Ok(None) };
    let name = gates::child_key(Kind::PersistentVolume, key);
    let observed = seen.objects.get(&name);
    let held = || match observed.filter(|object| is_decorated(object)) {
        None => Ok(None),
        Some(object) => last_applied(object).map(Some).ok_or_else(|| cannot_re_emit(&name)),
    };
    let Some(model) = checked.value.as_ref().filter(|_| !checked.meta.deleting) else { return held() };
    if observed.is_some_and(|object| !is_decorated(object)) || (observed.is_none() && !is_accepted(key, seen)) {
        return Ok(None);
    }
    let profile = crate::profile::Profile::newest();
    let parts = ModelParts { model, figures: &model.figures, shared: true, profile: &profile, images: &seen.policy.images };
    let volume = children::of_model(&parts).into_iter().find(|child| Kind::of_object(child) == Some(Kind::PersistentVolume));
    match volume {
        Some(volume) => Ok(Some(volume)),
        // Storage cannot change, so a volume that is no longer rendered is an edit that went past the rule.
        None => held(),
    }
}

/// Whether the Model's own hook, which sees who has the volume's name, has accepted the Model and nobody has. The decorator sees no foreign
/// volumes, and a host that applies with force would take one over.
fn is_accepted(model: &Key, seen: &Observation) -> bool {
    let conditions = seen.objects.get(model).map_or(&[][..], |model| items(model, &["status", "conditions"]));
    let is_free = |condition: &Value| text(condition, &["reason"]) != gates::VOLUME_OF_OTHER;
    let accepts = |condition: &Value| text(condition, &["type"]) == "Accepted" && text(condition, &["status"]) == "True";
    conditions.iter().any(|condition| accepts(condition) && is_free(condition))
}

fn parse(request: &str, hook: &str) -> Result<Value, Reply> {
    let request = json::parse(request, &Limits::DEFAULT).map_err(refused)?;
    let version = text(&request, &["controller", "spec", "hooks", hook, "version"]);
    let asked = !at(&request, &["controller", "spec", "hooks", hook]).is_null();
    if (asked && version != "v2") || has_v1_keys(&request) {
        return Err(Reply::sentence(400, "the request has the v1 shape; set version: v2 for every hook"));
    }
    Ok(request)
}

/// v1 keys namespaced children of a namespaced parent by name alone.
fn has_v1_keys(request: &Value) -> bool {
    let lists = ["children", "related", "attachments"].iter().filter_map(|member| request.get(*member)?.as_object());
    let objects = lists.flat_map(Map::values).filter_map(Value::as_object).flatten();
    objects.into_iter().any(|(key, object)| !text(object, &["metadata", "namespace"]).is_empty() && !has(key, '/'))
}

/// The policy of a hook host.
pub(crate) fn policy_of(host: &HostInput) -> Result<Policy, Reply> {
    match host.policy.as_str() {
        "" => Ok(Policy::default()),
        policy => json::parse(policy, &Limits::DEFAULT).and_then(|policy| Policy::parse(&policy)).map_err(refused),
    }
}

fn observe(host: &HostInput, request: &mut Value, members: &[&str]) -> Result<Observation, Reply> {
    let mut seen = Observation::empty(Host::Metacontroller, policy_of(host)?, &host.now);
    seen.manager = names::METACONTROLLER.into();
    for member in members {
        let Some(Value::Object(groups)) = request.get_mut(*member).map(Value::take) else {
            return Err(Reply::sentence(400, format!("the request has no {member}")));
        };
        for (_, group) in groups {
            let Value::Object(objects) = group else {
                return Err(Reply::sentence(400, format!("{member} is not a map of maps")));
            };
            seen.take_objects(objects.into_iter().map(|(_, object)| object).listed()).map_err(refused)?;
        }
    }
    Ok(seen)
}

/// The answer to a request that cannot be read.
pub(crate) fn refused(failure: Failure) -> Reply {
    let message = failure.diagnostics.first().map_or("", |diagnostic| diagnostic.message.as_str());
    let code = if failure.code == "LimitExceeded" { 413 } else { 400 };
    Reply::sentence(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use serde_json::json;

    #[test]
    fn what_is_held_without_a_namespace_gets_none() {
        let fields = json!({"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:capacity": {}}});
        let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "spec": {"capacity": {"storage": "1Gi"}, "x": 1},
            "metadata": {"name": "a.b", "uid": "u", "labels": {"a": "1", "foreign": "2"},
                "managedFields": [{"manager": names::METACONTROLLER, "operation": "Apply", "fieldsV1": fields}]}});
        let held = json!({"apiVersion": "v1", "kind": "PersistentVolume", "spec": {"capacity": {"storage": "1Gi"}},
            "metadata": {"name": "a.b", "labels": {"a": "1"}}});
        assert_eq!(last_applied(&volume), Some(held));
    }

    #[test]
    fn a_parent_that_cannot_be_told_from_another_is_never_answered_with_fewer_children() {
        let request = |namespace: Value| {
            let owner = json!([{"apiVersion": "mlops.internal/v1alpha1", "kind": "Endpoint", "name": "e", "uid": "u", "controller": true}]);
            let gateway = json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
                "metadata": {"name": "e", "namespace": "a", "uid": "g", "ownerReferences": owner,
                    "annotations": {names::METACONTROLLER_LAST_APPLIED: "{\"kind\":\"Gateway\"}"}}});
            let parent = json!({"apiVersion": "mlops.internal/v1alpha1", "kind": "Endpoint",
                "metadata": {"name": "e", "namespace": namespace, "uid": "u"}, "spec": {}});
            let groups =
                ["Model", "EndpointConfig", "Endpoint"].map(|kind| (format!("{kind}.mlops.internal/v1alpha1"), json!({})));
            let mut related: Map<String, Value> = groups.into_iter().collect();
            related.extend(["Gateway", "VirtualService"].map(|kind| (format!("{kind}.networking.istio.io/v1"), json!({}))));
            json!({"parent": parent, "children": {"Gateway.networking.istio.io/v1": {"a/e": gateway}}, "related": related})
                .to_string()
        };
        let code = |namespace: Value| sync(&HostInput::default(), &request(namespace)).code;
        assert_eq!((code("a".into()), code(json!({}))), (200, 500));
    }
}
