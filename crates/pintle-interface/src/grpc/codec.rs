//! Messages as tonic's codecs want them.

use std::marker::PhantomData;

use bytes::Buf;
use tonic::Status;
use tonic::codec::{DecodeBuf, Decoder, EncodeBuf, Encoder};

use crate::message::Message;

/// Writes `Out` and reads `In`.
pub(super) struct Codec<Out, In>(PhantomData<fn(Out) -> In>);

impl<Out, In> Codec<Out, In> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<Out: Message, In: Message> tonic::codec::Codec for Codec<Out, In> {
    type Encode = Out;
    type Decode = In;
    type Encoder = Writer<Out>;
    type Decoder = Reader<In>;

    fn encoder(&mut self) -> Writer<Out> {
        Writer(PhantomData)
    }

    fn decoder(&mut self) -> Reader<In> {
        Reader(PhantomData)
    }
}

pub(super) struct Writer<M>(PhantomData<fn(M)>);

impl<M: Message> Encoder for Writer<M> {
    type Item = M;
    type Error = Status;

    fn encode(&mut self, message: M, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.reserve(message.fields_len());
        message.put_fields(to);
        Ok(())
    }
}

pub(super) struct Reader<M>(PhantomData<fn() -> M>);

impl<M: Message> Decoder for Reader<M> {
    type Item = M;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        let message = from.copy_to_bytes(from.remaining());
        M::decode(message).map(Some).map_err(|error| {
            let mut status = Status::internal(format!("the message cannot be read: {error}"));
            status.set_source(std::sync::Arc::new(error));
            status
        })
    }
}
