//! Readers, writers and streams as arguments and results.

use bytes::Bytes;
use pintle_core::{BoxError, Pieces};

use super::lend;
use super::{DEFAULT_MAX_ITEM_BYTES, Item, Reader, Stream, Writer};
use crate::error::{CallError, DecodeError};
use crate::lent_id::{Lend, LentId};
use crate::link::Link;
use crate::pass::{Guard, Lent, Pass, Passing};
use crate::schema::{Carried, Schema};
use crate::value::Element;
use crate::wire;

/// On the wire a value of a stream is a message with the value in field 1.
impl<T: Element> Item for T {
    fn encoded_len(&self) -> usize {
        self.element_len(1)
    }

    fn encode(&self, to: &mut Pieces) {
        self.put_element(1, to);
    }

    fn decode(from: Bytes) -> Result<Self, BoxError> {
        let mut value = None;
        wire::fields(from, 0, |tag, field| match tag {
            1 => T::merge(&mut value, field),
            _ => field.skip(),
        })?;
        Ok(value.map_or_else(T::absent, Ok)?)
    }
}

macro_rules! flow {
    ($([$($of:tt)*] $flow:ty, $missing:literal, $carried:expr, $lend:expr, $take:expr;)*) => {$(
        impl<$($of)*> Lend for $flow {
            const MISSING: &'static str = $missing;

            fn carried(schema: &mut Schema) -> Carried {
                let carried: fn(&mut Schema) -> Carried = $carried;
                carried(schema)
            }
        }

        impl<$($of)*> Pass for $flow {
            type Wire = LentId<Self>;

            fn lend<'a>(self, link: &'a Link, lent: &'a mut Lent) -> Passing<'a, LentId<Self>> {
                Passing::broker(async move {
                    let lending = $lend(self, link.broker()).await;
                    let lend::Loan { id, guard } = lending.map_err(CallError::broker)?;
                    lent.add(Guard::Flow(guard));
                    Ok(LentId::new(id))
                })
            }

            fn take(wire: LentId<Self>, link: &Link) -> Passing<'_, Self> {
                Passing::broker(async move {
                    $take(wire.get(), link.broker()).await.map_err(CallError::broker)
                })
            }
        }

        impl<$($of)*> Pass for Option<$flow> {
            type Wire = Option<LentId<$flow>>;

            fn lend<'a>(self, link: &'a Link, lent: &'a mut Lent) -> Passing<'a, Self::Wire> {
                Passing::maybe(self.map(|flow| flow.lend(link, lent)))
            }

            fn take(wire: Self::Wire, link: &Link) -> Passing<'_, Self> {
                Passing::maybe(wire.map(|wire| Pass::take(wire, link)))
            }
        }
    )*};
}

flow! {
    [] Reader, "a reader is missing", |_| Carried::Reader, lend::lend_reader, lend::take_reader;
    [] Writer, "a writer is missing", |_| Carried::Writer, lend::lend_writer, lend::take_writer;
    [T: Element] Stream<T>, "a stream is missing",
        |schema| Carried::Stream(T::element_type(schema)),
        lend::lend_stream,
        |id, broker| lend::take_stream(id, broker, DEFAULT_MAX_ITEM_BYTES);
}

impl From<DecodeError> for super::StreamError {
    fn from(error: DecodeError) -> Self {
        Self::Undecodable(error.into())
    }
}
