//! Kubernetes quantities as exact numbers: `1000m` = `1`, `1024Mi` = `1Gi`, `1G` ≠ `1Gi`.
//!
//! After kubernetes/apimachinery `pkg/api/resource`: values below 1n round up, the suffix family is kept, the canonical form has no
//! fraction and the largest suffix.

use crate::json::is_integer;
use crate::search::has;
use alloc::string::String;
use core::cmp::Ordering;
use serde_json::Value;

/// How a quantity was written, and is written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Binary,
    Decimal,
    Exponent,
}

/// An exact quantity. Compares by value alone.
#[derive(Clone, Debug)]
pub struct Quantity {
    negative: bool,
    /// The decimal digits of its amount in units of 1e-9, without leading zeros; empty for 0. Digits, because 128-bit numbers take ten
    /// times the code.
    nano: String,
    family: Family,
}

/// Digits behind the point.
const PLACES: usize = 9;
/// Digits of 1e28 units: what is above compares equal. No cluster has as much, and the API server caps far below for most fields.
const MOST: usize = 38;
/// 2^63 - 1 units: the API server caps binary quantities there.
const MOST_BINARY: &str = "9223372036854775807000000000";
/// Suffix and power of 1024.
const BINARY: [(&str, usize); 6] = [("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4), ("Pi", 5), ("Ei", 6)];
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
        if (whole.is_empty() && fraction.is_empty()) || has(fraction, '.') {
            return None;
        }
        let (family, scale) = scale(suffix)?;
        let nano = magnitude(whole, fraction, &scale);
        let is_more = match family {
            Family::Binary => by_digits(&nano, MOST_BINARY) == Ordering::Greater,
            _ => nano.len() >= MOST,
        };
        let most = || if family == Family::Binary { MOST_BINARY.into() } else { format!("1{}", zeros(MOST.saturating_sub(1))) };
        Some(Self { negative: negative && !nano.is_empty(), nano: if is_more { most() } else { nano }, family })
    }

    /// The quantity of a JSON string or integer.
    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) if is_integer(number) => Self::parse(number.as_str()),
            _ => None,
        }
    }

    /// Whether it is above 0.
    pub fn is_positive(&self) -> bool {
        !self.negative && !self.nano.is_empty()
    }

    /// Whether it is a whole number of units.
    pub fn is_whole(&self) -> bool {
        is_zero(self.at_point(PLACES).1)
    }

    /// Rounded up to thousandths: as the API server stores resources of pods, claims and volumes.
    pub fn milli_ceil(&self) -> Self {
        let places = PLACES.saturating_sub(3);
        let milli = self.rounded_up(places);
        let nano = if milli.is_empty() { milli } else { format!("{milli}{}", zeros(places)) };
        Self { negative: self.negative && !nano.is_empty(), nano, family: self.family }
    }

    /// Units rounded up, for example bytes; 0 for a negative quantity.
    pub fn units_ceil(&self) -> u64 {
        match self.rounded_up(PLACES).as_str() {
            "" => 0,
            _ if self.negative => 0,
            units => units.parse().unwrap_or(u64::MAX),
        }
    }

    /// The value as a decimal fraction for messages, for example `0.512`.
    pub fn decimal(&self) -> String {
        let (whole, rest) = self.at_point(PLACES);
        let whole = if whole.is_empty() { "0" } else { whole };
        let sign = self.sign();
        let fraction = format!("{rest:0>9}");
        match fraction.trim_end_matches('0') {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        }
    }

    /// The text that the API server would store: largest suffix of its family without a fraction.
    pub fn canonical(&self) -> String {
        if self.nano.is_empty() {
            return "0".into();
        }
        let units = self.at_point(PLACES).0;
        match self.family {
            Family::Binary if self.is_whole() && by_digits(units, "1024") != Ordering::Less => self.binary(units),
            Family::Exponent => self.exponent(),
            _ => self.suffixed(),
        }
    }

    fn binary(&self, units: &str) -> String {
        let (mut units, mut suffix) = (String::from(units), "");
        for (known, _) in BINARY {
            let (kibi, 0) = divided(&units) else { break };
            (units, suffix) = (kibi, known);
        }
        format!("{}{units}{suffix}", self.sign())
    }

    fn suffixed(&self) -> String {
        let (mantissa, power) = self.by_thousands();
        let suffix = DECIMAL.iter().find(|(_, known)| *known == power).map_or("", |(suffix, _)| suffix);
        format!("{}{mantissa}{suffix}", self.sign())
    }

    fn exponent(&self) -> String {
        match self.by_thousands() {
            (mantissa, 0) => format!("{}{mantissa}", self.sign()),
            (mantissa, power) => format!("{}{mantissa}e{power}", self.sign()),
        }
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    /// Mantissa and power of ten, a multiple of three, with nothing left behind the point.
    fn by_thousands(&self) -> (&str, i32) {
        let (mut mantissa, mut power) = (self.nano.as_str(), -9_i32);
        while let Some(thousands) = mantissa.strip_suffix("000").filter(|_| power < 18) {
            mantissa = thousands;
            power = power.saturating_add(3);
        }
        (mantissa, power)
    }

    /// What is before and behind the last digits.
    fn at_point(&self, places: usize) -> (&str, &str) {
        let point = self.nano.len().saturating_sub(places);
        self.nano.split_at_checked(point).unwrap_or_default()
    }

    /// The digits before the last ones, rounded towards the greater number.
    fn rounded_up(&self, places: usize) -> String {
        let (kept, dropped) = self.at_point(places);
        rounded(kept, !self.negative && !is_zero(dropped))
    }
}

