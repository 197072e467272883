//! Arguments, fields and methods called like what generated code works with.

use pintle::CallError;

#[pintle::interface]
pub(super) trait Arguments {
    #[allow(clippy::too_many_arguments)]
    async fn all(
        &self,
        link: u32,
        lent: u32,
        request: u32,
        answer: u32,
        value: u32,
        call: u32,
        returned: u32,
        self_: u32,
    ) -> Result<u32, CallError>;
    async fn rest(&self, called: u32, error: u32, service: u32);
    async fn fields(&self, all: Fields) -> Result<Fields, CallError>;
    async fn variant(&self, one: Variant) -> Result<Variant, CallError>;
    // And methods like those of the traits that are at work.
    async fn clone(&self) -> Result<u32, CallError>;
    async fn call(&self, caller: u32) -> Result<u32, CallError>;
    async fn link(&self) -> Result<u32, CallError>;
    async fn dispatch(&self) -> Result<u32, CallError>;
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fields {
    pub(super) to: u32,
    pub(super) tag: u32,
    pub(super) field: u32,
    pub(super) partial: u32,
    pub(super) schema: u32,
    pub(super) message: u32,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Variant {
    Empty {},
    Full {
        to: u32,
        tag: u32,
        field: u32,
        partial: u32,
        length: u32,
        value: u32,
    },
}

pub(super) struct Mine;

#[pintle::plugin]
impl Arguments for Mine {
    async fn all(
        &self,
        link: u32,
        lent: u32,
        request: u32,
        answer: u32,
        value: u32,
        call: u32,
        returned: u32,
        self_: u32,
    ) -> Result<u32, CallError> {
        Ok(link + lent + request + answer + value + call + returned + self_)
    }
    async fn rest(&self, _: u32, _: u32, _: u32) {}
    async fn fields(&self, all: Fields) -> Result<Fields, CallError> {
        Ok(all)
    }
    async fn variant(&self, one: Variant) -> Result<Variant, CallError> {
        Ok(one)
    }
    async fn clone(&self) -> Result<u32, CallError> {
        Ok(1)
    }
    async fn call(&self, caller: u32) -> Result<u32, CallError> {
        Ok(caller)
    }
    async fn link(&self) -> Result<u32, CallError> {
        Ok(3)
    }
    async fn dispatch(&self) -> Result<u32, CallError> {
        Ok(4)
    }
}
