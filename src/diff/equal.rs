//! When two scalars say the same, and how the elements of keyed lists are found.

use super::tables::{Default, Shape, Type};
use crate::list::Listed;
use crate::quantity::Quantity;
use crate::sort::sort;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

/// Whether two scalars of a shape say the same.
pub(crate) fn scalars(shape: Shape, one: &Value, other: &Value) -> bool {
    one == other
        || match shape {
            Shape::Quantity => quantity(one).zip(quantity(other)).is_some_and(|(one, other)| one == other),
            Shape::Resource => {
                quantity(one).zip(quantity(other)).is_some_and(|(one, other)| one.milli_ceil() == other.milli_ceil())
            }
            Shape::Duration => nanoseconds(one).zip(nanoseconds(other)).is_some_and(|(one, other)| one == other),
            _ => decimal(one).zip(decimal(other)).is_some_and(|(one, other)| one == other),
        }
}

/// A quantity may be a JSON number, with a fraction, too.
pub(crate) fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::Number(number) => Quantity::parse(number.as_str()),
        _ => Quantity::from_value(value),
    }
}

/// A number as sign, digits without zeros at their ends, and the power of ten of the last one: so 1, 1.0 and 10e-1 are equal, and nothing
/// passes through a float.
fn decimal(value: &Value) -> Option<(bool, String, i32)> {
    let Value::Number(number) = value else { return None };
    let (negative, text) = match number.as_str().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.as_str()),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let zeros = i32::try_from(all.len().checked_sub(digits.len())?).ok()?;
    let power = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    match digits.trim_start_matches('0') {
        "" => Some((false, String::new(), 0)),
        digits => Some((negative, digits.into(), power)),
    }
}

/// A whole number of a size that a key may have.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let (negative, digits, power) = decimal(value)?;
        let digits = if digits.is_empty() { 0 } else { digits.parse::<i64>().ok()? };
        let whole = digits.checked_mul(10_i64.checked_pow(u32::try_from(power).ok()?)?)?;
        whole.checked_mul(if negative { -1 } else { 1 })
    })
}

/// Go's duration syntax, as Istio reads it: `1.5s`, `1500ms`, `1h30m`.
fn nanoseconds(value: &Value) -> Option<i64> {
    let mut rest = value.as_str()?;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(end)?;
        let length = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(length)?;
        total = total.checked_add(scaled(number, unit_nanoseconds(unit)?)?)?;
        rest = tail;
    }
    Some(total)
}

fn unit_nanoseconds(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

fn scaled(number: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = fraction.trim_end_matches('0');
    if digits.len() > 15 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let parse = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i64>().ok() };
    let part = parse(digits)?.checked_mul(unit)?.checked_div(10_i64.checked_pow(u32::try_from(digits.len()).ok()?)?)?;
    parse(whole)?.checked_mul(unit)?.checked_add(part)
}

/// One key field of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part<'a> {
    Absent,
    Text(&'a str),
    Number(i64),
    /// Of a type that no key has.
    Odd,
}

/// The key of an element: no list of our kinds has more than two key fields.
pub(crate) type Key<'a> = [Part<'a>; 2];

/// The key of an element of a keyed list, defaults filled in; of a value of a set, the value.
pub(crate) fn key<'a>(of: &Type, item: &'a Value) -> Key<'a> {
    let Shape::Keyed(names) = of.shape else { return [scalar(item), Part::Absent] };
    let mut names = names.iter();
    let mut next = || names.next().map_or(Part::Absent, |name| part(of, item, name));
    [next(), next()]
}

fn part<'a>(of: &Type, item: &'a Value, name: &str) -> Part<'a> {
    match item.get(name) {
        None | Some(Value::Null) => match of.element().member(name).1 {
            Default::Text(text) => Part::Text(text),
            _ => Part::Absent,
        },
        Some(value) => scalar(value),
    }
}

fn scalar(value: &Value) -> Part<'_> {
    match value {
        Value::String(text) => Part::Text(text),
        _ => integer(value).map_or(Part::Odd, Part::Number),
    }
}

/// The elements of a keyed list or set by key. Of equal keys the first counts.
pub(crate) struct Index<'a> {
    sorted: Vec<(Key<'a>, usize)>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(of: &Type, items: &'a [Value]) -> Self {
        let mut sorted: Vec<_> = items.iter().enumerate().map(|(at, item)| (key(of, item), at)).listed();
        sort(&mut sorted);
        Self { sorted }
    }

    /// Where the first element with this key is.
    pub(crate) fn find(&self, key: &Key) -> Option<usize> {
        self.from(key).next()
    }

    /// Whether several elements have this key.
    pub(crate) fn is_repeated(&self, key: &Key) -> bool {
        self.from(key).nth(1).is_some()
    }

    fn from<'k>(&'k self, key: &'k Key) -> impl Iterator<Item = usize> + 'k {
        let start = self.sorted.partition_point(|(known, _)| known < key);
        let rest = self.sorted.get(start..).unwrap_or_default();
        rest.iter().take_while(move |(known, _)| known == key).map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_and_numbers_compare_by_value() {
        for (one, other, equal) in [
            ("1s", "1.0s", true),
            ("1s", "1000ms", true),
            ("1h30m", "5400s", true),
            ("0.5s", "500ms", true),
            ("1s", "1m", false),
            ("1", "1s", false),
            ("x", "y", false),
            (".s", "0s", false),
        ] {
            assert_eq!(scalars(Shape::Duration, &json!(one), &json!(other)), equal, "{one} {other}");
        }
        assert!(scalars(Shape::Deduced, &json!(1), &json!(1.0)));
        assert!(!scalars(Shape::Deduced, &json!(9_007_199_254_740_993_u64), &json!(9_007_199_254_740_992_u64)));
        assert!(!scalars(Shape::Deduced, &json!(80), &json!("80")));
        assert!(scalars(Shape::Quantity, &json!(0.5), &json!("500m")));
        assert!(!scalars(Shape::Deduced, &json!("1000m"), &json!("1")));
    }
}
