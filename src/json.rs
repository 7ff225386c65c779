//! Strict reading of JSON: duplicate keys, too much depth and too many bytes are failures. `serde_json` keeps the last of two equal
//! keys silently, so `{"desired":[…],"desired":[]}` would empty an input.

use crate::diagnostic::{Failure, shown};
use crate::list::{Listed, Next};
use crate::search::replaced;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What a call may hand in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the whole input.
    pub bytes: usize,
    /// Nesting of objects and lists.
    pub depth: usize,
    /// Values of any type.
    pub values: usize,
}

impl Limits {
    /// What every function of the contract accepts. Hosts may set less.
    pub const DEFAULT: Self = Self { bytes: 256 << 20, depth: 64, values: 20_000_000 };
}

/// Parses one JSON text.
pub fn parse(text: &str, limits: &Limits) -> Result<Value, Failure> {
    if text.len() > limits.bytes {
        let message = format!("the input has {} bytes, the limit is {}", text.len(), limits.bytes);
        return Err(Failure::new("LimitExceeded", message));
    }
    read(text, limits).map_err(|error| Failure::new("Malformed", format!("the input is not strict JSON: {error}")))
}

/// A JSON text inside an object, for example in an annotation; `None` when it cannot be read. The one reader serves it, too:
/// `serde_json`'s own for values would be a second one in the component, and its messages know how to write floats.
pub fn inner(text: &str) -> Option<Value> {
    read(text, &Limits { depth: 128, ..Limits::DEFAULT }).ok()
}

fn read(text: &str, limits: &Limits) -> Result<Value, String> {
    let mut reading = Reading { left: limits.values, wrong: None };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: limits.depth, reading: &mut reading }.deserialize(&mut reader);
    // What was noted came first.
    match reading.wrong {
        Some(wrong) => Err(wrong),
        None => value.and_then(|value| reader.end().map(|()| value)).map_err(|error| error.to_string()),
    }
}

/// An object of members, inserted one by one: each `collect` into a map would bring a sort of its own into the component.
pub fn object(members: &mut dyn Next<(String, Value)>) -> Map<String, Value> {
    let mut object = Map::new();
    while let Some((name, value)) = members.next_item() {
        object.insert(name, value);
    }
    object
}

/// The member of a name, which is this new value where there was none. An `entry` would bring a second way of inserting along.
pub fn member<'a>(object: &'a mut Map<String, Value>, name: &str, new: Value) -> Option<&'a mut Value> {
    if !object.contains_key(name) {
        object.insert(name.into(), new);
    }
    object.get_mut(name)
}

/// An object of these members, which are taken: `json!` would bring a second way of making values into the component.
pub fn tree(members: &mut [(&str, Value)]) -> Value {
    object(&mut members.iter_mut().map(|(name, value)| ((*name).into(), value.take()))).into()
}

/// A list of texts.
pub fn texts(texts: &[String]) -> Value {
    Value::Array(texts.iter().map(|text| Value::from(text.as_str())).listed())
}

/// Appends a member or index to a JSON Pointer (RFC 6901).
pub fn pointer(base: &str, token: &str) -> String {
    format!("{base}/{}", replaced(&replaced(token, '~', "~0"), '/', "~1"))
}

/// What is known while a text is read. What is wrong beyond JSON's own grammar is noted, and nothing is kept from there on: an error made
/// of a message would bring the search for places in messages along.
struct Reading {
    left: usize,
    wrong: Option<String>,
}

impl Reading {
    fn note(&mut self, wrong: &str) {
        self.wrong.get_or_insert_with(|| wrong.into());
    }
}

struct Strict<'a> {
    depth: usize,
    reading: &'a mut Reading,
}

