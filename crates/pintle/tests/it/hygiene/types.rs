//! Every name of a type that generated code could have taken for its own.

#![allow(dead_code)]

macro_rules! shadows {
    ($($name:ident)*) => {$(
        #[pintle::message]
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name {
            pub(crate) number: u32,
        }
    )*};
}

shadows! {
    String Vec Box Arc Option Partial Link Lent Message Value Element Caller Call Send Sync
    Sized Default Future Returned PutRequest PutResponse TypesPutRequest T C P Method Schema
    Deref Pass
}

#[pintle::interface]
pub(crate) trait Types {
    #[allow(clippy::too_many_arguments)]
    async fn put(
        &self,
        string: String,
        partial: Partial,
        link: Link,
        request: PutRequest,
        t: T,
        c: C,
        p: P,
    ) -> Result<Holder, pintle::CallError>;
    async fn get(&self, request: TypesPutRequest) -> Result<Returned, pintle::CallError>;
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Holder {
    pub(crate) string: String,
    pub(crate) partial: Partial,
    pub(crate) message: Message,
    pub(crate) option: Option,
    pub(crate) one: One,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum One {
    Partial(Partial),
    Option(Option),
    Value { value: Value, result: Vec },
}

pub(crate) struct Mine;

#[pintle::plugin]
impl Types for Mine {
    async fn put(
        &self,
        string: String,
        partial: Partial,
        _: Link,
        _: PutRequest,
        t: T,
        _: C,
        _: P,
    ) -> Result<Holder, pintle::CallError> {
        Ok(Holder {
            string,
            one: One::Partial(partial.clone()),
            partial,
            message: Message { number: t.number },
            option: Option { number: 3 },
        })
    }
    async fn get(&self, request: TypesPutRequest) -> Result<Returned, pintle::CallError> {
        let number = request.number;
        Ok(Returned { number })
    }
}
