//! Reads a value of a peer's without letting the peer exhaust the stack or the processor.
//!
//! A type that contains itself can be nested as deep as a frame has bytes, and a sequence of
//! elements that take no bytes can be as long as a number can say: no codec minds either. This
//! stands between the codec and the type, and counts.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// How deep values may lie within values.
pub(super) const MAX_DEPTH: usize = 256;

/// How many elements a message may have beyond one for each of its bytes.
pub(super) const FREE_ELEMENTS: usize = 4096;

/// Reads a `T`, counting.
pub(super) struct Guarded<T> {
    elements: usize,
    of: PhantomData<T>,
}

impl<T> Guarded<T> {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            elements: bytes.saturating_add(FREE_ELEMENTS),
            of: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Guarded<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        let elements = Cell::new(self.elements);
        let left = Left {
            elements: &elements,
            depth: MAX_DEPTH,
        };
        T::deserialize(Guard { inner: from, left })
    }
}

/// What the peer may still make this side do.
#[derive(Clone, Copy)]
struct Left<'a> {
    elements: &'a Cell<usize>,
    depth: usize,
}

impl Left<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(E::custom(format_args!(
                "values lie more than {MAX_DEPTH} deep within each other"
            ))),
        }
    }

    fn count<E: Error>(self) -> Result<(), E> {
        match self.elements.get().checked_sub(1) {
            Some(left) => {
                self.elements.set(left);
                Ok(())
            }
            None => Err(E::custom("more elements than the message has bytes for")),
        }
    }
}

/// Any of serde's readers, with what is left beside it.
struct Guard<'a, I> {
    inner: I,
    left: Left<'a>,
}

/// Where elements are as many as the peer says they are counted, elsewhere as many as the type has.
struct GuardedVisitor<'a, V> {
    inner: V,
    left: Left<'a>,
    counted: bool,
}

/// Values without values in them pass; the others are entered.
macro_rules! flat {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

macro_rules! deep {
    ($($method:ident($($arg:ident: $type:ty),*) $counted:literal)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = GuardedVisitor {
                inner: visitor,
                left: self.left.deeper()?,
                counted: $counted,
            };
            self.inner.$method($($arg,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guard<'_, D> {
    type Error = D::Error;

    flat! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier
    }

    deep! {
        deserialize_any() true
        deserialize_ignored_any() true
        deserialize_option() false
        deserialize_seq() true
        deserialize_map() true
        deserialize_tuple(len: usize) false
        deserialize_unit_struct(name: &'static str) false
        deserialize_newtype_struct(name: &'static str) false
        deserialize_tuple_struct(name: &'static str, len: usize) false
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) false
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) false
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visit {
    ($($method:ident: $type:ty)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for GuardedVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit! {
        visit_bool: bool visit_i8: i8 visit_i16: i16 visit_i32: i32 visit_i64: i64
        visit_i128: i128 visit_u8: u8 visit_u16: u16 visit_u32: u32 visit_u64: u64
        visit_u128: u128 visit_f32: f32 visit_f64: f64 visit_char: char visit_str: &str
        visit_borrowed_str: &'de str visit_string: String visit_bytes: &[u8]
        visit_borrowed_bytes: &'de [u8] visit_byte_buf: Vec<u8>
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        let Self { inner, left, .. } = self;
        inner.visit_some(Guard { inner: from, left })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        let Self { inner, left, .. } = self;
        inner.visit_newtype_struct(Guard { inner: from, left })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Elements {
            inner: elements,
            left: self.left,
            counted: self.counted,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Elements {
            inner: entries,
            left: self.left,
            counted: self.counted,
        })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let Self { inner, left, .. } = self;
        inner.visit_enum(Guard {
            inner: variant,
            left,
        })
    }
}

struct Elements<'a, A> {
    inner: A,
    left: Left<'a>,
    counted: bool,
}

impl<A> Elements<'_, A> {
    fn count<E: Error>(&self) -> Result<(), E> {
        if self.counted {
            self.left.count()
        } else {
            Ok(())
        }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.count()?;
        let left = self.left;
        self.inner.next_element_seed(Guard { inner: seed, left })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.count()?;
        let left = self.left;
        self.inner.next_key_seed(Guard { inner: seed, left })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let left = self.left;
        self.inner.next_value_seed(Guard { inner: seed, left })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guard<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Guard {
            inner: from,
            left: self.left,
        })
    }
}

impl<'de, 'a, A: EnumAccess<'de>> EnumAccess<'de> for Guard<'a, A> {
    type Error = A::Error;
    type Variant = Guard<'a, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (name, inner) = self.inner.variant_seed(seed)?;
        let left = self.left;
        Ok((name, Guard { inner, left }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let left = self.left;
        self.inner.newtype_variant_seed(Guard { inner: seed, left })
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, entered(visitor, self.left))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner
            .struct_variant(fields, entered(visitor, self.left))
    }
}

/// The fields of a variant: as many as the type has.
fn entered<'a, 'de, V: Visitor<'de>>(inner: V, left: Left<'a>) -> GuardedVisitor<'a, V> {
    GuardedVisitor {
        inner,
        left,
        counted: false,
    }
}
