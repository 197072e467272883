//! What can go wrong with a call.

mod call;
mod code;
mod decode;

pub use call::CallError;
#[cfg(any(feature = "grpc", feature = "tarpc"))]
pub(crate) use call::shared;
pub use code::Code;
pub use decode::DecodeError;
