//! The console's server before a real API server: it reads, watches and applies with the rights of the kubeconfig, whatever its
//! credentials are, and no Secret comes through.
#![allow(missing_docs, reason = "a test")]

use modelwright_host_tests::cluster::{Cluster, Namespace, TemporaryFile};
use modelwright_host_tests::console_server::ConsoleServer;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

const APPLY: &str = "application/apply-patch+yaml";
/// What the Secret of a test holds, as the API server writes it.
const HIDDEN: &str = "aGlkZGVuLWhpZGRlbi1oaWRkZW4=";

fn cluster() -> Cluster {
    let cluster = Cluster::running();
    cluster.install_crds().unwrap();
    cluster
}

fn models(namespace: &Namespace<'_>) -> String {
    format!("/apis/mlops.internal/v1alpha1/namespaces/{}/models", namespace.name)
}

fn model(namespace: &Namespace<'_>) -> Value {
    namespace.take(&json!({
        "apiVersion": "mlops.internal/v1alpha1", "kind": "Model", "metadata": {"name": "plain"},
        "spec": {
            "image": "registry.example.com/plain:1",
            "artifact": {"uri": "https://models.example.com/plain.tar.gz", "maxBytes": "1Gi"},
            "capture": {"mode": "Disabled"}, "storage": {"ephemeral": {}},
        },
    }))
}

/// The next event of a watch with this name, within some seconds.
#[track_caller]
fn event(watch: &mut BufReader<TcpStream>, name: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(watch.read_line(&mut line).unwrap() > 0, "the watch ends");
        let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
        if event["object"]["metadata"]["name"] == name {
            return event["type"].as_str().unwrap().to_owned();
        }
    }
}

#[test]
fn the_console_lists_watches_applies_and_deletes() {
    let cluster = cluster();
    let namespace = cluster.namespace("console").unwrap();
    let kubeconfig = cluster.kubeconfig("admin");
    let server = ConsoleServer::start(&kubeconfig, &["--allow-writes", "--namespace", &namespace.name]);
    let session = server.get("/modelwright/session").json();
    assert_eq!((&session["namespace"], &session["writes"]), (&json!(namespace.name), &json!(true)));
    assert!(session["server"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{session}");
    assert!(session["user"].as_str().is_some_and(|user| !user.is_empty()), "{session}");

    let list = server.get(&models(&namespace));
    assert_eq!((list.code, list.json()["items"].as_array().map(Vec::len)), (200, Some(0)), "{}", list.body);
    let version = list.json()["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let query = format!("watch=true&allowWatchBookmarks=true&resourceVersion={version}");
    stream.write_all(server.head(&format!("GET {}?{query}", models(&namespace)), "").as_bytes()).unwrap();
    let mut watch = BufReader::new(stream);

    let apply = format!("PATCH {}/plain?fieldManager=modelwright&fieldValidation=Strict", models(&namespace));
    let applied = server.write(&apply, APPLY, &model(&namespace).to_string());
    assert_eq!(applied.code, 201, "{}", applied.body);
    assert_eq!(event(&mut watch, "plain"), "ADDED");
    let manager = &applied.json()["metadata"]["managedFields"][0];
    assert_eq!((&manager["manager"], &manager["operation"]), (&json!("modelwright"), &json!("Apply")));

    let mut wrong = model(&namespace);
    wrong["spec"]["image"] = json!("NOT AN IMAGE");
    let refused = server.write(&apply, APPLY, &wrong.to_string());
    assert_eq!((refused.code, &refused.json()["kind"]), (422, &json!("Status")), "{}", refused.body);

    let delete = format!("DELETE {}/plain", models(&namespace));
    let options = |uid: &str| json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}).to_string();
    assert_eq!(server.write(&delete, "application/json", &options("another")).code, 409);
    let uid = applied.json()["metadata"]["uid"].as_str().unwrap().to_owned();
    assert_eq!(server.write(&delete, "application/json", &options(&uid)).code, 200);
    assert_eq!(event(&mut watch, "plain"), "DELETED");
}

#[test]
fn without_allow_writes_nothing_is_changed() {
    let cluster = cluster();
    let namespace = cluster.namespace("console-reads").unwrap();
    let server = ConsoleServer::start(&cluster.kubeconfig("admin"), &[]);
    for query in ["fieldManager=modelwright", "fieldManager=modelwright&dryRun=All"] {
        let reply = server.write(&format!("PATCH {}/plain?{query}", models(&namespace)), APPLY, &model(&namespace).to_string());
        assert_eq!(reply.code, 403, "{}", reply.body);
    }
    let attributes = json!({"verb": "list", "group": "mlops.internal", "resource": "models", "namespace": namespace.name});
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    });
    let question = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let reply = server.write(question, "application/json", &review.to_string());
    assert_eq!((reply.code, &reply.json()["status"]["allowed"]), (201, &json!(true)), "{}", reply.body);
    let list = server.get(&models(&namespace));
    assert_eq!((list.code, list.json()["items"].as_array().map(Vec::len)), (200, Some(0)));
    let writes: Vec<_> = cluster
        .audit(&namespace.name)
        .unwrap()
        .into_iter()
        .filter(|entry| entry.resource == "models" && entry.is_write())
        .collect();
    assert_eq!(writes, []);
}

