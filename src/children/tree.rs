//! Typed children to JSON without nulls. `serde_json::to_value` does the same, but its code for each type and its errors are three
//! times as large, and there are a hundred types.

use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};
use serde_json::{Map, Value};
use std::fmt::Error;

type Tree = Result<Value, Error>;

/// Makes a JSON value. What no child has is an error: bytes, tuple structs, variants with several fields.
pub struct Builder;

/// An object that grows.
#[derive(Default)]
pub struct Fields {
    fields: Map<String, Value>,
    key: String,
}

impl Fields {
    /// The API server prunes nulls. Empty values stay: `emptyDir: {}` and `storageClassName: ""` mean something.
    #[inline(never)]
    fn put(&mut self, key: &str, value: Value) {
        if !value.is_null() {
            self.fields.insert(key.into(), value);
        }
    }
}

/// A list that grows.
#[derive(Default)]
pub struct Items(Vec<Value>);

impl SerializeStruct for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        let value = value.serialize(Builder)?;
        self.put(key, value);
        Ok(())
    }

    fn end(self) -> Tree {
        Ok(Value::Object(self.fields))
    }
}

impl SerializeMap for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let Value::String(key) = key.serialize(Builder)? else { return Err(Error) };
        self.key = key;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let value = value.serialize(Builder)?;
        let key = std::mem::take(&mut self.key);
        self.put(&key, value);
        Ok(())
    }

    fn end(self) -> Tree {
        Ok(Value::Object(self.fields))
    }
}

impl SerializeSeq for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.push(value.serialize(Builder)?);
        Ok(())
    }

    fn end(self) -> Tree {
        Ok(Value::Array(self.0))
    }
}

impl SerializeTuple for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Tree {
        SerializeSeq::end(self)
    }
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
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Impossible<Value, Error>;
    type SerializeTupleVariant = Impossible<Value, Error>;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Impossible<Value, Error>;

    scalars! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64, serialize_str: &str
    }

    fn serialize_char(self, value: char) -> Tree {
        Ok(Value::String(value.into()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Tree {
        Err(Error)
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
        fields.put(variant, value.serialize(self)?);
        Ok(Value::Object(fields.fields))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        Ok(Items::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Error> {
        Ok(Items::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        Err(Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Error> {
        Ok(Fields::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(Error)
    }
}
