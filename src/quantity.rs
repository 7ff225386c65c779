//! Kubernetes quantities as exact numbers: `1000m` = `1`, `1024Mi` = `1Gi`, `1G` ≠ `1Gi`.
//!
//! After kubernetes/apimachinery `pkg/api/resource`: values below 1n round up, the suffix family is kept, the canonical form has no
//! fraction and the largest suffix.

use alloc::string::{String, ToString};
use core::cmp::Ordering;
use serde_json::Value;

/// How a quantity was written, and is written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Binary,
    Decimal,
    Exponent,
}

/// An exact quantity in units of 1e-9. Compares by value alone.
#[derive(Clone, Debug)]
pub struct Quantity {
    nano: i128,
    family: Family,
}

const NANO: i128 = 1_000_000_000;
/// 1e28 units: what is above compares equal. No cluster has as much, and the API server caps far below for most fields.
const MOST: i128 = 10_i128.pow(37);
/// 2^63 - 1 units: the API server caps binary quantities there.
const MOST_BINARY: i128 = i64::MAX as i128 * NANO;
const BINARY: [(&str, i128); 6] =
    [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40), ("Pi", 1 << 50), ("Ei", 1 << 60)];
/// Suffix and power of ten.
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

impl Quantity {
    /// Parses a quantity; `None` where the API server refuses it.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
        let (number, suffix) = digits.split_at_checked(end)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let (family, scale) = scale(suffix)?;
        let most = if family == Family::Binary { MOST_BINARY } else { MOST };
        let magnitude = magnitude(whole, fraction, scale).min(most);
        Some(Self { nano: if negative { magnitude.saturating_neg() } else { magnitude }, family })
    }

    /// The quantity of a JSON string or integer.
    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) if !number.is_f64() => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// Whether it is above 0.
    pub fn is_positive(&self) -> bool {
        self.nano > 0
    }

    /// Whether it is a whole number of units.
    pub fn is_whole(&self) -> bool {
        self.nano.checked_rem(NANO) == Some(0)
    }

    /// Thousandths rounded up: as the API server stores resources of pods, claims and volumes.
    pub fn milli_ceil(&self) -> i128 {
        self.nano.saturating_add(999_999).checked_div_euclid(1_000_000).unwrap_or(0)
    }

    /// Units rounded up, for example bytes; 0 for a negative quantity.
    pub fn units_ceil(&self) -> u64 {
        let units = self.nano.max(0).saturating_add(NANO.saturating_sub(1)).checked_div(NANO).unwrap_or(0);
        u64::try_from(units).unwrap_or(u64::MAX)
    }

    /// The value as a decimal fraction for messages, for example `0.512`.
    pub fn decimal(&self) -> String {
        let (nano, unit) = (self.nano.unsigned_abs(), NANO.unsigned_abs());
        let (whole, rest) = (nano.checked_div(unit).unwrap_or(0), nano.checked_rem(unit).unwrap_or(0));
        let sign = if self.nano < 0 { "-" } else { "" };
        let fraction = format!("{rest:09}");
        match fraction.trim_end_matches('0') {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        }
    }

    /// The text that the API server would store: largest suffix of its family without a fraction.
    pub fn canonical(&self) -> String {
        if self.nano == 0 {
            return "0".into();
        }
        match self.family {
            Family::Binary if self.nano.abs() >= 1024 * NANO && self.is_whole() => self.binary(),
            Family::Exponent => self.exponent(),
            _ => self.suffixed(),
        }
    }

    fn binary(&self) -> String {
        let units = self.nano.checked_div(NANO).unwrap_or(0);
        let fits = |(_, size): &&(&str, i128)| units.checked_rem(*size) == Some(0);
        match BINARY.iter().rev().find(fits) {
            Some((suffix, size)) => format!("{}{suffix}", units.checked_div(*size).unwrap_or(0)),
            None => units.to_string(),
        }
    }

    fn suffixed(&self) -> String {
        let (mantissa, power) = self.by_thousands();
        let suffix = DECIMAL.iter().find(|(_, known)| *known == power).map_or("", |(suffix, _)| suffix);
        format!("{mantissa}{suffix}")
    }

    fn exponent(&self) -> String {
        match self.by_thousands() {
            (mantissa, 0) => mantissa.to_string(),
            (mantissa, power) => format!("{mantissa}e{power}"),
        }
    }

    /// Mantissa and power of ten, a multiple of three, with nothing left behind the point.
    fn by_thousands(&self) -> (i128, i32) {
        let (mut mantissa, mut power) = (self.nano, -9_i32);
        while power < 18 && mantissa.checked_rem(1000) == Some(0) {
            mantissa = mantissa.checked_div(1000).unwrap_or(0);
            power = power.saturating_add(3);
        }
        (mantissa, power)
    }
}