impl Strict<'_> {
    /// What reads the next value inside.
    fn below(&mut self) -> Strict<'_> {
        match (self.depth, self.reading.left) {
            (0, _) => self.reading.note("it is nested too deep"),
            (_, 0) => self.reading.note("it has too many values"),
            _ => {}
        }
        self.reading.left = self.reading.left.saturating_sub(1);
        Strict { depth: self.depth.saturating_sub(1), reading: self.reading }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    /// Numbers that are no 64-bit integers come as maps, see `NUMBER`. Left out, this would bring the text form of floats along.
    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        self.reading.note(NOT_FINITE);
        Ok(Value::Null)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below())? {
            if self.reading.wrong.is_none() {
                list.push(item);
            }
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key_seed(Name)? {
            let Some(name) = name else {
                let text = members.next_value_seed(Strict { depth: 0, reading: self.reading })?;
                let number = text.as_str().and_then(number);
                if !object.is_empty() {
                    self.reading.note("a number is announced beside other members");
                }
                if number.is_none() {
                    self.reading.note(NOT_FINITE);
                }
                return Ok(number.map_or(Value::Null, Value::Number));
            };
            let value = members.next_value_seed(self.below())?;
            if object.contains_key(&name) {
                self.reading.note(&format!("the member {} is given twice", shown(&name)));
            }
            if self.reading.wrong.is_none() {
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }
}

/// How `serde_json` hands over a number that keeps the digits it was written with: as an object with this one member. Whoever writes such
/// an object means that number.
pub const NUMBER: &str = "$serde_json::private::Number";

/// The name of a member; `None` for the one that announces a number.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok((name != NUMBER).then(|| name.into()))
    }
}

/// A number as it was written, with everything that makes one; a text of that form is one. Whoever reads it as a 64-bit float, as most do,
/// must find it finite. The parser of `serde_json` itself could turn floats into text, which takes tables.
pub fn number(text: &str) -> Option<Number> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let are_digits =
        [whole, fraction, exponent].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let shift = exponent.trim_start_matches('0');
    let shift = if shift.is_empty() {
        0
    } else {
        shift.parse::<u32>().map_or(usize::MAX, |shift| usize::try_from(shift).unwrap_or(usize::MAX))
    };
    let is_finite = whole.len().saturating_add(shift) <= 300;
    let is_number = are_digits && is_finite && (whole == "0" || !whole.starts_with('0'));
    is_number.then(|| Number::from_string_unchecked(text.into()))
}

const NOT_FINITE: &str = "a number is not finite";

/// Whether a number was written without fraction and exponent.
pub fn is_integer(number: &Number) -> bool {
    !number.as_str().contains(['.', 'e', 'E'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses() {
        let deep = "[".repeat(65) + &"]".repeat(65);
        let cases = [
            "",
            "null x",
            "[1,]",
            "NaN",
            "1e400",
            "\u{feff}{}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "\"\\ud800\"",
            "{\"x\":[{\"a\":1,\"a\":1}]}",
            "[1]//",
            "{\"a\":1}{\"b\":2}",
            &deep,
        ];
        for case in cases {
            assert!(parse(case, &Limits::DEFAULT).is_err(), "{case}");
        }
        let small = Limits { bytes: 3, ..Limits::DEFAULT };
        assert_eq!(parse("[1, 2]", &small).map_err(|failure| failure.code), Err("LimitExceeded".into()));
    }

    #[test]
    fn keeps_integers_exact() {
        let text = "{\"a\":[18446744073709551615,-9223372036854775808,true,null,\"é\"]}";
        assert_eq!(parse(text, &Limits::DEFAULT).map(|value| value.to_string()), Ok(text.into()));
    }

    #[test]
    fn keeps_the_digits_of_other_numbers() {
        let text = "[0.10,1e+3,-0,-1.50e-7,18446744073709551616,123456789012345678901234567890.5]";
        assert_eq!(parse(text, &Limits::DEFAULT).map(|value| value.to_string()), Ok(text.into()));
        let announced = format!("[{{\"{NUMBER}\":\"0.5\"}}]");
        assert_eq!(parse(&announced, &Limits::DEFAULT).map(|value| value.to_string()), Ok("[0.5]".into()));
        for bad in ["", "x", "01", "1.", ".5", "+1", "1e", "1e301", "0x1", "1 "] {
            let announced = format!("[{{\"{NUMBER}\":\"{bad}\"}}]");
            assert!(parse(&announced, &Limits::DEFAULT).is_err(), "{bad}");
        }
        for beside in [format!("{{\"a\":1,\"{NUMBER}\":\"5\"}}"), format!("{{\"{NUMBER}\":\"5\",\"a\":1}}")] {
            assert!(parse(&beside, &Limits::DEFAULT).is_err(), "{beside}");
        }
        for bad in ["[1]", "{}", "null", "5"] {
            assert!(parse(&format!("{{\"{NUMBER}\":{bad}}}"), &Limits::DEFAULT).is_err(), "{bad}");
        }
    }

    #[test]
    fn escapes_pointers() {
        assert_eq!(pointer("/a", "b/c~d"), "/a/b~1c~0d");
    }
}
