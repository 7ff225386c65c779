//! Texts → objects: lists flattened, and what is none of our kinds refused with its place.

use super::files::Source;
use super::node::{Content, Mark, Member, Node, write_text};
use crate::findings::Finding;
use crate::stop::Stop;
use std::collections::BTreeMap;

const API: &str = "mlops.internal/v1alpha1";
const KINDS: [&str; 3] = ["Model", "EndpointConfig", "Endpoint"];

/// Objects and the texts they come from.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// The texts.
    pub sources: Vec<Source>,
    /// The objects, in the order of the files.
    pub objects: Vec<Object>,
}

/// One object and where it was found.
#[derive(Clone, Debug)]
pub struct Object {
    /// Index of its text.
    pub source: usize,
    /// Its content.
    pub node: Node,
}

impl Object {
    /// `Kind/namespace/name`, as the component calls it.
    pub fn label(&self) -> String {
        let metadata = |member| self.node.get("metadata").map_or("", |metadata| metadata.text(member));
        match metadata("namespace") {
            "" => format!("{}/{}", self.node.text("kind"), metadata("name")),
            namespace => format!("{}/{namespace}/{}", self.node.text("kind"), metadata("name")),
        }
    }

    /// `metadata.namespace`; empty where there is none.
    pub fn namespace(&self) -> &str {
        self.node.get("metadata").map_or("", |metadata| metadata.text("namespace"))
    }

    /// Who it is.
    pub fn reference(&self) -> Reference {
        Reference {
            kind: self.node.text("kind").into(),
            namespace: self.namespace().into(),
            name: self.node.get("metadata").map_or("", |metadata| metadata.text("name")).into(),
        }
    }

    /// Gives a namespace to an object that names none.
    fn put_into(&mut self, namespace: &str) {
        let Content::Map(members) = &mut self.node.content else { return };
        let Some(metadata) = members.iter_mut().find(|member| member.name == "metadata") else { return };
        let at = metadata.at;
        if let Content::Map(members) = &mut metadata.value.content {
            members.retain(|member| member.name != "namespace");
            members.push(Member { at, name: "namespace".into(), value: Node::new(at, Content::Text(namespace.into())) });
        }
    }
}

/// Names one of our custom resources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// `Model`, `EndpointConfig` or `Endpoint`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Reference {
    /// From `KIND/NAME`: the kind as kubectl takes it, in any case, in the plural, or as a short name.
    pub fn parse(text: &str, namespace: &str) -> Result<Self, Stop> {
        let wrong = || Stop::input(format!("{text}: write KIND/NAME, for example model/titanic-v1; the kind is {}", one_of()));
        let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "model" | "models" | "mlm" => "Model",
            "endpointconfig" | "endpointconfigs" | "mlec" => "EndpointConfig",
            "endpoint" | "endpoints" | "mle" => "Endpoint",
            _ => return Err(wrong()),
        };
        match name.is_empty() || name.contains('/') {
            true => Err(wrong()),
            false => Ok(Self { kind: kind.into(), namespace: namespace.into(), name: name.into() }),
        }
    }

    /// The object that is named, with nothing but its name, as JSON.
    pub fn object(&self) -> String {
        let Self { kind, namespace, name } = self;
        let metadata = Node::object([("namespace", Content::Text(namespace.clone())), ("name", Content::Text(name.clone()))]);
        let object =
            [("apiVersion", Content::Text(API.into())), ("kind", Content::Text(kind.clone())), ("metadata", metadata.content)];
        Node::object(object).json()
    }

    /// `Kind/namespace/name`, as findings have it.
    pub fn label(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace, self.name)
    }

    /// As plans name it: `mlops.internal/v1alpha1|Model|namespace|name`.
    pub fn id(&self) -> String {
        format!("{API}|{}|{}|{}", self.kind, self.namespace, self.name)
    }

    /// Whether a plan's id is this one's.
    pub fn is(&self, id: &str) -> bool {
        id == self.id()
    }

    /// As the component reads it.
    pub fn json(&self) -> String {
        let mut out = String::from("{\"kind\":");
        write_text(&mut out, &self.kind);
        out.push_str(",\"namespace\":");
        write_text(&mut out, &self.namespace);
        out.push_str(",\"name\":");
        write_text(&mut out, &self.name);
        out.push('}');
        out
    }
}

