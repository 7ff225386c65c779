//! What Kubernetes reads where a plain scalar stands: the rules of `sigs.k8s.io/yaml`, which are those of YAML 1.1 without base 60.

use super::node::Content;

/// What a plain scalar means, or why it is refused.
pub fn plain(text: &str) -> Result<Content, String> {
    if let Some(word) = word(text) {
        return Ok(word);
    }
    if is_not_finite(text) {
        return Err(format!("{text} is not a finite number; JSON has no such value"));
    }
    number(text).map(|number| number.map_or_else(|| Content::Text(text.into()), Content::Number))
}

fn word(text: &str) -> Option<Content> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Content::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Content::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(Content::Bool(false)),
        _ => None,
    }
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(text, ".nan" | ".NaN" | ".NAN") || matches!(unsigned, ".inf" | ".Inf" | ".INF")
}

/// The JSON text of a number; `None` where Kubernetes reads a string.
fn number(text: &str) -> Result<Option<String>, String> {
    match text.as_bytes().first() {
        Some(b'.') => Ok(decimal(text)),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            let digits = text.replace('_', "");
            match radix(&digits) {
                Some(integer) => integer.map(Some).ok_or_else(|| format!("{text} does not fit into 64 bits")),
                None => Ok(decimal(&digits)),
            }
        }
        _ => Ok(None),
    }
}

/// An integer in base 2, 8 or 16; the inner `None` is one that does not fit. A leading zero alone means base 8.
fn radix(text: &str) -> Option<Option<String>> {
    let negative = text.starts_with('-');
    let signed = text.starts_with(['+', '-']);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (base, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, unsigned.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, unsigned.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => return None,
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    let Ok(value) = u64::from_str_radix(digits, base) else { return Some(None) };
    let fits = if signed { value <= i64::MAX.unsigned_abs() + u64::from(negative) } else { true };
    Some(fits.then(|| if negative && value > 0 { format!("-{value}") } else { value.to_string() }))
}

/// A decimal number as JSON writes it: digits before and after the point, no `+`, no leading zeros. Beyond what a double can hold
/// Kubernetes reads a string.
fn decimal(text: &str) -> Option<String> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (mantissa, ""),
    };
    let power = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if power.is_some_and(|power| power.is_empty() || !digits(power)) {
        return None;
    }
    let json = assemble(negative, whole, fraction, exponent);
    let is_integer = fraction.is_empty() && exponent.is_none();
    (is_integer || json.parse::<f64>().is_ok_and(f64::is_finite)).then_some(json)
}

fn assemble(negative: bool, whole: &str, fraction: &str, exponent: Option<&str>) -> String {
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let mut json = String::from(if negative { "-" } else { "" });
    json.push_str(whole);
    if !fraction.is_empty() {
        json.push('.');
        json.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        json.push('e');
        json.push_str(exponent);
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_kubernetes_reads() {
        let text = |text: &str| Content::Text(text.into());
        let number = |text: &str| Content::Number(text.into());
        let table = [
            ("", Content::Null),
            ("~", Content::Null),
            ("nULL", text("nULL")),
            ("yes", Content::Bool(true)),
            ("No", Content::Bool(false)),
            ("off", Content::Bool(false)),
            ("y", Content::Bool(true)),
            ("tRUE", text("tRUE")),
            ("33.3", number("33.3")),
            ("33.30", number("33.30")),
            ("0x1F", number("31")),
            ("-0x10", number("-16")),
            ("0777", number("511")),
            ("0o17", number("15")),
            ("0b101", number("5")),
            ("08", number("8")),
            ("00", number("0")),
            ("0", number("0")),
            ("-0", number("-0")),
            ("1_000", number("1000")),
            ("_1", text("_1")),
            ("1:30", text("1:30")),
            ("+5", number("5")),
            (".5", number("0.5")),
            ("5.", number("5")),
            ("+.5e3", number("0.5e3")),
            ("1e30", number("1e30")),
            ("1e400", text("1e400")),
            ("1e", text("1e")),
            ("1Gi", text("1Gi")),
            ("1.2.3", text("1.2.3")),
            ("2001-01-01", text("2001-01-01")),
            ("18446744073709551615", number("18446744073709551615")),
            ("18446744073709551616", number("18446744073709551616")),
            ("0xFFFFFFFFFFFFFFFF", number("18446744073709551615")),
            ("-", text("-")),
            (".", text(".")),
            ("..", text("..")),
            ("0x", text("0x")),
            ("inf", text("inf")),
            ("nan", text("nan")),
        ];
        for (scalar, meaning) in table {
            assert_eq!(plain(scalar), Ok(meaning), "{scalar}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for scalar in [".nan", ".NaN", ".inf", "-.INF", "+.Inf", "0x1FFFFFFFFFFFFFFFF", "-0xFFFFFFFFFFFFFFFF"] {
            assert!(plain(scalar).is_err(), "{scalar}");
        }
    }
}
