//! Makes the CustomResourceDefinitions from the types in `src/crd` and compares them with the committed files; `BLESS=1` rewrites.
#![cfg(feature = "schema")]
#![allow(missing_docs, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "BLESS rewrites what is generated")]

use modelwright::crd::{endpoint::EndpointSpec, endpoint_config::EndpointConfigSpec, model::ModelSpec, status::Status};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::fmt::Write;

const QUANTITY: &str = r"^[+-]?([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";

#[test]
fn crds_are_up_to_date() {
    let specs = [
        ("Model", with_our_texts(structural(schema::<ModelSpec>()))),
        ("EndpointConfig", structural(schema::<EndpointConfigSpec>())),
        ("Endpoint", structural(schema::<EndpointSpec>())),
    ];
    let mut rust = String::from(HEAD);
    let mut crds = Vec::new();
    for (kind, spec) in specs {
        let name = if kind == "EndpointConfig" { "ENDPOINT_CONFIG".to_owned() } else { kind.to_uppercase() };
        writeln!(rust, "\n/// `spec` of {kind}.\npub const {name}: &str = \"{}\";\n", node(&spec)).expect("text");
        crds.push(crd(kind, with_rules(kind, spec)));
    }
    check("src/crd/schema.rs", &rust);
    check("src/crd/crds.json", &Value::Array(crds.clone()).to_string());
    for crd in &crds {
        let path = format!("deploy/crds/{}.yaml", crd["metadata"]["name"].as_str().expect("a name"));
        check(&path, &serde_saphyr::to_string(&Plain(crd)).expect("YAML"));
    }
}

/// Numbers as numbers: the core asks `serde_json` for exact ones, which it shows to other formats as objects.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => serializer.serialize_i64(number.as_i64().expect("a schema has small integers")),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            Value::Object(members) => serializer.collect_map(members.iter().map(|(name, member)| (name, Plain(member)))),
            other => other.serialize(serializer),
        }
    }
}

const HEAD: &str = "//! The schemas as text, which takes a fifth of what static rows take in the npm package. Made by the test `crds`; do not edit.
//!
//! `{name!schema,name:schema,}` is an object, `!` a member that is required; `[schema]` a list, `<schema>` an object with any members;
//! `s` a text, `i` a whole number, `b` true or false, `q` a quantity, `x` a whole number or a text, `*` anything. Then, where they are
//! bounded, `least..most` and the words that a text may be as `(one|two)`.
";

fn check(path: &str, expected: &str) {
    let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, expected).expect("the file is written");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is out of date; run `cargo xtask bless` and read the difference");
}

