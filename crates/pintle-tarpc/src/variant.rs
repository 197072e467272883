//! Which variant of an enum a value is, by name.
//!
//! The code that tarpc generates takes it for granted that a peer answers a call with the answer
//! of that very method, and panics if not. A peer is not to be trusted with that, so its answer is
//! compared with the call by name before the generated code sees it.

use std::fmt;

use serde::Serialize;
use serde::ser::{Error, Impossible, Serializer};

/// The name of the variant, if `value` is of an enum whose serialisation is derived.
pub(crate) fn variant(value: &impl Serialize) -> Option<&'static str> {
    match value.serialize(Namer) {
        Err(Found(name)) => name,
        Ok(never) => match never {},
    }
}

/// A serialiser that ends with the first thing it is given.
struct Namer;

/// What it ended with.
#[derive(Debug)]
struct Found(Option<&'static str>);

enum Never {}

type Nowhere = Impossible<Never, Found>;

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("found")
    }
}

impl std::error::Error for Found {}

impl Error for Found {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

macro_rules! no_variant {
    ($($method:ident($($type:ty),*))*) => {$(
        fn $method(self, $(_: $type),*) -> Result<Never, Found> {
            Err(Found(None))
        }
    )*};
}

impl Serializer for Namer {
    type Ok = Never;
    type Error = Found;
    type SerializeSeq = Nowhere;
    type SerializeTuple = Nowhere;
    type SerializeTupleStruct = Nowhere;
    type SerializeTupleVariant = Nowhere;
    type SerializeMap = Nowhere;
    type SerializeStruct = Nowhere;
    type SerializeStructVariant = Nowhere;

    no_variant! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32)
        serialize_i64(i64) serialize_u8(u8) serialize_u16(u16) serialize_u32(u32)
        serialize_u64(u64) serialize_f32(f32) serialize_f64(f64) serialize_char(char)
        serialize_str(&str) serialize_bytes(&[u8]) serialize_none() serialize_unit()
        serialize_unit_struct(&'static str)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Never, Found> {
        Err(Found(None))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<Never, Found> {
        Err(Found(None))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Never, Found> {
        Err(Found(Some(variant)))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<Never, Found> {
        Err(Found(Some(variant)))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nowhere, Found> {
        Err(Found(Some(variant)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nowhere, Found> {
        Err(Found(Some(variant)))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Nowhere, Found> {
        Err(Found(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Nowhere, Found> {
        Err(Found(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Nowhere, Found> {
        Err(Found(None))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Nowhere, Found> {
        Err(Found(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Nowhere, Found> {
        Err(Found(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    enum Answer {
        Nothing,
        Get(u32),
        Put { key: u32 },
    }

    #[test]
    fn a_variant_is_known_by_its_name_whatever_is_in_it() {
        assert_eq!(variant(&Answer::Nothing), Some("Nothing"));
        assert_eq!(variant(&Answer::Get(1)), Some("Get"));
        assert_eq!(variant(&Answer::Put { key: 1 }), Some("Put"));
        assert_eq!(variant(&7), None);
        assert_eq!(variant(&("a", 1)), None);
    }
}
