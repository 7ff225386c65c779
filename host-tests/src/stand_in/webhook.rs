//! One call of a hook: a POST with JSON, a time limit, an answer. By plain HTTP, or by TLS with authorities and a client certificate from
//! Secrets.

use super::api::{Api, JSON};
use crate::cluster::TemporaryFile;
use http::{Request, StatusCode, header};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a sync does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The hook asks to come again after a time; nobody is told.
    Later(Duration),
    /// Something related has not been listed yet; nobody is told.
    NotSynced,
    /// Anything else; it becomes an event.
    Failed(String),
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<super::api::Refusal> for Trouble {
    fn from(refusal: super::api::Refusal) -> Self {
        Self::Failed(refusal.into())
    }
}

/// A tag, and the answer that has it.
type Tagged = (String, Vec<u8>);

/// Where a hook is and how to get there.
pub struct Webhook {
    client: Client,
    path: String,
    timeout: Duration,
    /// The answers with their tags, by kind and name of the parent; `None` where tags are not wanted.
    tags: Option<RefCell<BTreeMap<String, Tagged>>>,
}

impl Webhook {
    /// From the member `webhook` of a hook and the `endpointConfigs` of its controller. Secrets are read once, now.
    pub async fn open(api: &Api, webhook: &Value, connections: &Value) -> Result<Self, String> {
        let url = url(webhook)?;
        let own = ["caBundle", "clientTLS", "authorization", "basicAuth"].iter().any(|member| !webhook[member].is_null());
        let connection = if own { webhook } else { connection_for(&url, connections) };
        if !connection["authorization"].is_null() || !connection["basicAuth"].is_null() {
            return Err("the stand-in knows neither tokens nor passwords for hooks: use clientTLS".into());
        }
        let uri: http::Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
        let origin =
            format!("{}://{}", uri.scheme_str().unwrap_or("http"), uri.authority().map_or("", |authority| authority.as_str()));
        let timeout = webhook["timeout"].as_str().map(super::flags::duration).transpose()?;
        Ok(Self {
            client: client(api, &origin, connection).await?,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).into(),
            timeout: timeout.filter(|timeout| !timeout.is_zero()).unwrap_or(DEFAULT_TIMEOUT),
            tags: (webhook["etag"]["enabled"] == true).then(RefCell::default),
        })
    }

    /// Sends a body about a parent and takes the body of the answer.
    pub async fn call(&self, parent: &str, body: &Value) -> Result<Vec<u8>, Trouble> {
        let known = self.tags.as_ref().and_then(|tags| tags.borrow().get(parent).cloned());
        let mut request = Request::post(&self.path).header(header::CONTENT_TYPE, JSON);
        if let Some((tag, _)) = &known {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let request = request.body(Body::from(body.to_string().into_bytes())).map_err(|error| error.to_string())?;
        let exchange = async {
            let response = self.client.send(request).await.map_err(|error| format!("http error: {error}"))?;
            let (head, body) = response.into_parts();
            let body = body.collect_bytes().await.map_err(|error| format!("can't read the answer: {error}"))?;
            Ok::<_, String>((head, body.to_vec()))
        };
        let late = |_| format!("http error: no answer within {:?}", self.timeout);
        let (head, body) = tokio::time::timeout(self.timeout, exchange).await.map_err(late)??;
        match (head.status, known) {
            (StatusCode::OK, _) => {
                let tag = head.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
                if let (Some(tags), Some(tag)) = (&self.tags, tag) {
                    tags.borrow_mut().insert(parent.into(), (tag.into(), body.clone()));
                }
                Ok(body)
            }
            (StatusCode::NOT_MODIFIED | StatusCode::PRECONDITION_FAILED, Some((_, known))) => Ok(known),
            (StatusCode::TOO_MANY_REQUESTS, _) => Err(Trouble::Later(retry_after(&head.headers))),
            (code, _) => {
                Err(format!("unsupported status code: {} body: {}", code.as_u16(), String::from_utf8_lossy(&body)).into())
            }
        }
    }
}

