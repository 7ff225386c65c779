//! The right that each request needs, as RBAC of Kubernetes names it.

use crate::cluster::Call;

/// Verbs in the order in which they are written.
const VERBS: [&str; 6] = ["get", "list", "create", "patch", "update", "delete"];

/// Something that somebody must be allowed to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// Empty: of the cluster.
    pub namespace: String,
    /// API group; empty: the core.
    pub group: String,
    /// Resource, with `/` and the subresource where there is one.
    pub resource: String,
    /// The only object; empty: any.
    pub name: String,
    /// Place of the verb in the usual order.
    verb: usize,
}

impl Right {
    /// What a request needs. A server-side apply may create what it changes, so it needs both.
    pub fn of(call: &Call) -> Vec<Self> {
        let parts: Vec<&str> = call.path.split('/').skip(1).collect();
        let (group, rest) = match parts[..] {
            ["api", _, ref rest @ ..] => ("", rest),
            ["apis", group, _, ref rest @ ..] => (group, rest),
            _ => return Vec::new(),
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            rest => ("", rest),
        };
        let (resource, is_one, is_part) = match rest {
            [resource] => ((*resource).to_owned(), false, false),
            [resource, _] => ((*resource).to_owned(), true, false),
            [resource, _, part, ..] => (format!("{resource}/{part}"), true, true),
            [] => return Vec::new(),
        };
        let name = call.query.get("fieldSelector").and_then(|selector| selector.strip_prefix("metadata.name="));
        let verbs: &[&str] = match (call.method.as_str(), is_one, is_part) {
            ("GET", true, _) => &["get"],
            ("GET", false, _) => &["list"],
            ("POST", ..) => &["create"],
            ("PUT", ..) => &["update"],
            ("PATCH", _, false) => &["create", "patch"],
            ("PATCH", _, true) => &["patch"],
            ("DELETE", ..) => &["delete"],
            _ => &[],
        };
        let right = |verb: &&str| Self {
            namespace: namespace.into(),
            group: group.into(),
            resource: resource.clone(),
            name: name.unwrap_or("").into(),
            verb: VERBS.iter().position(|known| known == verb).unwrap_or(0),
        };
        verbs.iter().map(right).collect()
    }

    /// Where its verb stands in the usual order.
    pub fn place(&self) -> usize {
        self.verb
    }

    /// The verb.
    pub fn verb(&self) -> &'static str {
        VERBS.get(self.verb).copied().unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_a_right() {
        let table = [
            ("GET", "/api/v1/namespaces/a/services", "a//services/list"),
            ("GET", "/api/v1/namespaces/a/services/b", "a//services/get"),
            ("GET", "/api/v1/namespaces", "//namespaces/list"),
            ("GET", "/api/v1/namespaces/a", "//namespaces/get"),
            ("DELETE", "/apis/apps/v1/namespaces/a/deployments/b", "a/apps/deployments/delete"),
            ("PATCH", "/api/v1/persistentvolumes/b", "//persistentvolumes/create //persistentvolumes/patch"),
            ("PATCH", "/apis/x.y/v1/namespaces/a/models/b/status", "a/x.y/models/status/patch"),
            ("PUT", "/apis/x.y/v1/namespaces/a/leases/b", "a/x.y/leases/update"),
            ("POST", "/apis/x.y/v1/namespaces/a/leases", "a/x.y/leases/create"),
            ("GET", "/version", ""),
        ];
        for (method, path, expected) in table {
            let rights = Right::of(&Call::new(method, path));
            let text = |right: &Right| format!("{}/{}/{}/{}", right.namespace, right.group, right.resource, right.verb());
            assert_eq!(rights.iter().map(text).collect::<Vec<_>>().join(" "), expected, "{method} {path}");
        }
        let named = Right::of(&Call::get("/api/v1/namespaces").with("fieldSelector", "metadata.name=a"));
        assert_eq!(named.first().map(|right| right.name.as_str()), Some("a"));
    }
}
