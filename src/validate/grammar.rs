//! Small grammars of Kubernetes, URLs and paths, each a function from text to yes or no.

use crate::diagnostic::is_unseen;
use crate::list::Listed;
use crate::names;
use crate::search::has;
use alloc::vec::Vec;

/// An absolute path of letters, digits and `._~-`, without dot segments, as nginx, gor and probes get it.
pub fn is_url_path(path: &str) -> bool {
    let segment = |segment: &str| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
    };
    path.len() <= 256 && path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment))
}

/// An absolute file path without `..`, `:` or control characters.
pub fn is_file_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 1024
        && !path.split('/').any(|segment| segment == "..")
        && !path.contains(|c: char| c == ':' || c == '\\' || c == '$' || c.is_control())
}

/// A fully qualified DNS name with a dot whose last label is not a number. Lower case.
pub fn is_fqdn(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').listed();
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    host.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| names::is_label(label) && !is_bad_punycode(label))
        && labels.last().is_some_and(|last| !numeric(last))
}

/// Whether a label says that it is punycode and does not decode to a text that can be seen.
fn is_bad_punycode(label: &str) -> bool {
    label.strip_prefix("xn--").is_some_and(|rest| decoded(rest).is_none())
}

/// Punycode, RFC 3492 section 6.2, as far as it takes to know that it is sound.
fn decoded(label: &str) -> Option<Vec<char>> {
    let (basic, extended) = label.rsplit_once('-').unwrap_or(("", label));
    let mut output: Vec<char> = basic.chars().listed();
    let (mut code, mut place, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = extended.bytes().peekable();
    digits.peek()?;
    while digits.peek().is_some() {
        let before = place;
        let (mut weight, mut k) = (1_u32, 36_u32);
        loop {
            let digit = digit(digits.next()?)?;
            place = place.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36_u32.checked_sub(threshold)?)?;
            k = k.checked_add(36)?;
        }
        let length = u32::try_from(output.len()).ok()?.checked_add(1)?;
        bias = adapted(place.checked_sub(before)?, length, before == 0)?;
        code = code.checked_add(place.checked_div(length)?)?;
        place = place.checked_rem(length)?;
        output.insert(usize::try_from(place).ok()?, char::from_u32(code).filter(|c| !is_unseen(*c))?);
        place = place.checked_add(1)?;
    }
    Some(output)
}

fn digit(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => u32::from(byte).checked_sub(97),
        b'0'..=b'9' => u32::from(byte).checked_sub(22),
        _ => None,
    }
}

fn adapted(delta: u32, length: u32, first: bool) -> Option<u32> {
    let mut delta = delta.checked_div(if first { 700 } else { 2 })?;
    delta = delta.checked_add(delta.checked_div(length)?)?;
    let mut k = 0_u32;
    while delta > 455 {
        delta = delta.checked_div(35)?;
        k = k.checked_add(36)?;
    }
    k.checked_add(delta.checked_mul(36)?.checked_div(delta.checked_add(38)?)?)
}

/// The scheme of a URI, and what comes after `://`. This searches for characters alone: the search for texts takes 2 kB of the npm package.
pub fn scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

/// Names that lead to the cluster itself.
pub fn is_cluster_name(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.ends_with(".local")
        || host.split('.').skip(1).any(|label| label == "svc")
        || host == "kubernetes.default"
}

/// An IP address in any spelling that a resolver takes: dotted, short, decimal, octal, hexadecimal, IPv6.
pub fn is_ip(host: &str) -> bool {
    let number = |part: &str| {
        let hex = part.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        hex || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    host.starts_with('[') || has(host, ':') || host.split('.').next_back().is_some_and(number)
}

/// An image reference: `[registry[:port]/]path[:tag][@sha256:digest]`.
/// <https://pkg.go.dev/github.com/distribution/reference>
pub fn is_image(image: &str) -> bool {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let digest_ok = digest.is_none_or(|digest| digest.strip_prefix("sha256:").is_some_and(is_sha256));
    let (name, tag) = split_tag(rest);
    let tag_ok = tag.is_none_or(|tag| {
        (1..=128).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && !tag.starts_with(['.', '-'])
    });
    image.len() <= 512 && digest_ok && tag_ok && is_repository(name)
}

/// Whether an image names neither tag nor digest, or the tag `latest`.
pub fn is_floating(image: &str) -> bool {
    !has(image, '@') && split_tag(image).1.is_none_or(|tag| tag == "latest")
}

fn split_tag(image: &str) -> (&str, Option<&str>) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !has(tag, '/') => (name, Some(tag)),
        _ => (image, None),
    }
}

