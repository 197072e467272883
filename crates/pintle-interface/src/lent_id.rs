//! What is put into a message for something that stays with its owner: its broker id.

use std::fmt;
use std::marker::PhantomData;

use pintle_core::Pieces;

use crate::error::DecodeError;
use crate::schema::{Carried, Schema, Shape};
use crate::value::{Element, Value};
use crate::wire::Field;

/// Something that stays with its owner and is used from the other side.
pub trait Lend {
    /// What is wrong with a message without it.
    const MISSING: &'static str;

    /// What a `.proto` file says of it.
    fn carried(schema: &mut Schema) -> Carried;
}

/// The broker id of an `L`.
pub struct LentId<L> {
    id: u32,
    of: PhantomData<fn() -> L>,
}

impl<L> LentId<L> {
    pub(crate) fn new(id: u32) -> Self {
        let of = PhantomData;
        Self { id, of }
    }

    pub(crate) fn get(&self) -> u32 {
        self.id
    }
}

impl<L: Lend + 'static> Value for LentId<L> {
    /// Said even when it is zero, which is an id like any other.
    fn put(&self, tag: u32, to: &mut Pieces) {
        self.id.put_element(tag, to);
    }

    fn field_len(&self, tag: u32) -> usize {
        self.id.element_len(tag)
    }

    fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        *slot = Some(Self::new(u32::take_element(field)?));
        Ok(())
    }

    fn absent() -> Result<Self, DecodeError> {
        Err(DecodeError::new(L::MISSING))
    }

    fn shape(schema: &mut Schema) -> Shape {
        Shape::Id(L::carried(schema))
    }
}

impl<L: Lend + 'static> Value for Option<LentId<L>> {
    fn put(&self, tag: u32, to: &mut Pieces) {
        if let Some(lent) = self {
            lent.put(tag, to);
        }
    }

    fn field_len(&self, tag: u32) -> usize {
        self.as_ref().map_or(0, |lent| lent.field_len(tag))
    }

    fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        *slot = Some(Some(LentId::new(u32::take_element(field)?)));
        Ok(())
    }

    fn absent() -> Result<Self, DecodeError> {
        Ok(None)
    }

    fn shape(schema: &mut Schema) -> Shape {
        Shape::OptionalId(L::carried(schema))
    }
}

impl<L> fmt::Debug for LentId<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LentId({})", self.id)
    }
}