fn scale(suffix: &str) -> Option<(Family, Scale)> {
    if let Some((_, size)) = BINARY.iter().find(|(known, _)| *known == suffix) {
        return Some((Family::Binary, Scale::Times(*size)));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Some((Family::Decimal, Scale::Power(*power)));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let power = if exponent.starts_with('-') { i32::MIN } else { i32::MAX };
    numeric.then(|| (Family::Exponent, Scale::Power(exponent.parse().unwrap_or(power))))
}

#[derive(Clone, Copy)]
enum Scale {
    Times(i128),
    Power(i32),
}

/// The value in nano units, rounded up, capped at the most that there is.
fn magnitude(whole: &str, fraction: &str, scale: Scale) -> i128 {
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return 0;
    }
    let point = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let (times, power) = match scale {
        Scale::Times(size) => (size, 9),
        Scale::Power(power) => (1, i64::from(power).saturating_add(9)),
    };
    shifted(digits, times, power.saturating_sub(point))
}

/// `digits * times * 10^power`, rounded up.
fn shifted(digits: &str, times: i128, power: i64) -> i128 {
    if power >= 0 {
        let zeros = usize::try_from(power).unwrap_or(usize::MAX).min(60);
        return format!("{digits}{}", "0".repeat(zeros)).parse::<i128>().unwrap_or(MOST).saturating_mul(times);
    }
    let drop = usize::try_from(power.unsigned_abs()).unwrap_or(usize::MAX);
    // Long fractions of a binary suffix matter only up to the digits that one nano unit can see.
    let kept = digits.get(..digits.len().min(36)).unwrap_or(digits);
    let drop = drop.saturating_sub(digits.len().saturating_sub(kept.len()));
    let Ok(value) = kept.parse::<i128>() else { return MOST };
    let lost = digits.get(kept.len()..).is_some_and(|rest| rest.bytes().any(|byte| byte != b'0'));
    match u32::try_from(drop).ok().and_then(|drop| 10i128.checked_pow(drop)) {
        None => 1,
        Some(divisor) => ceil_mul_div(value, times, divisor).saturating_add(i128::from(lost && times == 1 && divisor == 1)),
    }
}

fn ceil_mul_div(value: i128, times: i128, divisor: i128) -> i128 {
    let (whole, rest) = (value.checked_div(divisor).unwrap_or(0), value.checked_rem(divisor).unwrap_or(0));
    let tail = match rest.checked_mul(times) {
        Some(product) => product.saturating_add(divisor.saturating_sub(1)).checked_div(divisor).unwrap_or(0),
        None => rest.checked_div(divisor.checked_div(times).unwrap_or(1).max(1)).unwrap_or(0).saturating_add(1),
    };
    whole.saturating_mul(times).saturating_add(tail)
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases() -> Value {
        serde_json::from_str(include_str!("../host-tests/tables/quantity_cases.json")).expect("the table is JSON")
    }

    #[test]
    fn every_row_of_upstreams_table() {
        let cases = cases();
        for row in cases["parse"].as_array().expect("rows") {
            let input = row["input"].as_str().expect("text");
            let quantity = Quantity::parse(input).unwrap_or_else(|| panic!("{input} is refused"));
            assert_eq!(quantity.canonical(), row["canonical"].as_str().expect("text"), "{input}");
        }
        for row in cases["invalid"].as_array().expect("rows") {
            let input = row.as_str().or(row["input"].as_str()).expect("text");
            assert!(Quantity::parse(input).is_none(), "{input}");
        }
        for group in cases["equivalent"].as_array().expect("groups") {
            let members = group.as_array().or(group["members"].as_array()).expect("members");
            let first = Quantity::from_value(&members[0]);
            assert!(first.is_some());
            assert!(members.iter().all(|member| Quantity::from_value(member) == first), "{group}");
        }
    }

    #[test]
    fn different_families_differ() {
        assert!(Quantity::parse("1G") < Quantity::parse("1Gi"));
        assert_eq!(Quantity::parse("512m").map(|q| q.decimal()), Some("0.512".into()));
        for bad in ["", " 1", "1 Gi", "Gi", "1Gib", "1e3Ki", "1/", "١", "1..2", ".", "--1", "1cpu", "1e", "1e9999x"] {
            assert!(Quantity::parse(bad).is_none(), "{bad:?}");
        }
    }
}