fn is_repository(name: &str) -> bool {
    let mut parts = name.split('/').peekable();
    if let (Some(first), true) = (parts.peek().copied(), has(name, '/'))
        && (first.contains(['.', ':']) || first == "localhost")
    {
        parts.next();
        if !is_registry(first) {
            return false;
        }
    }
    let mut any = false;
    parts.all(|part| {
        any = true;
        is_component(part)
    }) && any
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = registry.split_once(':').unwrap_or((registry, "5000"));
    let port_ok = port.parse::<u32>().is_ok_and(|port| (1..=65535).contains(&port));
    port_ok && host.to_ascii_lowercase().split('.').all(names::is_label)
}

fn is_component(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.bytes().all(allowed) && part.starts_with(edge) && part.ends_with(edge) && part.split('.').all(|word| !word.is_empty())
}

/// 64 lower-case hex digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A C identifier.
pub fn is_env_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A label or annotation key: `[prefix/]name`.
pub fn is_qualified_name(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    prefix.is_none_or(names::is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// A label value: at most 63 of letters, digits, `-_.`, with letters or digits at the ends; may be empty.
pub fn is_label_value(value: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    value.is_empty()
        || (value.len() <= 63
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && value.starts_with(edge)
            && value.ends_with(edge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images() {
        let digest = format!("a@sha256:{}", "a".repeat(64));
        for good in ["a", "a/b:1", "registry.example.com/titanic:1.4.2", "localhost:5000/x", "r.io:443/a/b_c:v1", &digest] {
            assert!(is_image(good), "{good}");
        }
        for bad in ["", "a b", "A/b", "a\n", "a;rm", "a@sha256:abc", "https://x/y", ":80", "../a", "a/", "r.io:99999/a", "{{x}}"]
        {
            assert!(!is_image(bad), "{bad}");
        }
        assert!(is_floating("a/b") && is_floating("a:latest") && !is_floating("a:1") && !is_floating(&digest));
    }

    #[test]
    fn hosts() {
        for good in ["a.b", "titanic.example.com", "xn--80ak6aa92e.com", "xn--bcher-kva.com"] {
            assert!(is_fqdn(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "*.com",
            "a:80",
            "https://a.b",
            "a_b.c",
            "a b.c",
            "a..b",
            ".a.b",
            "a.b.",
            "-a.b",
            "1.2.3.4",
            "a",
            "ns/a.b",
            "xn--.com",
            "xn--a.com",
            "xn--99999999.com",
            "аpple.com",
            "a.b\n",
        ] {
            assert!(!is_fqdn(bad), "{bad}");
        }
        for inside in ["localhost", "kubernetes.default", "istiod.istio-system.svc", "a.svc.cluster.local", "x.local"] {
            assert!(is_cluster_name(inside), "{inside}");
        }
        for ip in ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "1.0x1"] {
            assert!(is_ip(ip), "{ip}");
        }
    }

    #[test]
    fn paths() {
        for good in ["/ping", "/v2/models/a_b/infer", "/a.b~c-d"] {
            assert!(is_url_path(good), "{good}");
        }
        for bad in ["", "ping", "/", "/a//b", "/a b", "/../a", "/a;b", "/a{b}", "/a\n", "/a/"] {
            assert!(!is_url_path(bad), "{bad}");
        }
        assert!(is_file_path("/opt/ml/model") && !is_file_path("/a/../b") && !is_file_path("a") && !is_file_path("/a:b"));
    }
}
