//! What `#[pintle::message]` makes of a struct or an enum.

use bytes::Bytes;
use pintle_core::Pieces;

use crate::error::{CallError, Code, DecodeError};
use crate::schema::{self, Definition, Name, Schema, Shape, Type};
use crate::value::{Element, Value};
use crate::wire::{self, Field, WireType, key_len, put_key, put_varint, varint_len};

/// A struct, or an enum whose variants hold values. Implemented by `#[pintle::message]`.
pub trait Message: Sized + Send + Sync + 'static {
    /// What has come of it so far.
    type Partial: Default + Send;

    /// Its name in a `.proto` file, and the package that name lies in.
    const NAME: (&'static str, &'static str);

    /// Appends every field.
    fn put_fields(&self, to: &mut Pieces);

    /// How many bytes [`put_fields`](Self::put_fields) appends.
    fn fields_len(&self) -> usize;

    /// Takes one field in.
    ///
    /// # Errors
    /// When the payload is not of the field's type.
    fn merge_field(
        partial: &mut Self::Partial,
        tag: u32,
        field: Field<'_>,
    ) -> Result<(), DecodeError>;

    /// Makes the value of what has come.
    ///
    /// # Errors
    /// When a field is missing for which nothing can be taken for granted.
    fn finish(partial: Self::Partial) -> Result<Self, DecodeError>;

    /// Describes it, and what it is made of.
    fn define(schema: &mut Schema);

    /// The gRPC status code, when it is the error of a call.
    fn code(&self) -> Code {
        Code::Unknown
    }

    /// Reads a whole message. Pieces of bytes share its memory.
    ///
    /// # Errors
    /// When the bytes are not such a message.
    fn decode(from: Bytes) -> Result<Self, DecodeError> {
        let mut partial = Self::Partial::default();
        wire::fields(from, 0, |tag, field| {
            Self::merge_field(&mut partial, tag, field)
        })
        .and_then(|()| Self::finish(partial))
        .map_err(|error| error.within(Self::NAME.1))
    }
}

/// The message's full name.
pub(crate) fn name<M: Message>() -> Name {
    let (package, name) = M::NAME;
    Name::new(package, name)
}

#[diagnostic::do_not_recommend]
impl<M: Message> Value for M {
    fn put(&self, tag: u32, to: &mut Pieces) {
        self.put_element(tag, to);
    }

    fn field_len(&self, tag: u32) -> usize {
        self.element_len(tag)
    }

    fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        *slot = Some(Self::take_element(field)?);
        Ok(())
    }

    /// A message none of whose fields came.
    fn absent() -> Result<Self, DecodeError> {
        M::finish(M::Partial::default())
    }

    fn shape(schema: &mut Schema) -> Shape {
        Shape::One(Self::element_type(schema))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message> Element for M {
    fn put_element(&self, tag: u32, to: &mut Pieces) {
        put_key(tag, WireType::Bytes, to);
        put_varint(self.fields_len() as u64, to);
        self.put_fields(to);
    }

    fn element_len(&self, tag: u32) -> usize {
        let body = self.fields_len();
        key_len(tag) + varint_len(body as u64) + body
    }

    fn take_element(field: Field<'_>) -> Result<Self, DecodeError> {
        let mut partial = M::Partial::default();
        field.message(|tag, field| M::merge_field(&mut partial, tag, field))?;
        M::finish(partial)
    }

    fn element_type(schema: &mut Schema) -> Type {
        M::define(schema);
        Type::Message(name::<M>())
    }
}

/// So that a type can contain itself.
impl<M: Message> Message for Box<M> {
    type Partial = M::Partial;
    const NAME: (&'static str, &'static str) = M::NAME;

    fn put_fields(&self, to: &mut Pieces) {
        (**self).put_fields(to);
    }

    fn fields_len(&self) -> usize {
        (**self).fields_len()
    }

    fn merge_field(
        partial: &mut Self::Partial,
        tag: u32,
        field: Field<'_>,
    ) -> Result<(), DecodeError> {
        M::merge_field(partial, tag, field)
    }

    fn finish(partial: Self::Partial) -> Result<Self, DecodeError> {
        M::finish(partial).map(Self::new)
    }

    fn define(schema: &mut Schema) {
        M::define(schema);
    }

    fn code(&self) -> Code {
        (**self).code()
    }
}

/// Nothing: what a variant without a value holds.
impl Message for () {
    type Partial = ();
    const NAME: (&'static str, &'static str) = ("pintle", "Nothing");

    fn put_fields(&self, _: &mut Pieces) {}

    fn fields_len(&self) -> usize {
        0
    }

    fn merge_field((): &mut (), _: u32, field: Field<'_>) -> Result<(), DecodeError> {
        field.skip()
    }

    fn finish((): ()) -> Result<(), DecodeError> {
        Ok(())
    }

    fn define(schema: &mut Schema) {
        schema.define(name::<Self>(), |schema| {
            // The package is the same in every program, whatever of it a program uses.
            CallError::define(schema);
            Definition::Message(schema::Message {
                doc: &["Nothing, where a message is needed."],
                ..schema::Message::default()
            })
        });
    }
}
