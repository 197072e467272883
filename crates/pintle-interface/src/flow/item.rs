use bytes::Bytes;
use pintle_core::{BoxError, Pieces};

/// A value that a stream can carry to the other side.
///
/// Implemented for every type that an interface can name; the `interface`
/// attribute does so.
pub trait Item: Sized + Send + 'static {
    /// How many bytes [`encode`](Self::encode) writes.
    fn encoded_len(&self) -> usize;

    /// Writes the value: exactly [`encoded_len`](Self::encoded_len) bytes.
    fn encode(&self, to: &mut Pieces);

    /// Reads back what `encode` wrote. The bytes are what a peer sent, and no more than the limit.
    ///
    /// # Errors
    /// When they are no such value.
    fn decode(from: Bytes) -> Result<Self, BoxError>;
}
