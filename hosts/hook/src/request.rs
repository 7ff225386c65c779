//! The few members of a request that the server itself looks at: whose it is, and what changes although nothing has changed.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// A request of Metacontroller (hook version v2), read no deeper than the metadata of its objects.
#[derive(Deserialize)]
pub struct Request<'a> {
    #[serde(borrow, default)]
    parent: Option<Object<'a>>,
    #[serde(borrow, default)]
    object: Option<Object<'a>>,
    #[serde(borrow, default)]
    controller: Option<Object<'a>>,
    #[serde(borrow, default)]
    children: Option<Groups<'a>>,
    #[serde(borrow, default)]
    attachments: Option<Groups<'a>>,
    #[serde(borrow, default)]
    related: Option<Groups<'a>>,
}

type Groups<'a> = BTreeMap<Cow<'a, str>, BTreeMap<Cow<'a, str>, Object<'a>>>;

/// An object, as far as its metadata.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'a> {
    /// As in the object.
    #[serde(borrow, default)]
    pub api_version: Option<Cow<'a, str>>,
    /// As in the object.
    #[serde(borrow, default)]
    pub kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resource_version: Option<&'a RawValue>,
}

impl<'a> Request<'a> {
    /// Reads a request; the error is one sentence.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("the request cannot be read: {error}"))
    }

    /// The parent, or the object of a decorator.
    pub fn parent(&self) -> Option<&Object<'a>> {
        self.parent.as_ref().or(self.object.as_ref())
    }

    /// Where the resource versions are in the text, in its order. They change with every write, also one that changes nothing else.
    pub fn versions(&self, text: &str) -> Vec<Range<usize>> {
        let lists = [&self.children, &self.attachments, &self.related].into_iter().flatten();
        let listed = lists.flat_map(BTreeMap::values).flat_map(BTreeMap::values);
        let objects = [&self.parent, &self.object, &self.controller].into_iter().flatten().chain(listed);
        let versions = objects.filter_map(|object| object.metadata.as_ref()?.resource_version);
        let mut places: Vec<Range<usize>> = versions.map(|version| place(version.get(), text)).collect();
        places.sort_by_key(|place| place.start);
        places
    }
}

impl Object<'_> {
    /// Empty where there is none.
    pub fn name(&self) -> &str {
        self.metadata.as_ref().and_then(|metadata| metadata.name.as_deref()).unwrap_or("")
    }

    /// Empty where there is none.
    pub fn namespace(&self) -> &str {
        self.metadata.as_ref().and_then(|metadata| metadata.namespace.as_deref()).unwrap_or("")
    }
}

/// Where a part of a text, borrowed from it, is in it.
fn place(part: &str, whole: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_where_they_are() {
        let text = r#"{"related": {"Model.x/v1": {"a/b": {"metadata": {"resourceVersion": "12", "annotations": {"resourceVersion": "x"}}}}},
            "parent": {"kind": "Model", "metadata": {"name": "b", "resourceVersion": "7"}, "spec": {"resourceVersion": "y"}}, "children": null}"#;
        let request = Request::parse(text).expect("a request");
        let found: Vec<&str> = request.versions(text).into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, [r#""12""#, r#""7""#]);
        assert_eq!(request.parent().map(Object::name), Some("b"));
    }

    #[test]
    fn what_is_no_request_is_said() {
        for text in [
            "",
            "[",
            "null",
            r#"{"children": []}"#,
            r#"{"parent": {}, "parent": {}}"#,
            r#"{"parent": {"metadata": {"name": 1}}}"#,
        ] {
            assert!(Request::parse(text).is_err(), "{text}");
        }
    }
}
