//! A stream whose source is with the other side.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pintle_core::Stream as Wire;

use super::StreamError;
use crate::flow::incoming::{Ending, Incoming, Next};
use crate::flow::item::Item;

/// The values of a flow. Not to be asked again after its end or an error.
pub(super) struct Received<T> {
    incoming: Incoming<Wire>,
    max_item_bytes: usize,
    values: PhantomData<fn() -> T>,
}

impl<T> Received<T> {
    pub(super) fn new(stream: Wire, max_item_bytes: usize) -> Self {
        Self {
            incoming: Incoming::new(stream),
            max_item_bytes,
            values: PhantomData,
        }
    }
}

impl<T: Item> futures_core::Stream for Received<T> {
    type Item = Result<T, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let limit = self.max_item_bytes;
        let next = match ready!(self.incoming.poll_value(cx, limit)) {
            Ok(Next::Value(bytes)) => T::decode(bytes).map_err(StreamError::Undecodable),
            Ok(Next::TooLong(length)) => Err(StreamError::TooLong { length, limit }),
            Ok(Next::Ended(Ending::Whole)) => return Poll::Ready(None),
            Ok(Next::Ended(Ending::Failed(failure))) => Err(failure.into()),
            Err(error) => Err(StreamError::Broken(error)),
        };
        Poll::Ready(Some(next))
    }
}
