//! The floors: what the same work costs over a bare socket.
//!
//! The plugin listens at a path it is given. Each connection begins with what it is for, an
//! `Order`; calls are frames of a length and a payload. The sockets have the buffers that pintle
//! gives its own.

mod blocking;
mod blocking_plugin;
mod host;
mod with_tokio;

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

pub use host::RawHost;

/// How much is read or written at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// The size of a socket's buffers; that of pintle's.
const SOCKET_BUFFER_BYTES: usize = 2 * 1024 * 1024;

/// The bytes of a frame before its payload.
const FRAME_HEAD_BYTES: usize = 4;

/// What a connection is for.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// Frames are sent back.
    Echo,
    /// The plugin connects to the host's own listener, sends so many small frames one after the
    /// other, each once the last came back, and then answers with a byte.
    Ring(u64),
    /// So many bytes follow; the plugin then answers with a byte.
    Up(u64),
    /// The plugin sends so many bytes.
    Down(u64),
    /// The plugin sends so many small frames.
    Items(u64),
    /// The plugin prints so many bytes to stdout, and then answers with a byte.
    Flood(u64),
}

/// A word and a number.
const ORDER_BYTES: usize = 9;

impl Order {
    fn to_bytes(self) -> [u8; ORDER_BYTES] {
        let (word, number) = match self {
            Self::Echo => (b'e', 0),
            Self::Ring(times) => (b'r', times),
            Self::Up(bytes) => (b'u', bytes),
            Self::Down(bytes) => (b'd', bytes),
            Self::Items(count) => (b'i', count),
            Self::Flood(bytes) => (b'f', bytes),
        };
        let mut order = [word; ORDER_BYTES];
        order[1..].copy_from_slice(&u64::to_le_bytes(number));
        order
    }

    fn from_bytes(order: [u8; ORDER_BYTES]) -> io::Result<Self> {
        let [word, number @ ..] = order;
        let number = u64::from_le_bytes(number);
        Ok(match word {
            b'e' => Self::Echo,
            b'r' => Self::Ring(number),
            b'u' => Self::Up(number),
            b'd' => Self::Down(number),
            b'i' => Self::Items(number),
            b'f' => Self::Flood(number),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        })
    }
}

/// Where the host listens, whose plugin listens at `plugin`.
fn host_path(plugin: &Path) -> PathBuf {
    plugin.with_extension("host")
}

fn with_buffers<S: AsFd>(socket: S) -> io::Result<S> {
    let options = socket2::SockRef::from(&socket);
    options.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    options.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    Ok(socket)
}

/// The plugin's main.
///
/// # Errors
/// When it cannot listen.
pub fn serve(kind: &str, path: &Path) -> io::Result<()> {
    match kind {
        "raw-blocking" => blocking_plugin::serve(path),
        "raw-tokio" => with_tokio::serve(path),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Bytes in pieces of [`PIECE_BYTES`] and a last one.
fn pieces(bytes: u64) -> impl Iterator<Item = usize> {
    let mut left = bytes;
    std::iter::from_fn(move || {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        left -= piece as u64;
        (piece > 0).then_some(piece)
    })
}
