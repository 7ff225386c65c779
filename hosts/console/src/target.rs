//! What may be asked of the API server through here: a plainly written path that holds no secret and opens no other door, and a
//! method.
//!
//! Nothing is normalised. A path that is written in any other way than the API server writes it is refused, so that there are never
//! two opinions about what it means; and what is not known to be needed by a page that shows, plans and applies is refused as well.

use crate::answer::Refusal;
use http::{Method, StatusCode};

/// Parts of an object that may be read and written. The logs of containers are not among them: programs print what they like,
/// secrets included, and the page shows none.
const PARTS: [&str; 2] = ["scale", "status"];
/// Old paths to every resource, secrets included.
const OLD: [&str; 2] = ["proxy", "watch"];
/// POST requests that create nothing: they answer what the user may do, and who that is.
const QUESTIONS: [[&str; 3]; 3] = [
    ["authentication.k8s.io", "v1", "selfsubjectreviews"],
    ["authorization.k8s.io", "v1", "selfsubjectaccessreviews"],
    ["authorization.k8s.io", "v1", "selfsubjectrulesreviews"],
];
const WRITES: [Method; 4] = [Method::DELETE, Method::PATCH, Method::POST, Method::PUT];

/// A resource, one of its objects, or a part of one.
#[derive(Debug, PartialEq, Eq)]
struct Resource<'a> {
    plural: &'a str,
    name: Option<&'a str>,
    part: Option<&'a str>,
}

/// Whether a request may be passed on; `writes`: whether anything may be changed.
pub fn judge(method: &Method, path: &str, writes: bool) -> Result<(), Refusal> {
    let segments = segments(path)?;
    let resource = match segments[..] {
        ["version"] | ["api"] | ["api", _] | ["apis"] | ["apis", _] | ["apis", _, _] | ["openapi", ..] => None,
        ["api", _, ref rest @ ..] | ["apis", _, _, ref rest @ ..] => Some(self::resource(rest)?),
        _ => return Err(Refusal::new(StatusCode::NOT_FOUND, "there is no such path")),
    };
    resource.as_ref().map_or(Ok(()), readable)?;
    match *method {
        Method::GET => Ok(()),
        Method::POST if is_question(&segments) => Ok(()),
        ref method if !WRITES.contains(method) => {
            Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "the methods are GET, POST, PUT, PATCH and DELETE"))
        }
        _ if !writes => Err(forbidden("this console is read-only: `modelwright console --allow-writes` passes writes on")),
        ref method => writable(method, resource),
    }
}

/// The segments of a path, each of them as it is in the names of Kubernetes.
fn segments(path: &str) -> Result<Vec<&str>, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    let is_plain = |segment: &&str| !["", ".", ".."].contains(segment) && segment.bytes().all(plain);
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or_default().split('/').collect();
    match segments.iter().all(is_plain) {
        true => Ok(segments),
        false => Err(forbidden("a path is passed on only as the API server itself writes it")),
    }
}

/// What is behind group and version.
fn resource<'a>(rest: &[&'a str]) -> Result<Resource<'a>, Refusal> {
    match *rest {
        // The only two parts of a namespace; everything else there is a resource in it.
        ["namespaces", name, part @ ("finalize" | "status")] => {
            Ok(Resource { plural: "namespaces", name: Some(name), part: Some(part) })
        }
        ["namespaces", _, plural, ref rest @ ..] | [plural, ref rest @ ..] => match *rest {
            [] => Ok(Resource { plural, name: None, part: None }),
            [name] => Ok(Resource { plural, name: Some(name), part: None }),
            [name, part] => Ok(Resource { plural, name: Some(name), part: Some(part) }),
            _ => Err(forbidden("nothing behind a part of an object is passed on")),
        },
        [] => Err(forbidden("there is no resource in the path")),
    }
}

fn readable(resource: &Resource<'_>) -> Result<(), Refusal> {
    let plural = resource.plural.to_ascii_lowercase();
    if plural == "secrets" {
        return Err(forbidden("Secrets never pass through the console"));
    }
    if OLD.contains(&plural.as_str()) {
        return Err(forbidden("this kind of path is not passed on"));
    }
    match resource.part {
        Some(part) if !PARTS.contains(&part) => {
            Err(forbidden("of the parts of an object only its status and its scale are passed on"))
        }
        _ => Ok(()),
    }
}

fn is_question(segments: &[&str]) -> bool {
    matches!(segments, ["apis", rest @ ..] if QUESTIONS.iter().any(|question| question == rest))
}

/// A write has a resource; what is deleted has a name.
fn writable(method: &Method, resource: Option<Resource<'_>>) -> Result<(), Refusal> {
    match resource {
        None => Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this path can only be read")),
        Some(Resource { name: None, .. }) if *method == Method::DELETE => {
            Err(forbidden("objects are deleted one by one, by their names"))
        }
        Some(_) => Ok(()),
    }
}

