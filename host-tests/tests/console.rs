//! The server of the console as a program, before something that stands in for an API server: what the page gets, and what nobody
//! else gets. Whatever comes, the answer is that of the API server, a file of the page, or a `Status` with one sentence.
#![allow(missing_docs, reason = "a test")]

use modelwright_host_tests::console_server::{self, ConsoleServer};
use modelwright_host_tests::hook_server::{self, HttpReply, exchange};
use modelwright_host_tests::upstream::{self, Asked, CREDENTIAL, Upstream};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const MODELS: &str = "/apis/mlops.internal/v1alpha1/namespaces/shop/models";
const MODEL: &str = "/apis/mlops.internal/v1alpha1/namespaces/shop/models/titanic-v1";
const APPLY: &str = "application/apply-patch+yaml";

/// An API server that says `{"fine":true}`, and a console before it.
fn server(arguments: &[&str]) -> (Upstream, ConsoleServer) {
    before(|_, stream| upstream::json(stream, "200 OK", "", r#"{"fine":true}"#), arguments)
}

fn before(answer: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static, arguments: &[&str]) -> (Upstream, ConsoleServer) {
    let upstream = Upstream::start(answer);
    let server = ConsoleServer::start(upstream.kubeconfig().path(), arguments);
    (upstream, server)
}

/// A refusal as Kubernetes writes one, under all the strict headers.
#[track_caller]
fn assert_refused(reply: &HttpReply, code: u16) {
    assert_eq!(reply.code, code, "{}", reply.body);
    let status = reply.json();
    assert_eq!((&status["kind"], &status["status"], &status["code"]), (&json!("Status"), &json!("Failure"), &json!(code)));
    assert!(status["message"].as_str().is_some_and(|message| !message.is_empty() && !message.contains('\n')), "{status}");
    assert_strict(reply);
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[track_caller]
fn assert_strict(reply: &HttpReply) {
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", ""),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert!(reply.headers.contains(&(name.into(), value.into())), "{name}: {:?}", reply.headers);
    }
    assert!(reply.header("content-security-policy").contains("default-src 'none'"));
    for (name, _) in &reply.headers {
        assert!(!name.starts_with("access-control-") && name != "set-cookie" && name != "server", "{name}");
    }
}

fn directives(policy: &str) -> BTreeSet<String> {
    policy.split(';').map(|directive| directive.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_page_is_there_for_whoever_opens_it() {
    let (upstream, server) = server(&[]);
    let bare =
        |path: &str, headers: &str| server.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.address), "");
    let page = bare("/", "Sec-Fetch-Site: none\r\n");
    assert_eq!((page.code, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!((page.header("cache-control"), page.header("etag")), ("no-store", ""));
    assert_strict(&page);
    assert_eq!(bare("/?a=b", "").body, page.body);

    // Its files, by their names in it.
    let files: Vec<&str> = page.body.split('"').filter(|text| text.starts_with("./assets/")).collect();
    assert!(files.iter().any(|file| file.ends_with(".js")), "{files:?}");
    for file in files {
        let path = file.trim_start_matches('.');
        let plain = bare(path, "Sec-Fetch-Site: same-origin\r\n");
        assert_eq!((plain.code, plain.header("cache-control")), (200, "private, max-age=31536000, immutable"), "{path}");
        assert!(["text/javascript; charset=utf-8", "text/css; charset=utf-8"].contains(&plain.header("content-type")), "{path}");
        assert_strict(&plain);
        let (tag, whole) = (plain.header("etag"), plain.body.len());
        let again = bare(path, &format!("If-None-Match: {tag}\r\n"));
        assert_eq!((again.code, again.body.as_str()), (304, ""));
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: gzip, br\r\nConnection: close\r\n\r\n", server.address);
        stream.write_all(head.as_bytes()).unwrap();
        let mut packed = Vec::new();
        stream.read_to_end(&mut packed).unwrap();
        let text = String::from_utf8_lossy(&packed);
        assert!(
            text.contains("content-encoding: gzip") && (whole < 2048 || packed.len() < whole),
            "{path}: {} of {whole}",
            packed.len()
        );
    }
    assert_refused(&server.write("POST /", "text/plain", "x"), 405);
    assert_eq!(upstream.seen(), [], "the page asks nobody");
}

#[test]
fn the_page_and_the_server_have_one_policy() {
    let (_upstream, server) = server(&[]);
    let page = server.get("/");
    let after = page.body.split_once("Content-Security-Policy\" content=\"").expect("the page has a policy").1;
    let mut of_page = directives(after.split('"').next().unwrap());
    // Browsers take it from a header only.
    of_page.insert("frame-ancestors 'none'".into());
    assert_eq!(directives(page.header("content-security-policy")), of_page);
}

#[test]
fn other_names_and_other_pages_get_nothing() {
    let (upstream, server) = server(&["--allow-writes"]);
    let port = server.address.port();
    let ours = format!("127.0.0.1:{port}");
    let cases: Vec<(String, String, u16)> = vec![
        (ours.clone(), String::new(), 200),
        (format!("localhost:{port}"), format!("Origin: http://localhost:{port}\r\nSec-Fetch-Site: same-origin\r\n"), 200),
        // A name of somebody else that leads here.
        (format!("rebound.example:{port}"), String::new(), 421),
        (
            format!("rebound.example:{port}"),
            format!("Origin: http://rebound.example:{port}\r\nSec-Fetch-Site: same-origin\r\n"),
            421,
        ),
        ("127.0.0.1".into(), String::new(), 421),
        (format!("127.0.0.1:{}", port ^ 1), String::new(), 421),
        (format!("127.1:{port}"), String::new(), 421),
        (format!("[::1]:{port}"), String::new(), 421),
        (format!("user@127.0.0.1:{port}"), String::new(), 421),
        (format!("{ours}\r\nHost: rebound.example"), String::new(), 421),
        (format!("rebound.example\r\nHost: {ours}"), String::new(), 421),
        // Another page of the same browser.
        (ours.clone(), "Origin: https://evil.example\r\n".into(), 403),
        (ours.clone(), "Origin: null\r\n".into(), 403),
        (ours.clone(), format!("Origin: http://127.0.0.1:{}\r\n", port ^ 1), 403),
        (ours.clone(), "Sec-Fetch-Site: cross-site\r\n".into(), 403),
        (ours.clone(), "Sec-Fetch-Site: same-site\r\n".into(), 403),
    ];
    for (host, headers, code) in cases {
        let credentials = format!("Authorization: Bearer {}\r\n", server.token);
        for (path, headers) in [("/version", format!("{headers}{credentials}")), ("/", headers.clone())] {
            let before = upstream.seen().len();
            let reply = server.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n"), "");
            match code {
                200 => assert_eq!(reply.code, 200, "{host} {headers}: {}", reply.body),
                _ => {
                    assert_refused(&reply, code);
                    assert_eq!(upstream.seen().len(), before, "{host} {headers}");
                }
            }
        }
    }
    let absolute = server.head(&format!("GET http://{ours}/version"), "");
    assert_refused(&server.send(&absolute, ""), 421);
    let old = exchange(server.address, "GET / HTTP/1.0\r\n\r\n", &[]).unwrap();
    assert_refused(&old, 421);
}

#[test]
fn nothing_but_files_is_there_without_the_token() {
    let (upstream, server) = server(&["--allow-writes"]);
    assert!(server.token.len() == 64 && server.token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", server.token);
    let other = ConsoleServer::start(upstream.kubeconfig().path(), &[]);
    assert_ne!(server.token, other.token);
    let wrong = [
        String::new(),
        "Authorization: Bearer \r\n".into(),
        format!("Authorization: Bearer {}\r\n", other.token),
        format!("Authorization: Bearer {}\r\n", &server.token[1..]),
        format!("Authorization: Basic {}\r\n", server.token),
        format!("Cookie: token={}\r\n", server.token),
        format!("Authorization: Bearer {0}\r\nAuthorization: Bearer {0}\r\n", server.token),
        format!("Authorization: Bearer {CREDENTIAL}\r\n"),
    ];
    for headers in wrong {
        for what in ["GET /version", "GET /modelwright/session", "GET /no/such/path", &format!("DELETE {MODEL}")] {
            let head = format!("{what} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.address);
            assert_refused(&server.send(&head, ""), 401);
        }
    }
    assert_refused(
        &server.send(&format!("GET /version?token={} HTTP/1.1\r\nHost: {}\r\n\r\n", server.token, server.address), ""),
        401,
    );
    assert_eq!(upstream.seen(), []);
    assert_eq!(server.get("/version").code, 200);
}

#[test]
fn the_session_says_where_one_is() {
    let answer = |asked: &Asked, stream: &mut TcpStream| {
        assert_eq!(asked.what, "POST /apis/authentication.k8s.io/v1/selfsubjectreviews");
        upstream::json(stream, "201 Created", "", r#"{"status":{"userInfo":{"username":"alice"}}}"#);
    };
    let (upstream, server) = before(answer, &["--allow-writes"]);
    let reply = server.get("/modelwright/session");
    assert_eq!((reply.code, reply.header("cache-control")), (200, "no-store"));
    let address = format!("http://{}/", upstream.address);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        reply.json(),
        json!({"context": "fake", "server": address, "namespace": "shop", "user": "alice", "writes": true, "version": version})
    );
    assert!(!reply.body.contains(CREDENTIAL));
    assert_refused(&server.write("POST /modelwright/session", "application/json", "{}"), 405);
    assert_refused(&server.get("/modelwright/session/more"), 404);

    // A cluster that is not there is no reason not to say which one that is.
    let nowhere = upstream::kubeconfig(&format!("http://127.0.0.1:{}", free_port()));
    let server = ConsoleServer::start(nowhere.path(), &["--namespace", "other"]);
    let session = server.get("/modelwright/session").json();
    assert_eq!((&session["user"], &session["writes"], &session["namespace"]), (&json!(""), &json!(false), &json!("other")));
}

#[test]
fn no_credentials_cross_in_either_direction() {
    let answer = |_: &Asked, stream: &mut TcpStream| {
        let more = "Set-Cookie: a=b\r\nX-Internal: yes\r\nWarning: 299 - \"deprecated\"\r\nAudit-Id: 7\r\nServer: x\r\n\
                    Access-Control-Allow-Origin: *\r\nContent-Security-Policy: default-src *\r\nCache-Control: public\r\n\
                    Keep-Alive: timeout=5\r\nProxy-Authenticate: x\r\n";
        upstream::json(stream, "200 OK", more, r#"{"fine":true}"#);
    };
    let (upstream, server) = before(answer, &["--allow-writes"]);
    let headers = "Cookie: session=1\r\nImpersonate-User: admin\r\nImpersonate-Group: system:masters\r\nImpersonate-Extra-a: b\r\n\
                   Proxy-Authorization: x\r\nX-Remote-User: admin\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n\
                   Connection: X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nX-HTTP-Method-Override: DELETE\r\nAccept: application/json\r\n\
                   Content-Type: application/apply-patch+yaml\r\nContent-Length: 7\r\nUser-Agent: Mozilla\r\n\
                   Referer: http://x/\r\n";
    let what = format!("PATCH {MODEL}?fieldManager=modelwright&fieldValidation=Strict");
    let reply = server.send(&server.head(&what, headers), "{\"a\":1}");
    assert_eq!((reply.code, reply.body.as_str()), (200, r#"{"fine":true}"#));
    assert_strict(&reply);
    let expected = [
        ("content-type", "application/json"),
        ("warning", "299 - \"deprecated\""),
        ("audit-id", "7"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in expected {
        assert_eq!(reply.header(name), value);
    }
    let known = [
        "audit-id",
        "cache-control",
        "content-length",
        "content-security-policy",
        "content-type",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "permissions-policy",
        "referrer-policy",
        "warning",
        "x-content-type-options",
    ];
    let names: BTreeSet<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, known.into());

    let [asked] = &upstream.seen()[..] else { panic!("one request: {:?}", upstream.seen()) };
    assert_eq!((&asked.what, asked.body.as_str()), (&what, "{\"a\":1}"));
    assert_eq!(asked.header("authorization"), [format!("Bearer {CREDENTIAL}")]);
    assert_eq!(asked.header("host"), [upstream.address.to_string()]);
    assert_eq!(asked.header("user-agent"), [format!("modelwright-console/{}", env!("CARGO_PKG_VERSION"))]);
    let names: BTreeSet<&str> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["accept", "authorization", "content-length", "content-type", "host", "user-agent"].into());
}

#[test]
fn nobody_reaches_a_secret_or_a_container() {
    let (upstream, server) = server(&["--allow-writes"]);
    for path in [
        "/api/v1/secrets",
        "/api/v1/Secrets",
        "/api/v1/namespaces/shop/secrets",
        "/api/v1/namespaces/shop/secrets?watch=true",
        "/api/v1/namespaces/shop/secrets/token",
        "/api/v1/watch/namespaces/shop/secrets",
        "/api/v1/namespaces/shop/%73ecrets",
        "/api/v1/namespaces/shop/%2573ecrets",
        "/api/v1/namespaces/shop/secrets%2ftoken",
        "/api/v1/namespaces/shop/secrets%3f",
        "/api/v1/namespaces/shop/secrets;x=1",
        "/api/v1/namespaces/shop//secrets",
        "/api//v1/secrets",
        "//api/v1/secrets",
        "/api/v1/pods/../secrets",
        "/api/v1/./secrets",
        "/api/v1/%2e%2e/v1/secrets",
        "/api/v1/namespaces/shop/pods/..%2f..%2fsecrets",
        "/apis/apps/../../api/v1/secrets",
        "/assets/../api/v1/secrets",
        "/api/v1/namespaces/shop/secrets/",
        "/api/v1/namespaces/shop\\secrets",
        "/api/v1/namespaces/shop/pods/x/exec?command=sh",
        "/api/v1/namespaces/shop/pods/x/attach",
        "/api/v1/namespaces/shop/pods/x/portforward",
        "/api/v1/namespaces/shop/pods/x/log",
        "/api/v1/namespaces/shop/pods/x/proxy/api/v1/secrets",
        "/api/v1/namespaces/shop/services/https:x:443/proxy/",
        "/api/v1/nodes/x/proxy/configz",
        "/api/v1/namespaces/shop/serviceaccounts/default/token",
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert_refused(&server.send(&server.head(&format!("{method} {path}"), "Content-Length: 0\r\n"), ""), 403);
        }
    }
    for path in ["/metrics", "/healthz", "/logs/", "/debug/pprof/", "/assets/../../etc/passwd", "/etc/passwd", "/index.html/.."] {
        let reply = server.get(path);
        assert!([403, 404].contains(&reply.code), "{path}: {}", reply.code);
    }
    assert_eq!(upstream.seen(), []);
    for path in ["/api/v1/namespaces/secrets/services", "/api/v1/namespaces/shop/services/secrets"] {
        assert_eq!(server.get(path).code, 200, "{path}");
    }
}

#[test]
fn nothing_is_changed_unless_that_is_switched_on() {
    let (read, reading) = server(&[]);
    let (written, writing) = server(&["--allow-writes"]);
    for (what, kind) in [
        (format!("POST {MODELS}"), "application/json"),
        (format!("PUT {MODEL}"), "application/json"),
        (format!("PATCH {MODEL}?fieldManager=m&force=true"), APPLY),
        (format!("PATCH {MODEL}?dryRun=All"), APPLY),
        (format!("DELETE {MODEL}"), "application/json"),
    ] {
        assert_refused(&reading.write(&what, kind, "{}"), 403);
        assert_eq!(writing.write(&what, kind, "{}").code, 200, "{what}");
    }
    assert_refused(&writing.write(&format!("DELETE {MODELS}"), "application/json", "{}"), 403);
    assert_eq!((read.seen().len(), written.seen().len()), (0, 5));
    for question in ["authorization.k8s.io/v1/selfsubjectaccessreviews", "authorization.k8s.io/v1/selfsubjectrulesreviews"] {
        assert_eq!(reading.write(&format!("POST /apis/{question}"), "application/json", "{}").code, 200);
    }
    for path in ["/version", "/api", "/api/v1", "/apis", "/apis/apps/v1", "/openapi/v3", MODELS, MODEL] {
        assert_eq!(reading.get(path).code, 200, "{path}");
    }
    // A body that a read has is nobody's business.
    let reply = reading.write(&format!("GET {MODELS}"), "application/json", r#"{"secret":1}"#);
    assert_eq!((reply.code, read.seen().pop().unwrap().body), (200, String::new()));
}

#[test]
fn hostile_requests_get_one_sentence_and_the_next_good_one_its_answer() {
    let (upstream, server) = server(&["--allow-writes"]);
    let patch = format!("PATCH {MODEL}");
    let json_head = "Content-Type: application/json\r\n";
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n";
    let cases: Vec<(&str, String, &str, u16)> = vec![
        ("another method", server.head(&format!("OPTIONS {MODELS}"), "Access-Control-Request-Method: PATCH\r\n"), "", 405),
        ("a method of nobody", server.head(&format!("STEAL {MODELS}"), ""), "", 405),
        ("a tunnel", server.head(&format!("CONNECT {}", server.address), ""), "", 421),
        ("everything", server.head("OPTIONS *", ""), "", 403),
        ("a websocket", server.head(&format!("GET {MODELS}?watch=true"), upgrade), "", 403),
        ("another HTTP", server.head("GET /version", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), "", 403),
        ("an endless body", server.head(&patch, &format!("{json_head}Transfer-Encoding: chunked\r\n")), "5\r\n{\"a\":\r\n", 411),
        (
            "two ideas of the length",
            server.head(&patch, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            "0\r\n\r\nGET /x",
            411,
        ),
        (
            "the other way round",
            server.head(&patch, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
            "0\r\n\r\nGET /x",
            411,
        ),
        (
            "two ideas in a read",
            server.head("GET /version", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            "0\r\n\r\n",
            411,
        ),
        ("two lengths", server.head(&patch, "Content-Length: 5\r\nContent-Length: 6\r\n"), "{}", 400),
        ("no length", server.head(&patch, "Content-Length: five\r\n"), "{}", 400),
        ("a body over the limit", server.head(&patch, &format!("Content-Length: {}\r\n", (3 << 20) + 1)), "", 413),
        ("a packed body", server.head(&patch, "Content-Encoding: gzip\r\nContent-Length: 2\r\n"), "{}", 415),
        ("a header in the path", server.head("GET /version\r\nX-A: b", "").replace("\r\nX-A", "\rX-A"), "", 400),
        ("a space in the path", server.head("GET /ver sion", ""), "", 400),
        ("a header over two lines", server.head("GET /version", "X-A: b\r\n c: d\r\n"), "", 400),
        ("a header with a NUL", server.head("GET /version", "X-A: b\0c\r\n"), "", 400),
        ("a name with a space", server.head("GET /version", "Transfer-Encoding : chunked\r\n"), "", 400),
        ("a hundred and one headers", server.head("GET /version", &"X: b\r\n".repeat(101)), "", 431),
        ("a header of 20 kB", server.head("GET /version", &format!("X: {}\r\n", "a".repeat(20_000))), "", 431),
        ("a path of 20 kB", server.head(&format!("GET /api/v1/pods?continue={}", "a".repeat(20_000)), ""), "", 431),
        ("no HTTP", "\u{16}\u{3}\u{1} TLS\r\n\r\n".into(), "", 400),
    ];
    for (case, head, body, code) in cases {
        let before = upstream.seen().len();
        let reply = exchange(server.address, &head, body.as_bytes());
        let reply = reply.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(reply.code, code, "{case}: {}", reply.body);
        // Hyper itself answers what it cannot read as HTTP, without a body.
        if ![400, 431].contains(&code) {
            assert_refused(&reply, code);
        }
        assert_eq!(upstream.seen().len(), before, "{case}");
        assert_eq!(server.get("/version").code, 200, "after {case}");
    }
    // Of another HTTP there is not even a refusal that could be read.
    assert!(exchange(server.address, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[]).is_err());
    let line_break = server.get("/api/v1/pods?labelSelector=a%0d%0aImpersonate-User:%20admin");
    assert_eq!(line_break.code, 200);
    let asked = upstream.seen().pop().unwrap();
    assert_eq!(asked.what, "GET /api/v1/pods?labelSelector=a%0d%0aImpersonate-User:%20admin");
    assert!(asked.header("impersonate-user").is_empty());
}

#[test]
fn slow_requests_end_and_reach_nobody() {
    let (upstream, server) = server(&["--allow-writes"]);
    let began = Instant::now();
    let open = |bytes: &str| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    };
    let mut slow_head = open("GET /version HTTP/1.1\r\nHost: ");
    let slow_body = open(&(server.head(&format!("PUT {MODEL}"), "Content-Length: 1000\r\n") + "{"));
    drop(open(&(server.head(&format!("PUT {MODEL}"), "Content-Length: 1000\r\n") + "{")));
    // A head that does not come is not a request yet: the connection ends without an answer.
    let mut said = Vec::new();
    slow_head.read_to_end(&mut said).unwrap();
    assert!(said.is_empty() && began.elapsed() >= Duration::from_secs(9), "{said:?} after {:?}", began.elapsed());
    assert_refused(&hook_server::reply(&mut BufReader::new(slow_body)).unwrap(), 408);
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert_eq!(upstream.seen(), []);
    assert_eq!(server.get("/version").code, 200);
}

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVENT: &str = "{\"type\":\"BOOKMARK\"}\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Opens a watch and reads its head.
fn watch(server: &ConsoleServer) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(server.head(&format!("GET {MODELS}?watch=true"), "").as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the head ends");
    }
    reader
}

fn event(reader: &mut BufReader<TcpStream>) -> String {
    let mut lines = String::new();
    while !lines.contains("}\n") {
        assert!(reader.read_line(&mut lines).unwrap() > 0, "{lines}");
    }
    let mut end = String::new();
    reader.read_line(&mut end).unwrap();
    lines.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_watch_comes_event_by_event_and_ends_when_the_page_leaves() {
    let (next, events) = channel::<()>();
    let (left, leaving) = channel();
    let shared = std::sync::Mutex::new((events, left));
    let answer = move |_: &Asked, stream: &mut TcpStream| {
        let (events, left) = &*shared.lock().unwrap();
        stream.write_all(STREAM.as_bytes()).unwrap();
        while events.recv_timeout(Duration::from_secs(20)).is_ok() {
            stream.write_all(chunk(EVENT).as_bytes()).unwrap();
        }
        // Nobody sends any more: whoever asked has to go by himself.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = left.send(stream.read(&mut [0]).map_err(|error| error.kind()));
    };
    let (_upstream, server) = before(answer, &[]);
    let mut reader = watch(&server);
    for _ in 0..3 {
        next.send(()).unwrap();
        let began = Instant::now();
        assert_eq!(event(&mut reader), EVENT.trim_end());
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
    drop(next);
    assert!(leaving.recv_timeout(Duration::from_millis(300)).is_err(), "a silent watch stays");
    drop(reader);
    let gone = leaving.recv_timeout(Duration::from_secs(10)).expect("the request to the API server ends");
    assert!(matches!(gone, Ok(0) | Err(std::io::ErrorKind::ConnectionReset)), "{gone:?}");
}

#[test]
fn a_request_ends_when_the_page_leaves_before_its_answer() {
    let (left, leaving) = channel();
    let shared = std::sync::Mutex::new(left);
    let answer = move |_: &Asked, stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = shared.lock().unwrap().send(stream.read(&mut [0]).map_err(|error| error.kind()));
    };
    let (upstream, server) = before(answer, &[]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(server.head("GET /version", "").as_bytes()).unwrap();
    let began = Instant::now();
    while upstream.seen().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    drop(stream);
    let gone = leaving.recv_timeout(Duration::from_secs(10)).expect("the request to the API server ends");
    assert!(matches!(gone, Ok(0) | Err(std::io::ErrorKind::ConnectionReset)), "{gone:?}");
}

#[test]
fn ctrl_c_ends_watches_and_lets_the_rest_finish() {
    let answer = |asked: &Asked, stream: &mut TcpStream| {
        if asked.what.ends_with("watch=true") {
            let _ = stream.write_all((STREAM.to_owned() + &chunk(EVENT)).as_bytes());
            let _ = stream.read(&mut [0]);
            return;
        }
        std::thread::sleep(Duration::from_secs(2));
        upstream::json(stream, "200 OK", "", r#"{"fine":true}"#);
    };
    let (upstream, mut server) = before(answer, &[]);
    let mut watching = watch(&server);
    assert_eq!(event(&mut watching), EVENT.trim_end());
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(server.head("GET /version", "").as_bytes()).unwrap();
    let began = Instant::now();
    while upstream.seen().len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    server.interrupt();
    let mut rest = String::new();
    watching.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "0\r\n\r\n", "a watch ends as a stream does");
    assert_eq!(hook_server::reply(&mut BufReader::new(slow)).unwrap().code, 200);
    assert_eq!(server.ended().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn trouble_with_the_cluster_is_a_status_of_one_sentence() {
    let refused = |server: &str, arguments: &[&str]| {
        let server = ConsoleServer::start(upstream::kubeconfig(server).path(), arguments);
        let reply = server.get("/version");
        assert_refused(&reply, 502);
        assert!(!reply.body.contains(CREDENTIAL), "{}", reply.body);
        assert_eq!(server.get("/").code, 200);
        reply.json()["message"].as_str().unwrap().to_owned()
    };
    let gone = format!("http://127.0.0.1:{}", free_port());
    assert!(refused(&gone, &[]).contains("refused"));
    let plain = Upstream::start(|_, stream| upstream::json(stream, "200 OK", "", "{}"));
    assert!(refused(&format!("https://{}", plain.address), &[]).contains("cannot be asked"));
    for (status, word) in
        [("401 Unauthorized", "expired"), ("302 Found", "not passed on"), ("101 Switching Protocols", "not passed on")]
    {
        let upstream =
            Upstream::start(move |_, stream| upstream::json(stream, status, "Location: http://evil.example/\r\n", "{}"));
        let sentence = refused(&format!("http://{}", upstream.address), &[]);
        assert!(sentence.contains(word), "{status}: {sentence}");
    }
    let nonsense = Upstream::start(|_, stream| drop(stream.write_all(b"\0\0\0\r\n\r\n")));
    refused(&format!("http://{}", nonsense.address), &[]);
}

#[test]
fn what_the_api_server_refuses_is_passed_on() {
    let status = r#"{"kind":"Status","message":"models is forbidden: User \"alice\" cannot list","code":403}"#;
    for (code, line) in [
        (403, "403 Forbidden"),
        (404, "404 Not Found"),
        (409, "409 Conflict"),
        (410, "410 Gone"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
    ] {
        let (_upstream, server) = before(move |_, stream| upstream::json(stream, line, "Retry-After: 3\r\n", status), &[]);
        let reply = server.get(MODELS);
        assert_eq!((reply.code, reply.body.as_str(), reply.header("retry-after")), (code, status, "3"));
        assert_strict(&reply);
    }
}

#[test]
fn an_api_server_that_never_answers_is_a_504() {
    let (_upstream, server) = before(|_, stream| drop(stream.read(&mut [0])), &[]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(45))).unwrap();
    stream.write_all(server.head("GET /version", "").as_bytes()).unwrap();
    assert_refused(&hook_server::reply(&mut BufReader::new(stream)).unwrap(), 504);
}

#[test]
fn more_than_the_server_takes_comes_again_later() {
    let answer = |asked: &Asked, stream: &mut TcpStream| {
        if asked.what.ends_with("watch=true") {
            let _ = stream.write_all(STREAM.as_bytes());
            let _ = stream.read(&mut [0]);
        } else {
            upstream::json(stream, "200 OK", "", "{}");
        }
    };
    let (_upstream, server) = before(answer, &[]);
    let mut watches: Vec<_> = (0..64).map(|_| watch(&server)).collect();
    let reply = server.get("/version");
    assert_refused(&reply, 429);
    assert_eq!(reply.header("retry-after"), "1");
    watches.truncate(32);
    let began = Instant::now();
    while server.get("/version").code != 200 {
        assert!(began.elapsed() < Duration::from_secs(10), "places come free");
    }
}

#[test]
fn it_begins_on_loopback_alone_or_says_why_not() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let config = upstream::kubeconfig("http://127.0.0.1:1");
    for (arguments, code) in [(&["--port", &port][..], 3), (&["--port", "80"], 1), (&["--context", "nobody's"], 3)] {
        let output = console_server::command(config.path(), arguments).stderr(std::process::Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    let server = ConsoleServer::start(config.path(), &[]);
    let ours = format!(":{:04X} ", server.address.port());
    let sockets = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/net/{table}")).unwrap()).concat();
    // Addresses in hexadecimal: the local one of each socket that listens (state 0A).
    let listening = sockets.lines().filter(|line| {
        line.contains(" 0A ") && line.split_whitespace().nth(1).is_some_and(|local| format!("{local} ").ends_with(&ours))
    });
    let addresses: Vec<&str> = listening.filter_map(|line| line.split_whitespace().nth(1)?.split(':').next()).collect();
    assert_eq!(addresses, ["0100007F"]);
}

/// One that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