fn schema<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// What the API server takes: <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>
fn structural(schema: Value) -> Value {
    let Value::Object(mut object) = schema else { return json!({"x-kubernetes-preserve-unknown-fields": true}) };
    // Texts of Kubernetes' own types are long; their first sentence is enough here.
    if let Some(text) = object.get("description").and_then(Value::as_str).filter(|text| text.len() > 200) {
        let sentence = text.split(". ").next().unwrap_or(text).trim_end_matches('.').to_owned();
        object.insert("description".into(), json!(format!("{sentence}.")));
    }
    let description = object.get("description").cloned();
    if object.contains_key("x-quantity") {
        let mut quantity = json!({"x-kubernetes-int-or-string": true, "pattern": QUANTITY, "maxLength": 64});
        if let Some(description) = description {
            quantity["description"] = description;
        }
        return quantity;
    }
    for union in ["anyOf", "oneOf", "allOf"] {
        let Some(Value::Array(variants)) = object.remove(union) else { continue };
        let variants: Vec<Value> = variants.into_iter().filter(|variant| variant["type"] != "null").collect();
        if variants.iter().all(|variant| variant.get("const").is_some()) {
            object.insert("type".into(), json!("string"));
            object.insert("enum".into(), variants.iter().map(|variant| variant["const"].clone()).collect());
        } else if let [only] = variants.as_slice() {
            let mut inner = structural(only.clone());
            if let Some(description) = description {
                inner["description"] = description;
            }
            return inner;
        }
    }
    for noise in ["$schema", "title", "format", "definitions", "default"] {
        object.remove(noise);
    }
    if let Some(Value::Array(types)) = object.get("type").cloned() {
        object.insert("type".into(), types.into_iter().find(|name| name != "null").expect("a type"));
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if object.get("additionalProperties") == Some(&Value::Bool(false)) {
        object.remove("additionalProperties");
    }
    let properties = object.get_mut("properties").and_then(Value::as_object_mut);
    for value in properties.into_iter().flat_map(Map::values_mut) {
        *value = structural(value.take());
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(value) = object.get_mut(inner) {
            *value = structural(value.take());
        }
    }
    for (from, to) in [("minLength", "minProperties"), ("maxLength", "maxProperties")] {
        if object.contains_key("additionalProperties")
            && let Some(bound) = object.remove(from)
        {
            object.insert(to.into(), bound);
        }
    }
    Value::Object(object)
}

/// One node as `src/crd/schema.rs` describes it.
fn node(schema: &Value) -> String {
    let int_or_string = schema["x-kubernetes-int-or-string"] == true;
    let kind = match (schema["type"].as_str(), int_or_string) {
        _ if schema.get("pattern").and_then(Value::as_str) == Some(QUANTITY) => "q".into(),
        (_, true) => "x".into(),
        (Some("string"), _) => "s".into(),
        (Some("integer"), _) => "i".into(),
        (Some("boolean"), _) => "b".into(),
        (Some("array"), _) => format!("[{}]", node(&schema["items"])),
        (Some("object"), _) if schema["properties"].is_object() => format!("{{\\\n{}}}", fields(schema)),
        (Some("object"), _) if schema["additionalProperties"].is_object() => {
            format!("<{}>", node(&schema["additionalProperties"]))
        }
        _ => "*".into(),
    };
    let bound = |names: &[&str]| names.iter().find_map(|name| schema[*name].as_i64()).map(|bound| bound.to_string());
    let least = bound(&["minimum", "minLength", "minItems", "minProperties"]);
    let most = bound(&["maximum", "maxLength", "maxItems", "maxProperties"]);
    let bounds = match (least, most) {
        (None, None) => String::new(),
        (least, most) => format!("{}..{}", least.unwrap_or_default(), most.unwrap_or_default()),
    };
    let words: Vec<&str> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let words = if words.is_empty() { String::new() } else { format!("({})", words.join("|")) };
    format!("{kind}{bounds}{words}")
}

fn fields(schema: &Value) -> String {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let fields = schema["properties"].as_object().into_iter().flatten();
    let one = |(name, value): (&String, &Value)| {
        let mark = if required.contains(&json!(name)) { '!' } else { ':' };
        format!("{name}{mark}{},\\\n", node(value))
    };
    fields.map(one).collect()
}

/// Where Kubernetes' own types begin. `kubectl explain` has their texts with the Pod and the PersistentVolume; here they would be a
/// fifth of the npm package's data.
const PASS_THROUGH: [&str; 12] = [
    "/properties/env/items/properties/valueFrom",
    "/properties/storage/properties/csi",
    "/properties/pod/properties/affinity",
    "/properties/pod/properties/imagePullSecrets",
    "/properties/pod/properties/tolerations",
    "/properties/pod/properties/topologySpreadConstraints",
    "/properties/pod/properties/volumes/items/properties/configMap",
    "/properties/pod/properties/volumes/items/properties/downwardAPI",
    "/properties/pod/properties/volumes/items/properties/ephemeral",
    "/properties/pod/properties/volumes/items/properties/persistentVolumeClaim",
    "/properties/pod/properties/volumes/items/properties/projected",
    "/properties/pod/properties/volumes/items/properties/secret",
];

/// Leaves the text of a field whose type is Kubernetes' own, and takes away those below it.
fn with_our_texts(mut spec: Value) -> Value {
    for path in PASS_THROUGH {
        let Some(field) = spec.pointer_mut(path) else { continue };
        let ours = field["description"].take();
        drop_texts(field);
        field["description"] = ours;
    }
    spec
}

fn drop_texts(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            // A property may be called `description`; then it is a schema, not a text.
            members.retain(|name, value| name != "description" || value.is_object());
            members.values_mut().for_each(drop_texts);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_texts),
        _ => {}
    }
}

