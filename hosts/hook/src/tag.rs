//! The tag (ETag) of a request: who sends the same tag again has asked the same before and has the answer.
//!
//! It is of the request, without resource versions, of the hook, the component and the policy: everything that decides the answer but the
//! time. The time is in the answer only as the `lastTransitionTime` of conditions that have changed since the status in the request was
//! written, where no fact in the request has a time. As long as that status is not written, the first time is the right one, so the older
//! answer may be given again. The bytes of two answers can differ by that, so the tags are weak ones (RFC 9110, section 8.8.1).

use crate::request::Request;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What all requests to this server have in common.
#[derive(Clone)]
pub struct Seal {
    common: Sha256,
}

impl Seal {
    /// Of the component's digest and the policy.
    pub fn new(component: &str, policy: &str) -> Self {
        let mut common = Sha256::new();
        put(&mut common, component);
        put(&mut common, policy);
        Self { common }
    }

    /// The tag of a request. `path` tells the hooks apart.
    pub fn tag(&self, path: &str, request: &Request<'_>, text: &str) -> String {
        let mut hash = self.common.clone();
        put(&mut hash, path);
        let mut at = 0;
        for version in request.versions(text) {
            hash.update(&text[at..version.start]);
            at = version.end;
        }
        hash.update(&text[at..]);
        let mut tag = String::from("W/\"");
        for byte in hash.finalize() {
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        tag
    }
}

/// Length first, so that two texts never read as two others.
fn put(hash: &mut Sha256, text: &str) {
    hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
    hash.update(text);
}

/// Whether `If-None-Match` names the tag. `*` would be any answer at all, which says nothing about this one.
pub fn is_named(tag: &str, header: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    header.split(',').any(|one| opaque(one) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(seal: &Seal, path: &str, text: &str) -> String {
        seal.tag(path, &Request::parse(text).expect("a request"), text)
    }

    #[test]
    fn a_tag_changes_with_everything_that_decides_but_not_with_versions() {
        let seal = Seal::new("component", "{}");
        let base = r#"{"parent": {"metadata": {"name": "a", "uid": "1", "resourceVersion": "1"}}}"#;
        let same = tag(&seal, "sync/models", base);
        assert_eq!(tag(&seal, "sync/models", &base.replace(r#"Version": "1""#, r#"Version": "22""#)), same);
        let others = [
            tag(&seal, "finalize/models", base),
            tag(&seal, "sync/models", &base.replace(r#""uid": "1""#, r#""uid": "2""#)),
            tag(&Seal::new("component", r#"{"capture":false}"#), "sync/models", base),
            tag(&Seal::new("another", "{}"), "sync/models", base),
        ];
        for other in others {
            assert_ne!(other, same);
        }
    }

    #[test]
    fn if_none_match_is_a_list() {
        for (header, named) in
            [(r#"W/"a""#, true), (r#""a""#, true), (r#""b", W/"a""#, true), ("*", false), (r#""b""#, false), ("", false)]
        {
            assert_eq!(is_named(r#"W/"a""#, header), named, "{header}");
        }
    }
}
