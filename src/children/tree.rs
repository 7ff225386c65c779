//! Typed children to JSON without nulls. `serde_json::to_value` does the same, but its code for each type and its errors are five
//! times as large, and there are a hundred types.

use crate::json;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{Debug, Display, Formatter};
use serde::Serialize;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde_json::{Map, Value};

type Tree = Result<Value, Never>;

/// Makes a JSON value. Nothing fails: what JSON lacks (bytes, NaN) becomes null, and tests read every child back.
pub struct Builder;

/// An error that has no value, so that no code is made for passing it on.
pub enum Never {}

impl Debug for Never {
    fn fmt(&self, _: &mut Formatter) -> core::fmt::Result {
        match *self {}
    }
}

impl Display for Never {
    fn fmt(&self, _: &mut Formatter) -> core::fmt::Result {
        match *self {}
    }
}

impl core::error::Error for Never {}

impl Error for Never {
    /// For types with errors of their own. No child has one, so this is not even linked.
    #[allow(clippy::panic, reason = "there is no value to answer with")]
    fn custom<T: Display>(error: T) -> Self {
        panic!("{error}")
    }
}

/// An object that grows.
#[derive(Default)]
pub struct Fields {
    fields: Map<String, Value>,
    key: String,
}

impl Fields {
    /// The API server prunes nulls. Empty values stay: `emptyDir: {}` and `storageClassName: ""` mean something.
    #[inline(never)]
    fn put(&mut self, key: &str, Ok(value): Tree) {
        if !value.is_null() {
            self.fields.insert(key.into(), value);
        }
    }

    #[inline(never)]
    fn put_entry(&mut self, value: Tree) {
        let key = core::mem::take(&mut self.key);
        self.put(&key, value);
    }

    #[inline(never)]
    fn name_entry(&mut self, Ok(key): Tree) {
        if let Value::String(key) = key {
            self.key = key;
        }
    }

    /// `serde_json` hands a number on as an object, see `json`.
    #[inline(never)]
    fn into_value(self) -> Value {
        let number = self.fields.get(json::NUMBER).and_then(Value::as_str).and_then(json::number);
        number.map_or(Value::Object(self.fields), Value::Number)
    }
}

/// A list that grows.
#[derive(Default)]
pub struct Items(Vec<Value>);

impl Items {
    #[inline(never)]
    fn push(&mut self, Ok(value): Tree) {
        self.0.push(value);
    }
}

impl SerializeStruct for Fields {
    type Ok = Value;
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Never> {
        self.put(key, value.serialize(Builder));
        Ok(())
    }

    fn end(self) -> Tree {
        Ok(self.into_value())
    }
}

impl SerializeStructVariant for Fields {
    type Ok = Value;
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Never> {
        self.put(key, value.serialize(Builder));
        Ok(())
    }

    fn end(self) -> Tree {
        Ok(self.into_value())
    }
}

impl SerializeMap for Fields {
    type Ok = Value;
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        self.name_entry(key.serialize(Builder));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.put_entry(value.serialize(Builder));
        Ok(())
    }

    fn end(self) -> Tree {
        Ok(self.into_value())
    }
}

/// Every kind of list.
macro_rules! lists {
    ($($list:ident: $method:ident),*) => {
        $(impl $list for Items {
            type Ok = Value;
            type Error = Never;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
                self.push(value.serialize(Builder));
                Ok(())
            }

            fn end(self) -> Tree {
                Ok(Value::Array(self.0))
            }
        })*
    };
}

lists! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field
}

/// Scalars that JSON has.
macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Tree {
            Ok(Value::from(value))
        })*
    };
}

impl Serializer for Builder {
    type Ok = Value;
    type Error = Never;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    scalars! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64, serialize_str: &str
    }

    fn serialize_char(self, value: char) -> Tree {
        Ok(Value::String(value.into()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Tree {
        Ok(Value::Null)
    }

    fn serialize_none(self) -> Tree {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Tree {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Tree {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Tree {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Tree {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Tree {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, variant: &'static str, value: &T) -> Tree {
        let mut fields = Fields::default();
        fields.put(variant, value.serialize(self));
        Ok(fields.into_value())
    }

    /// As serde's, without a hint of the length.
    fn collect_seq<I: IntoIterator<Item: Serialize>>(self, items: I) -> Tree {
        let mut list = Items::default();
        for item in items {
            list.push(item.serialize(Builder));
        }
        Ok(Value::Array(list.0))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Never> {
        Ok(Items::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Never> {
        Ok(Items::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Never> {
        Ok(Items::default())
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Items, Never> {
        Ok(Items::default())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Never> {
        Ok(Fields::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Never> {
        Ok(Fields::default())
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Fields, Never> {
        Ok(Fields::default())
    }
}