/// What the types cannot say: list types and CEL rules.
fn with_rules(kind: &str, mut spec: Value) -> Value {
    let by_name = |list: &mut Value| {
        list["x-kubernetes-list-type"] = json!("map");
        list["x-kubernetes-list-map-keys"] = json!(["name"]);
    };
    let rule = |rule: &str, message: &str| json!({"rule": rule, "message": message});
    match kind {
        "Model" => {
            by_name(&mut spec["properties"]["env"]);
            by_name(&mut spec["properties"]["pod"]["properties"]["volumes"]);
            let one = "[has(self.nfs), has(self.csi), has(self.hostPath), has(self.storageClassName), has(self.existingClaim), \
                       has(self.ephemeral)].filter(source, source).size() <= 1";
            let same = ["nfs", "csi", "hostPath", "storageClassName", "existingClaim", "ephemeral"].map(|source| {
                format!(
                    "has(self.{source}) == has(oldSelf.{source}) && (!has(self.{source}) || self.{source} == oldSelf.{source})"
                )
            });
            let mounted = "self.artifact.uri.startsWith('pvc://') || self.artifact.uri.startsWith('oci://')";
            spec["x-kubernetes-validations"] = json!([
                rule("has(self.storage) == has(oldSelf.storage)", "storage cannot change; create a new Model"),
                rule(&format!("!({mounted}) || !has(self.storage)"), "storage is not used with a pvc or oci artifact"),
            ]);
            spec["properties"]["artifact"]["x-kubernetes-validations"] = json!([rule(
                "!has(self.sha256) || self.uri.startsWith('https://')",
                "artifact.sha256 can be checked for https only"
            ),]);
            spec["properties"]["env"]["items"]["x-kubernetes-validations"] =
                json!([rule("!(has(self.value) && has(self.valueFrom))", "env has both value and valueFrom")]);
            spec["properties"]["storage"]["x-kubernetes-validations"] = json!([
                rule(one, "storage must have exactly one source"),
                rule(&same.join(" && "), "storage cannot change; create a new Model"),
            ]);
        }
        "EndpointConfig" => {
            let models = &mut spec["properties"]["models"];
            by_name(models);
            models["items"]["x-kubernetes-validations"] = json!([rule(
                "!has(self.instances) || self.instances > 0 || self.weight == 0",
                "instances 0 with weight above 0 would answer 503",
            )]);
            models["x-kubernetes-validations"] = json!([
                rule("self.exists(entry, entry.weight > 0)", "all weights are 0"),
                rule("self.all(a, self.exists_one(b, b.model == a.model))", "a model is named twice"),
            ]);
        }
        _ => {}
    }
    spec
}

fn crd(kind: &str, spec: Value) -> Value {
    let (plural, short, columns) = match kind {
        "Model" => (
            "models",
            "mlm",
            json!([
                column("State", "string", ".status.state"),
                column("Wanted", "integer", ".status.replicas"),
                column("Available", "integer", ".status.availableReplicas"),
                column("Image", "string", ".spec.image"),
            ]),
        ),
        "EndpointConfig" => (
            "endpointconfigs",
            "mlec",
            json!([
                column("State", "string", ".status.state"),
                column("Models", "string", ".spec.models[*].model"),
                column("Weights", "string", ".spec.models[*].weight"),
            ]),
        ),
        _ => (
            "endpoints",
            "mle",
            json!([
                column("State", "string", ".status.state"),
                column("Config", "string", ".spec.config"),
                column("URL", "string", ".status.url"),
            ]),
        ),
    };
    let mut columns = columns;
    columns.as_array_mut().expect("a list").push(column("Age", "date", ".metadata.creationTimestamp"));
    let name_rule = json!([{
        "rule": "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 63",
        "message": "the name must be a DNS-1035 label of at most 63 characters",
    }]);
    let mut status = structural(schema::<Status>());
    status["properties"]["conditions"]["x-kubernetes-list-type"] = json!("map");
    status["properties"]["conditions"]["x-kubernetes-list-map-keys"] = json!(["type"]);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.mlops.internal")},
        "spec": {
            "group": "mlops.internal", "scope": "Namespaced",
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase(),
                "shortNames": [short], "categories": ["mlops"]},
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true, "subresources": {"status": {}},
                "additionalPrinterColumns": columns,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "required": ["spec"], "x-kubernetes-validations": name_rule,
                    "properties": {
                        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
                        "spec": spec, "status": status,
                    },
                }},
            }],
        },
    })
}

fn column(name: &str, kind: &str, path: &str) -> Value {
    json!({"name": name, "type": kind, "jsonPath": path})
}
