//! The files of the page, which the build has put into the binary.

use crate::answer::{self, Body, Refusal};
use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use std::io::Read;

/// One file.
struct File {
    /// From the root: `/index.html`.
    path: &'static str,
    kind: &'static str,
    /// In quotes, as the header has it.
    tag: &'static str,
    /// By gzip.
    packed: &'static [u8],
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));
/// Files below have a hash of their content in their names.
const HASHED: &str = "/assets/";

/// The answer where the path is one of a file.
pub fn answer(request: &Parts) -> Option<Result<Response<Body>, Refusal>> {
    let path = match request.uri.path() {
        "/" => "/index.html",
        path => path,
    };
    let file = FILES.iter().find(|file| file.path == path)?;
    Some(match request.method {
        Method::GET => send(file, &request.headers),
        _ => Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "files are read by GET")),
    })
}

fn send(file: &File, asked: &HeaderMap) -> Result<Response<Body>, Refusal> {
    let is_known = asked.get(IF_NONE_MATCH).is_some_and(|tag| tag == file.tag);
    let is_packed = accepts_gzip(asked);
    let body = match (is_known, is_packed) {
        (true, _) => answer::whole(""),
        (false, true) => answer::whole(file.packed),
        (false, false) => answer::whole(unpacked(file)?),
    };
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if file.path.starts_with(HASHED) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
        headers.insert(ETAG, HeaderValue::from_static(file.tag));
    }
    if is_known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(answer);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.kind));
    if is_packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(answer)
}

fn accepts_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut encodings = values.flat_map(|value| value.split(',')).map(|encoding| encoding.trim().to_ascii_lowercase());
    encodings.any(|encoding| encoding == "gzip" || encoding.starts_with("gzip;") && !encoding.ends_with("q=0"))
}

fn unpacked(file: &File) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let broken = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "a file of the page is broken");
    GzDecoder::new(file.packed).read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_unpacks_and_has_a_path_of_its_own() {
        let mut paths: Vec<&str> = FILES.iter().map(|file| file.path).collect();
        assert!(paths.is_sorted() && paths.contains(&"/index.html"), "{paths:?}");
        paths.dedup();
        assert_eq!(paths.len(), FILES.len());
        for file in FILES {
            assert!(unpacked(file).is_ok_and(|bytes| !bytes.is_empty()), "{}", file.path);
        }
    }

    #[test]
    fn gzip_goes_to_those_who_read_it() {
        for (value, expected) in
            [("gzip, deflate, br", true), ("br;q=1, GZIP", true), ("gzip;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            let headers = [(ACCEPT_ENCODING, value.parse().expect("a value"))].into_iter().collect();
            assert_eq!(accepts_gzip(&headers), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