#[test]
fn no_secret_comes_through() {
    let cluster = cluster();
    let namespace = cluster.namespace("console-secrets").unwrap();
    let secret =
        namespace.take(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "data": {"key": HIDDEN}}));
    cluster.kubectl_with("admin", &["create", "--filename", "-"], &[secret]).unwrap();
    let name = &namespace.name;
    let api = cluster.api("admin", "modelwright-test").unwrap();
    let direct = api.get(&format!("/api/v1/namespaces/{name}/secrets/hidden")).unwrap();
    assert_eq!(direct["data"]["key"], HIDDEN, "the API server itself gives it");

    let server = ConsoleServer::start(&cluster.kubeconfig("admin"), &["--allow-writes"]);
    for path in [
        format!("/api/v1/namespaces/{name}/secrets/hidden"),
        format!("/api/v1/namespaces/{name}/secrets"),
        format!("/api/v1/namespaces/{name}/secrets?watch=true&timeoutSeconds=1"),
        format!("/api/v1/watch/namespaces/{name}/secrets?timeoutSeconds=1"),
        "/api/v1/secrets".into(),
        "/api/v1/watch/secrets?timeoutSeconds=1".into(),
        format!("/api/v1/namespaces/{name}/%73ecrets/hidden"),
        format!("/api/v1/namespaces/{name}/Secrets/hidden"),
        format!("/api/v1/namespaces/{name}//secrets/hidden"),
        format!("//api/v1/namespaces/{name}/secrets/hidden"),
        format!("/api/v1/namespaces/{name}/pods/../secrets/hidden"),
        format!("/api/v1/namespaces/{name}/pods/%2e%2e/secrets/hidden"),
        format!("/api/v1/namespaces/{name}/./secrets/hidden"),
        format!("/api/v1/namespaces/{name}/secrets/hidden/"),
        format!("/api/v1/namespaces/{name}/secrets;a/hidden"),
        format!("/openapi/../api/v1/namespaces/{name}/secrets/hidden"),
        format!("/version/../api/v1/namespaces/{name}/secrets/hidden"),
    ] {
        let reply = server.get(&path);
        assert_eq!(reply.code, 403, "{path}");
        assert!(!reply.body.contains(HIDDEN), "{path}");
    }
    let asked = cluster.audit(name).unwrap().into_iter();
    let ours: Vec<_> = asked.filter(|entry| entry.agent.starts_with("modelwright-console")).collect();
    assert_eq!(ours, [], "nothing of it reached the API server");
}

#[test]
fn a_token_is_as_good_as_a_certificate_and_an_old_one_is_said() {
    let cluster = cluster();
    let namespace = cluster.namespace("console-token").unwrap();
    let account = namespace.take(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "viewer"}}));
    let role = namespace.take(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "viewer"},
        "rules": [{"apiGroups": ["mlops.internal"], "resources": ["models"], "verbs": ["get", "list", "watch"]}],
    }));
    let binding = namespace.take(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "viewer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "viewer"},
        "subjects": [{"kind": "ServiceAccount", "name": "viewer", "namespace": namespace.name}],
    }));
    cluster.kubectl_with("admin", &["create", "--filename", "-"], &[account, role, binding]).unwrap();
    let token = cluster.kubectl(&["create", "token", "viewer", "--namespace", &namespace.name]).unwrap();

    let file = with_token(&cluster, token.trim());
    let server = ConsoleServer::start(file.path(), &["--allow-writes"]);
    let session = server.get("/modelwright/session");
    assert_eq!(session.json()["user"], format!("system:serviceaccount:{}:viewer", namespace.name));
    assert!(!session.body.contains(token.trim()));
    assert_eq!(server.get(&models(&namespace)).code, 200);
    // What the API server forbids, it says itself.
    let pods = server.get(&format!("/api/v1/namespaces/{}/pods", namespace.name));
    assert!(pods.code == 403 && pods.body.contains("cannot list resource"), "{}", pods.body);
    let apply = format!("PATCH {}/plain?fieldManager=modelwright", models(&namespace));
    let refused = server.write(&apply, APPLY, &model(&namespace).to_string());
    assert!(refused.code == 403 && refused.body.contains("cannot patch resource"), "{}", refused.body);

    let file = with_token(&cluster, "of-yesterday");
    let server = ConsoleServer::start(file.path(), &[]);
    let reply = server.get(&models(&namespace));
    assert_eq!((reply.code, &reply.json()["kind"]), (502, &json!("Status")));
    assert!(reply.body.contains("expired") && !reply.body.contains("of-yesterday"), "{}", reply.body);
    assert_eq!(server.get("/modelwright/session").json()["user"], "");
}

/// The admin's kubeconfig with a token in the place of the certificate.
fn with_token(cluster: &Cluster, token: &str) -> TemporaryFile {
    let text = std::fs::read_to_string(cluster.kubeconfig("admin")).unwrap();
    let mut config: Value = serde_saphyr::from_str(&text).unwrap();
    for user in config["users"].as_array_mut().unwrap() {
        user["user"] = json!({"token": token});
    }
    TemporaryFile::with(&config.to_string()).unwrap()
}
