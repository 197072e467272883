//! What a field of a message can hold.

mod byte;
mod list;
mod map;
mod option;
mod scalar;
mod text;
mod time;

use pintle_core::Pieces;

use crate::error::DecodeError;
use crate::schema::{Schema, Shape, Type};
use crate::wire::Field;

/// A type that a field of a message can have.
///
/// Numbers, `bool`, `String`, bytes, `Duration`, `SystemTime`, types with `#[pintle::message]`, and
/// `Option`, `Vec`, `HashMap` and `BTreeMap` of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross to another process",
    label = "not a value of an interface",
    note = "write `#[pintle::message]` on the type; of the standard library there are numbers of 8 to 64 bits, `bool`, `String`, `Vec<u8>`, `Duration`, `SystemTime`, and `Option`, `Vec`, `HashMap`, `BTreeMap` of such types"
)]
pub trait Value: Sized + Send + Sync + 'static {
    /// Appends the field, unless it is what a reader takes for granted.
    fn put(&self, tag: u32, to: &mut Pieces);

    /// How many bytes [`put`](Self::put) appends.
    fn field_len(&self, tag: u32) -> usize;

    /// Takes the field in; what came before under the same number is kept if that is its nature.
    ///
    /// # Errors
    /// When the payload is not of this type.
    fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError>;

    /// What it is when the field did not come.
    ///
    /// # Errors
    /// When nothing can be taken for granted: an enum whose variants hold values.
    fn absent() -> Result<Self, DecodeError>;

    /// What a `.proto` file says of it.
    fn shape(schema: &mut Schema) -> Shape;
}

/// A [`Value`] that stands alone: what an `Option`, a list or a map can hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be within an `Option`, a list, a map or a stream of an interface",
    label = "not a single value",
    note = "write `#[pintle::message]` on the type; put an `Option`, a `Vec` or a map within another into a struct with `#[pintle::message]`"
)]
pub trait Element: Value {
    /// Appends the field, whatever its value.
    fn put_element(&self, tag: u32, to: &mut Pieces);

    /// How many bytes [`put_element`](Self::put_element) appends.
    fn element_len(&self, tag: u32) -> usize;

    /// Takes the payload of one field.
    ///
    /// # Errors
    /// When it is not of this type.
    fn take_element(field: Field<'_>) -> Result<Self, DecodeError>;

    /// The type in a `.proto` file.
    fn element_type(schema: &mut Schema) -> Type;

    /// What a `.proto` file says of a list.
    fn list_shape(schema: &mut Schema) -> Shape {
        Shape::List(Self::element_type(schema))
    }

    /// Appends a list.
    fn put_list(list: &[Self], tag: u32, to: &mut Pieces) {
        for element in list {
            element.put_element(tag, to);
        }
    }

    /// How many bytes [`put_list`](Self::put_list) appends.
    fn list_len(list: &[Self], tag: u32) -> usize {
        list.iter().map(|element| element.element_len(tag)).sum()
    }

    /// Takes a part of a list.
    ///
    /// # Errors
    /// When it is not of this type.
    fn merge_list(list: &mut Vec<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        list.push(Self::take_element(field)?);
        Ok(())
    }
}

/// What can be the key of a map.
pub trait Key: Element + Ord + std::hash::Hash {
    /// The key's type in a `.proto` file.
    const SCALAR: crate::schema::Scalar;
}
