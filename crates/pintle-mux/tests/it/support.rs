//! Sessions that end with the test, and bytes that tell where they belong.

use std::time::Duration;

use pintle_mux::{Config, Driver, Session, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

/// A client and a server session over one socket pair. Their drivers end with this value.
pub(crate) struct Pair {
    pub(crate) client: Session,
    pub(crate) server: Session,
    pub(crate) drivers: JoinSet<()>,
}

pub(crate) fn pair() -> Pair {
    pair_with(Config::default(), Config::default())
}

pub(crate) fn pair_with(client: Config, server: Config) -> Pair {
    let (a, b) = UnixStream::pair().unwrap();
    let mut drivers = JoinSet::new();
    let client = spawn(Session::client(a, client), &mut drivers);
    let server = spawn(Session::server(b, server), &mut drivers);
    Pair {
        client,
        server,
        drivers,
    }
}

pub(crate) fn spawn((session, driver): (Session, Driver), drivers: &mut JoinSet<()>) -> Session {
    drivers.spawn(async { drop(driver.await) });
    session
}

impl Pair {
    /// Both ends of a new stream.
    pub(crate) async fn stream(&self) -> (Stream, Stream) {
        let (near, far) = tokio::join!(self.client.open(), self.server.accept());
        (near.unwrap(), far.unwrap())
    }
}

/// Fails the test instead of hanging it.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), future)
        .await
        .expect("it must not stall")
}

/// Bytes that differ by stream and position.
pub(crate) fn pattern(seed: usize, length: usize) -> Vec<u8> {
    let mut state = (seed as u32).wrapping_mul(2_654_435_761) | 1;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Sends `bytes` and its end while it reads to the peer's end.
pub(crate) async fn exchange<T>(stream: T, bytes: &[u8]) -> Vec<u8>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite,
{
    let (mut read, mut write) = tokio::io::split(stream);
    let writing = async {
        write.write_all(bytes).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let mut back = Vec::new();
    let reading = async { read.read_to_end(&mut back).await.unwrap() };
    tokio::join!(writing, reading);
    back
}

/// Sends everything back until the end, then ends too.
pub(crate) async fn echo<T>(stream: T) -> std::io::Result<()>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite,
{
    let (mut read, mut write) = tokio::io::split(stream);
    tokio::io::copy_buf(
        &mut tokio::io::BufReader::with_capacity(1 << 16, &mut read),
        &mut write,
    )
    .await?;
    write.shutdown().await
}