impl Objects {
    /// Puts what names no namespace into `default`. What names another than `only`, where the user gave that, is a finding.
    pub fn within(mut self, default: &str, only: Option<&str>) -> Result<Self, Stop> {
        let mut findings = Vec::new();
        for object in &mut self.objects {
            let named = object.namespace().to_owned();
            if named.is_empty() && !default.is_empty() {
                object.put_into(default);
            } else if let Some(only) = only.filter(|only| *only != named && !named.is_empty()) {
                let message = format!("{} is of namespace {named}, not {only}", object.label());
                let finding = Finding { path: "/metadata/namespace".into(), ..Finding::error("OtherNamespace", message) };
                findings.push(finding.helped("leave out --namespace, or the namespace in the file").within(object));
            }
        }
        self.unless(findings)
    }

    /// The objects of some texts, or everything that is wrong with the texts.
    pub fn read(sources: Vec<Source>) -> Result<Self, Stop> {
        let (read, findings) = Self::gather(sources);
        read.unless(findings)
    }

    /// The custom resources of some texts: at least one, nothing else, each with a name.
    pub fn resources(sources: Vec<Source>) -> Result<Self, Stop> {
        let (read, mut findings) = Self::gather(sources);
        if read.objects.is_empty() && findings.is_empty() {
            let names: Vec<&str> = read.sources.iter().map(|source| source.name.as_str()).collect();
            return Err(Stop::input(format!("{}: there is no custom resource in here", names.join(", "))));
        }
        findings.extend(read.objects.iter().filter(|object| not_an_object(object).is_none()).filter_map(not_a_resource));
        findings.extend(read.given_twice());
        findings.sort_by_key(|finding| finding.place.map(|place| (place.source, place.mark.line, place.mark.column)));
        read.unless(findings)
    }

    fn gather(sources: Vec<Source>) -> (Self, Vec<Finding>) {
        let mut objects = Vec::new();
        let mut findings = Vec::new();
        for (source, text) in sources.iter().enumerate() {
            match super::documents(text) {
                Ok(documents) => documents.into_iter().for_each(|node| flatten(source, node, &mut objects)),
                Err(mistake) => findings.push(mistake.into_finding(source)),
            }
        }
        findings.extend(objects.iter().filter_map(not_an_object));
        (Self { sources, objects }, findings)
    }

    /// The objects as a JSON list.
    pub fn json(&self) -> String {
        let objects: Vec<String> = self.objects.iter().map(|object| object.node.json()).collect();
        format!("[{}]", objects.join(","))
    }

    fn given_twice(&self) -> Vec<Finding> {
        let mut first = BTreeMap::new();
        let mut findings = Vec::new();
        for object in self.objects.iter().filter(|object| not_a_resource(object).is_none()) {
            let place = (object.source, object.node.at);
            let (source, mark) = *first.entry(object.label()).or_insert(place);
            if (source, mark) != place {
                let name = self.sources.get(source).map_or("", |source| source.name.as_str());
                let finding = Finding::error("DuplicateResource", format!("{} is given twice", object.label()));
                findings.push(finding.helped(format!("the first is at {name}:{}", mark.line)).at(object.source, object.node.at));
            }
        }
        findings
    }

    fn unless(self, findings: Vec<Finding>) -> Result<Self, Stop> {
        if findings.is_empty() { Ok(self) } else { Err(Stop::Invalid { findings, sources: self.sources }) }
    }
}