/// In seconds. Without the header, or as a date, it is at once.
fn retry_after(headers: &http::HeaderMap) -> Duration {
    let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

fn url(webhook: &Value) -> Result<String, String> {
    if let Some(url) = webhook["url"].as_str() {
        return Ok(url.into());
    }
    let service = &webhook["service"];
    let (Some(name), Some(namespace), Some(path)) =
        (service["name"].as_str(), service["namespace"].as_str(), webhook["path"].as_str())
    else {
        return Err("a webhook has neither a url nor a service and a path".into());
    };
    let (protocol, port) = (service["protocol"].as_str().unwrap_or("http"), service["port"].as_u64().unwrap_or(80));
    Ok(format!("{protocol}://{name}.{namespace}:{port}{path}"))
}

/// The first entry for the host of a URL, with or without the port that is the default.
fn connection_for<'a>(url: &str, connections: &'a Value) -> &'a Value {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split('/').next().unwrap_or_default();
    let port = if scheme == "https" { ":443" } else { ":80" };
    let names = [host.to_owned(), format!("{host}{port}"), host.trim_end_matches(port).to_owned()];
    let is_meant =
        |entry: &&Value| names.iter().any(|name| entry["host"].as_str().is_some_and(|host| host.eq_ignore_ascii_case(name)));
    connections.as_array().into_iter().flatten().find(is_meant).unwrap_or(&Value::Null)
}

/// A client for the origin; the words of a kubeconfig are those of a Secret.
async fn client(api: &Api, origin: &str, connection: &Value) -> Result<Client, String> {
    let (mut cluster, mut user) = (json!({"server": origin}), json!({}));
    let bundle = &connection["caBundle"];
    let mut file = None;
    if let Some(reference) = bundle.get("secretRef") {
        cluster["certificate-authority-data"] =
            member(api, "secrets", reference, reference["key"].as_str().unwrap_or("ca.crt")).await?.into();
    } else if let Some(text) = text_of(api, bundle).await? {
        let written = TemporaryFile::with(&text)?;
        cluster["certificate-authority"] = written.path().display().to_string().into();
        file = Some(written);
    }
    if let Some(reference) = connection["clientTLS"].get("secretRef") {
        let key = |name: &str, default: &str| connection["clientTLS"][name].as_str().unwrap_or(default).to_owned();
        user["client-certificate-data"] = member(api, "secrets", reference, &key("certKey", "tls.crt")).await?.into();
        user["client-key-data"] = member(api, "secrets", reference, &key("privateKeyKey", "tls.key")).await?.into();
    }
    let kubeconfig: Kubeconfig = serde_json::from_value(json!({
        "current-context": "hook", "contexts": [{"name": "hook", "context": {"cluster": "hook", "user": "hook"}}],
        "clusters": [{"name": "hook", "cluster": cluster}], "users": [{"name": "hook", "user": user}],
    }))
    .map_err(|error| error.to_string())?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    drop(file);
    let mut config = config.map_err(|error| format!("{origin}: {error}"))?;
    (config.connect_timeout, config.read_timeout, config.default_retry) = (None, None, false);
    Client::try_from(config).map_err(|error| format!("{origin}: {error}"))
}

/// Authorities that are written as they are.
async fn text_of(api: &Api, bundle: &Value) -> Result<Option<String>, String> {
    if let Some(reference) = bundle.get("configMapRef") {
        return member(api, "configmaps", reference, reference["key"].as_str().unwrap_or("ca.crt")).await.map(Some);
    }
    Ok(bundle["inline"].as_str().map(str::to_owned))
}

async fn member(api: &Api, kind: &str, reference: &Value, key: &str) -> Result<String, String> {
    let text = |member: &str| reference[member].as_str().unwrap_or_default();
    let path = format!("/api/v1/namespaces/{}/{kind}/{}", text("namespace"), text("name"));
    let object = api.send("GET", &path, JSON, None).await.map_err(|refusal| format!("{path}: {}", refusal.message))?;
    let data = object["data"].as_object().map_or_else(Map::new, Map::clone);
    let found = data.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
    found.map(str::to_owned).ok_or_else(|| format!("{path} has no {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_url() {
        let webhook = json!({"service": {"name": "hook", "namespace": "system"}, "path": "/sync"});
        assert_eq!(url(&webhook).unwrap(), "http://hook.system:80/sync");
        assert!(url(&json!({"path": "/sync"})).is_err());
    }

    #[test]
    fn a_connection_is_found_by_its_host() {
        let connections = json!([{"host": "other"}, {"host": "Hook.system.svc"}, {"host": "hook:8443"}]);
        let host = |url: &str| connection_for(url, &connections)["host"].clone();
        assert_eq!(host("https://hook.system.svc/sync"), "Hook.system.svc");
        assert_eq!(host("https://hook.system.svc:443/sync"), "Hook.system.svc");
        assert_eq!(host("https://hook.system.svc:8443/sync"), Value::Null);
        assert_eq!(host("https://hook:8443/sync"), "hook:8443");
    }
}