fn forbidden(sentence: &str) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(method: &str, path: &str, writes: bool) -> u16 {
        let method: Method = method.parse().expect("a method");
        judge(&method, path, writes).map_or_else(|refusal| refusal.code.as_u16(), |()| 200)
    }

    #[test]
    fn what_a_page_reads_passes() {
        for path in [
            "/version",
            "/api",
            "/api/v1",
            "/apis",
            "/apis/apps",
            "/apis/apps/v1",
            "/openapi/v3/apis/apps/v1",
            "/api/v1/namespaces",
            "/api/v1/namespaces/shop",
            "/api/v1/namespaces/shop/status",
            "/api/v1/pods",
            "/api/v1/namespaces/shop/pods/titanic-v1-abc",
            // Names of objects, not of what they are.
            "/api/v1/namespaces/secrets/services",
            "/api/v1/namespaces/shop/services/secrets",
            "/api/v1/namespaces/secrets",
            "/apis/mlops.internal/v1alpha1/namespaces/shop/models/watch/status",
            "/apis/apps/v1/namespaces/shop/deployments/proxy/scale",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
        ] {
            assert_eq!(code("GET", path, false), 200, "{path}");
        }
    }

    #[test]
    fn no_way_leads_to_a_secret_or_through_another_door() {
        for path in [
            "/api/v1/secrets",
            "/api/v1/secrets/",
            "/api/v1/Secrets",
            "/api/v1/SECRETS",
            "/api/v1/namespaces/shop/secrets",
            "/api/v1/namespaces/shop/secrets/token",
            "/api/v1/namespaces/shop/secrets/token/status",
            "/api/v1/namespaces/shop/sEcrets",
            "/api/v1/namespaces/status/secrets",
            "/api/v1/namespaces/finalize/secrets/token",
            "/api/v1/watch/secrets",
            "/api/v1/watch/namespaces/shop/secrets",
            "/api/v1/watch/namespaces/shop/pods",
            "/api/v1/namespaces/shop/watch/secrets",
            "/api/v1/proxy/namespaces/shop/services/x",
            "/api/v2/namespaces/shop/secrets",
            "/apis/core/v1/namespaces/shop/secrets",
            "/api/v1/namespaces/shop/%73ecrets",
            "/api/v1/namespaces/shop/secrets%2f",
            "/api/v1/namespaces/shop/secrets%00",
            "/api/v1/namespaces/shop/secrets;a=b",
            "/api/v1/namespaces/shop/;/secrets",
            "/api/v1/namespaces/shop//secrets",
            "/api/v1//namespaces/shop/secrets",
            "//api/v1/secrets",
            "/api/v1/./secrets",
            "/api/v1/pods/../secrets",
            "/api/v1/namespaces/shop/pods/../secrets",
            "/api/v1/namespaces/..%2fsecrets",
            "/api/v1/namespaces\\shop\\secrets",
            "/api/v1/namespaces/shop/secrets%20",
            "/api/v1/namespaces/shop/sécrets",
            "/api/v1/namespaces/shop/pods/x/proxy",
            "/api/v1/namespaces/shop/pods/x/proxy/metrics",
            "/api/v1/namespaces/shop/pods/x/exec",
            "/api/v1/namespaces/shop/pods/x/attach",
            "/api/v1/namespaces/shop/pods/x/portforward",
            "/api/v1/namespaces/shop/pods/x/log",
            "/api/v1/namespaces/shop/pods/x/ephemeralcontainers",
            "/api/v1/namespaces/shop/services/http:x:80/proxy",
            "/api/v1/nodes/x/proxy",
            "/api/v1/nodes/x/proxy/configz",
            "/api/v1/namespaces/shop/serviceaccounts/default/token",
            "/api/v1/namespaces/shop/finalize",
            "/api/v1/",
            "/",
            "",
        ] {
            for method in ["GET", "POST", "PATCH", "DELETE"] {
                assert_eq!(code(method, path, true), 403, "{method} {path}");
            }
        }
        for path in [
            "/metrics",
            "/healthz",
            "/logs/kube-apiserver.log",
            "/debug/pprof",
            "/API/v1/secrets",
            "/.well-known/openid-configuration",
        ] {
            assert_eq!(code("GET", path, true), 404, "{path}");
        }
    }

    #[test]
    fn nothing_is_written_unless_that_is_switched_on() {
        let model = "/apis/mlops.internal/v1alpha1/namespaces/shop/models/titanic";
        let models = "/apis/mlops.internal/v1alpha1/namespaces/shop/models";
        for (method, path) in [("POST", models), ("PUT", model), ("PATCH", model), ("DELETE", model)] {
            assert_eq!((code(method, path, false), code(method, path, true)), (403, 200), "{method}");
        }
        assert_eq!(code("DELETE", models, true), 403);
        for path in ["/version", "/openapi/v2", "/api/v1", "/apis/apps/v1"] {
            assert_eq!(code("POST", path, true), 405, "{path}");
        }
        for method in ["HEAD", "OPTIONS", "CONNECT", "TRACE", "SECRETS"] {
            assert_eq!(code(method, models, true), 405, "{method}");
        }
        for question in [
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        ] {
            assert_eq!((code("POST", question, false), code("PUT", question, false)), (200, 403), "{question}");
        }
        assert_eq!(code("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", false), 403);
    }
}