/// A `List`, or the list of a kind, stands for its items.
fn flatten(source: usize, node: Node, objects: &mut Vec<Object>) {
    let is_list = node.text("kind").ends_with("List") && node.get("items").is_some();
    match is_list {
        true => node.get("items").map_or(&[][..], Node::items).iter().for_each(|item| flatten(source, item.clone(), objects)),
        false => objects.push(Object { source, node }),
    }
}

fn not_an_object(object: &Object) -> Option<Finding> {
    let finding = |message: &str| Finding::error("NotAnObject", message).at(object.source, object.node.at);
    if object.node.members().is_empty() {
        return Some(finding("this document is not a Kubernetes object").helped("an object begins with apiVersion and kind"));
    }
    match (object.node.text("apiVersion"), object.node.text("kind")) {
        ("", _) => Some(finding("apiVersion is missing").helped(format!("write `apiVersion: {API}`"))),
        (_, "") => Some(finding("kind is missing").helped(one_of())),
        _ => None,
    }
}

fn not_a_resource(object: &Object) -> Option<Finding> {
    let (api, kind) = (object.node.text("apiVersion"), object.node.text("kind"));
    let at = |pointer: &str| -> Mark { object.node.locate(pointer).1 };
    if !KINDS.contains(&kind) {
        let message = format!("{kind} of {api} is not a kind that Modelwright deploys");
        let finding = Finding::error("NotOurs", message).at(object.source, at("/kind"));
        return Some(finding.helped(format!("{}; objects of the cluster go into --live", one_of())));
    }
    if api != API {
        let message = format!("{kind} has the apiVersion {api}");
        return Some(
            Finding::error("NotOurs", message).at(object.source, at("/apiVersion")).helped(format!("write `apiVersion: {API}`")),
        );
    }
    let name = object.node.get("metadata").map_or("", |metadata| metadata.text("name"));
    let finding =
        || Finding::error("NoName", format!("this {kind} has no name")).helped("write the name as text in `metadata.name`");
    name.is_empty().then(|| Finding { path: "/metadata/name".into(), ..finding() }.within(object))
}

fn one_of() -> String {
    format!("one of {}", KINDS.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Vec<Source> {
        vec![Source { name: "a.yaml".into(), text: text.into() }]
    }

    fn codes(result: Result<Objects, Stop>) -> Vec<String> {
        match result {
            Err(Stop::Invalid { findings, .. }) => findings.into_iter().map(|finding| finding.code).collect(),
            Err(stop) => vec![stop.to_string()],
            Ok(read) => read.objects.iter().map(Object::label).collect(),
        }
    }

    #[test]
    fn lists_are_their_items() {
        let list = "kind: List\napiVersion: v1\nitems:\n- kind: ModelList\n  apiVersion: x/v1\n  items:\n  - {apiVersion: x/v1, kind: Model, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: ns}}\n";
        assert_eq!(codes(Objects::read(source(list))), ["Model/a", "Pod/ns/b"]);
        assert!(codes(Objects::read(source("kind: List\napiVersion: v1\nitems: []"))).is_empty());
    }

    #[test]
    fn what_is_not_ours_is_named() {
        let table = [
            ("apiVersion: v1\nkind: Pod", "NotOurs"),
            ("apiVersion: mlops.internal/v1\nkind: Model\nmetadata: {name: a}", "NotOurs"),
            ("apiVersion: mlops.internal/v1alpha1\nkind: Model", "NoName"),
            ("kind: Model", "NotAnObject"),
            ("- a", "NotAnObject"),
            ("text", "NotAnObject"),
            ("a: [", "Unreadable"),
            ("apiVersion: mlops.internal/v1alpha1\nkind: Model\nmetadata: {name: a, namespace: b}", "Model/b/a"),
            ("", "a.yaml: there is no custom resource in here"),
        ];
        for (text, code) in table {
            assert_eq!(codes(Objects::resources(source(text))), [code], "{text}");
        }
    }
}