fn scale(suffix: &str) -> Option<(Family, Scale)> {
    if let Some((_, power)) = BINARY.iter().find(|(known, _)| *known == suffix) {
        return Some((Family::Binary, Scale::Kibi(*power)));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Some((Family::Decimal, Scale::Ten(*power)));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let power = if exponent.starts_with('-') { i32::MIN } else { i32::MAX };
    numeric.then(|| (Family::Exponent, Scale::Ten(exponent.parse().unwrap_or(power))))
}

/// A power of 1024 or of ten.
enum Scale {
    Kibi(usize),
    Ten(i32),
}

/// The digits of the value in nano units, rounded up.
fn magnitude(whole: &str, fraction: &str, scale: &Scale) -> String {
    let all = format!("{whole}{fraction}");
    let mut digits = String::from(all.trim_start_matches('0'));
    if digits.is_empty() {
        return digits;
    }
    let power = match scale {
        Scale::Ten(power) => *power,
        Scale::Kibi(power) => {
            (0..*power).for_each(|_| digits = times_1024(&digits));
            0
        }
    };
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let shift = power.saturating_add(9).saturating_sub(places);
    let size = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
    if shift >= 0 {
        return format!("{digits}{}", zeros(size.min(60)));
    }
    let (kept, dropped) = digits.split_at_checked(digits.len().saturating_sub(size)).unwrap_or_default();
    rounded(kept, !is_zero(dropped))
}

fn zeros(count: usize) -> String {
    "0".repeat(count)
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|byte| byte == b'0')
}

/// Which of two numbers without leading zeros is greater.
fn by_digits(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// The number, or the next one.
fn rounded(digits: &str, up: bool) -> String {
    if up { worked(digits, 1, 1) } else { digits.into() }
}

fn times_1024(digits: &str) -> String {
    worked(digits, 1024, 0)
}

/// `digits * times + plus`.
fn worked(digits: &str, times: u32, plus: u32) -> String {
    let mut carry = plus;
    let mut backwards = String::new();
    for digit in digits.chars().rev().map(|c| c.to_digit(10).unwrap_or(0)) {
        carry = carry.saturating_add(digit.saturating_mul(times));
        backwards.extend(char::from_digit(carry % 10, 10));
        carry /= 10;
    }
    while carry > 0 {
        backwards.extend(char::from_digit(carry % 10, 10));
        carry /= 10;
    }
    backwards.chars().rev().collect()
}

/// A 1024th of a number, and what is left over.
fn divided(digits: &str) -> (String, u32) {
    let (mut quotient, mut rest) = (String::new(), 0_u32);
    for digit in digits.chars().map(|c| c.to_digit(10).unwrap_or(0)) {
        rest = rest.saturating_mul(10).saturating_add(digit);
        quotient.extend(char::from_digit(rest / 1024, 10));
        rest %= 1024;
    }
    (quotient.trim_start_matches('0').into(), rest)
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
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
        match (self.negative, other.negative) {
            (false, false) => by_digits(&self.nano, &other.nano),
            (true, true) => by_digits(&other.nano, &self.nano),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
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
        let tables = ["parse", "parseNegative", "parseEmit", "parseLarge"];
        for row in tables.iter().flat_map(|table| cases[table].as_array().expect("rows")) {
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
