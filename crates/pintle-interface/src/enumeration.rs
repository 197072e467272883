//! What `#[pintle::message]` makes of an enum of bare names.

use crate::error::DecodeError;
use crate::schema::{self, Definition, Name, Schema, Type};
use crate::value::Element;
use crate::wire::Field;

/// An enum of bare names: a number on the wire. Implemented by `#[pintle::message]`.
pub trait Enumeration: Sized + Send + Sync + 'static {
    /// Its name in a `.proto` file, and the package that name lies in.
    const NAME: (&'static str, &'static str);

    /// Its number on the wire.
    fn number(&self) -> i32;

    /// The name of that number, if there is one.
    fn from_number(number: i32) -> Option<Self>;

    /// What a `.proto` file says of it.
    fn definition() -> schema::Enumeration;
}

/// Takes a name off a field.
#[doc(hidden)]
pub fn take<E: Enumeration>(field: Field<'_>) -> Result<E, DecodeError> {
    known(i32::take_element(field)?)
}

/// The name of that number.
#[doc(hidden)]
pub fn known<E: Enumeration>(number: i32) -> Result<E, DecodeError> {
    E::from_number(number).ok_or_else(|| {
        DecodeError::new(format!("number {number} is none of those known here")).within(E::NAME.1)
    })
}

/// The numbers of a list, which is written in one piece as a list of numbers is.
#[doc(hidden)]
pub fn numbers<E: Enumeration>(list: &[E]) -> Vec<i32> {
    list.iter().map(E::number).collect()
}

/// Describes it, and gives its type.
#[doc(hidden)]
pub fn element_type<E: Enumeration>(schema: &mut Schema) -> Type {
    let (package, name) = E::NAME;
    let name = Name::new(package, name);
    schema.define(name.clone(), |_| Definition::Enumeration(E::definition()));
    Type::Enumeration(name)
}

/// Makes a value of an enum of bare names.
#[doc(hidden)]
#[macro_export]
macro_rules! enumeration {
    ($type:ident) => {
        impl $crate::Value for $type {
            fn put(&self, tag: u32, to: &mut $crate::Pieces) {
                $crate::Value::put(&$crate::Enumeration::number(self), tag, to);
            }

            fn field_len(&self, tag: u32) -> usize {
                $crate::Value::field_len(&$crate::Enumeration::number(self), tag)
            }

            fn merge(
                slot: &mut ::core::option::Option<Self>,
                field: $crate::wire::Field<'_>,
            ) -> ::core::result::Result<(), $crate::DecodeError> {
                *slot = ::core::option::Option::Some($crate::take_enumeration(field)?);
                ::core::result::Result::Ok(())
            }

            fn absent() -> ::core::result::Result<Self, $crate::DecodeError> {
                $crate::known_enumeration(0)
            }

            fn shape(schema: &mut $crate::schema::Schema) -> $crate::schema::Shape {
                $crate::schema::Shape::One(<Self as $crate::Element>::element_type(schema))
            }
        }

        impl $crate::Element for $type {
            fn put_element(&self, tag: u32, to: &mut $crate::Pieces) {
                $crate::Element::put_element(&$crate::Enumeration::number(self), tag, to);
            }

            fn element_len(&self, tag: u32) -> usize {
                $crate::Element::element_len(&$crate::Enumeration::number(self), tag)
            }

            fn take_element(
                field: $crate::wire::Field<'_>,
            ) -> ::core::result::Result<Self, $crate::DecodeError> {
                $crate::take_enumeration(field)
            }

            fn element_type(schema: &mut $crate::schema::Schema) -> $crate::schema::Type {
                $crate::enumeration_type::<Self>(schema)
            }

            fn put_list(list: &[Self], tag: u32, to: &mut $crate::Pieces) {
                $crate::Element::put_list(&$crate::enumeration_numbers(list), tag, to);
            }

            fn list_len(list: &[Self], tag: u32) -> usize {
                $crate::Element::list_len(&$crate::enumeration_numbers(list), tag)
            }

            fn merge_list(
                list: &mut ::std::vec::Vec<Self>,
                field: $crate::wire::Field<'_>,
            ) -> ::core::result::Result<(), $crate::DecodeError> {
                let mut numbers: ::std::vec::Vec<i32> = ::std::vec::Vec::new();
                $crate::Element::merge_list(&mut numbers, field)?;
                for number in numbers {
                    list.push($crate::known_enumeration(number)?);
                }
                ::core::result::Result::Ok(())
            }
        }
    };
}
