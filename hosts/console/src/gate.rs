//! Who may ask at all: requests that name this server, from its own page or from nobody's.
//!
//! A page of somebody else in the same browser reaches loopback, too, under the server's name or (by a DNS record that changes)
//! under its own. The first has another `Origin` and `Sec-Fetch-Site`, the second another `Host`.

use crate::answer::Refusal;
use http::header::{HOST, ORIGIN, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

/// What a browser says of a request that its user has begun, or the page itself.
const SITES: [&str; 2] = ["none", "same-origin"];
const SITE: &str = "sec-fetch-site";

/// The names of the server.
pub struct Gate {
    hosts: [String; 2],
    origins: [String; 2],
}

impl Gate {
    /// For a server on this port of loopback.
    pub fn new(port: u16) -> Self {
        let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let origins = hosts.each_ref().map(|host| format!("http://{host}"));
        Self { hosts, origins }
    }

    /// Whether the request is for this server and not from another page, and can be read in one way only.
    pub fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        let headers = &request.headers;
        // A target with a host in it is for a proxy of another kind.
        if request.uri.authority().is_some() || !is_one_of(headers, HOST.as_str(), &self.hosts).unwrap_or(false) {
            return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "this server is 127.0.0.1 or localhost, with its port"));
        }
        if is_one_of(headers, ORIGIN.as_str(), &self.origins) == Some(false) || is_one_of(headers, SITE, &SITES) == Some(false) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "only the page of this server may ask it"));
        }
        if headers.contains_key(UPGRADE) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "no connection is turned into one of another protocol here"));
        }
        if headers.contains_key(TRANSFER_ENCODING) {
            let sentence = "the request must have a Content-Length, or no body, and no Transfer-Encoding";
            return Err(Refusal::new(StatusCode::LENGTH_REQUIRED, sentence));
        }
        Ok(())
    }
}

/// Whether a header is there once, with one of these values; `None`: it is not there.
fn is_one_of(headers: &HeaderMap, name: &str, allowed: &[impl AsRef<str>]) -> Option<bool> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    Some(values.next().is_none() && allowed.iter().any(|allowed| value.as_bytes() == allowed.as_ref().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn code(uri: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        Gate::new(4000).admit(&parts).map_or_else(|refusal| refusal.code.as_u16(), |()| 200)
    }

    #[test]
    fn other_names_and_other_pages_stay_outside() {
        let host = ("host", "127.0.0.1:4000");
        for (headers, expected) in [
            (&[host][..], 200),
            (&[("host", "localhost:4000"), ("origin", "http://localhost:4000"), ("sec-fetch-site", "same-origin")], 200),
            (&[host, ("sec-fetch-site", "none")], 200),
            (&[], 421),
            (&[("host", "127.0.0.1")], 421),
            (&[("host", "127.0.0.1:4001")], 421),
            (&[("host", "evil.example:4000")], 421),
            (&[("host", "127.0.0.1:4000.evil.example")], 421),
            (&[("host", "localhost.:4000")], 421),
            (&[host, host], 421),
            (&[host, ("origin", "null")], 403),
            (&[host, ("origin", "https://127.0.0.1:4000")], 403),
            (&[host, ("origin", "http://127.0.0.1:4001")], 403),
            (&[host, ("origin", "http://evil.example")], 403),
            (&[host, ("sec-fetch-site", "cross-site")], 403),
            (&[host, ("sec-fetch-site", "same-site")], 403),
            (&[host, ("upgrade", "websocket")], 403),
            (&[host, ("transfer-encoding", "chunked")], 411),
        ] {
            assert_eq!(code("/", headers), expected, "{headers:?}");
        }
        assert_eq!(code("http://127.0.0.1:4000/", &[host]), 421);
    }
}
