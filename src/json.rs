//! Strict reading of JSON: duplicate keys, too much depth and too many bytes are failures. `serde_json` keeps the last of two equal
//! keys silently, so `{"desired":[…],"desired":[]}` would empty an input.

use crate::diagnostic::{Failure, shown};
use crate::list::{Listed, Next};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
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

fn read(text: &str, limits: &Limits) -> serde_json::Result<Value> {
    let mut left = limits.values;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: limits.depth, left: &mut left }.deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

/// An object of members, inserted one by one: each `collect` into a map would bring a sort of its own into the component.
pub fn object(members: &mut dyn Next<(String, Value)>) -> Map<String, Value> {
    let mut object = Map::new();
    while let Some((name, value)) = members.next_item() {
        object.insert(name, value);
    }
    object
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
    format!("{base}/{}", token.replace('~', "~0").replace('/', "~1"))
}

struct Strict<'a> {
    depth: usize,
    left: &'a mut usize,
}

impl Strict<'_> {
    fn below<E: de::Error>(&mut self) -> Result<Strict<'_>, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("it is nested too deep"))?;
        *self.left = self.left.checked_sub(1).ok_or_else(|| E::custom("it has too many values"))?;
        Ok(Strict { depth, left: self.left })
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

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below()?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.below()?)?;
            if let Some(_before) = object.insert(name.clone(), value) {
                return Err(de::Error::custom(format!("the member {} is given twice", shown(&name))));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

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
    fn escapes_pointers() {
        assert_eq!(pointer("/a", "b/c~d"), "/a/b~1c~0d");
    }
}
