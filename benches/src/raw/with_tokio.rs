//! The floor with tokio's sockets: calls and streams alone.

use std::io;
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::{UnixListener, UnixStream};

use super::{FRAME_HEAD_BYTES, ORDER_BYTES, Order, PIECE_BYTES, pieces, with_buffers};

pub(super) fn serve(path: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    // It ends with its host, whose end of stdin is then closed.
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    runtime.block_on(async {
        let listener = UnixListener::bind(path)?;
        println!("listening");
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async {
                if let Err(error) = obey(stream).await {
                    eprintln!("bench-plugin: {error}");
                }
            });
        }
    })
}

async fn obey(stream: UnixStream) -> io::Result<()> {
    let mut stream = with_buffers(stream)?;
    let mut order = [0; ORDER_BYTES];
    stream.read_exact(&mut order).await?;
    match Order::from_bytes(order)? {
        Order::Echo => echo(stream).await,
        Order::Up(bytes) => {
            let read = count(&mut stream, bytes).await?;
            if read < bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            stream.write_all(&[1]).await
        }
        Order::Down(bytes) => send(&mut stream, bytes).await,
        Order::Ring(_) | Order::Items(_) | Order::Flood(_) => {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

/// Reads until there is no more, or `most` have come.
async fn count(stream: &mut UnixStream, most: u64) -> io::Result<u64> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut so_far = 0;
    while so_far < most {
        match stream.read(&mut piece).await? {
            0 => break,
            read => so_far += read as u64,
        }
    }
    Ok(so_far)
}

async fn send(stream: &mut UnixStream, bytes: u64) -> io::Result<()> {
    let piece = vec![7; PIECE_BYTES];
    for length in pieces(bytes) {
        stream.write_all(&piece[..length]).await?;
    }
    Ok(())
}

async fn echo(stream: UnixStream) -> io::Result<()> {
    let (from, to) = stream.into_split();
    let mut from = BufReader::with_capacity(PIECE_BYTES, from);
    let mut to = BufWriter::with_capacity(PIECE_BYTES, to);
    let mut payload = Vec::new();
    while !from.fill_buf().await?.is_empty() {
        let length = from.read_u32_le().await?;
        payload.resize(length as usize, 0);
        from.read_exact(&mut payload).await?;
        to.write_u32_le(length).await?;
        to.write_all(&payload).await?;
        if from.buffer().len() < FRAME_HEAD_BYTES + payload.len() {
            to.flush().await?;
        }
    }
    Ok(())
}

/// Calls with `in_flight` of them open at a time.
pub(super) async fn call_many(
    stream: &mut UnixStream,
    payload: &[u8],
    in_flight: usize,
    calls: u64,
) -> io::Result<()> {
    let (from, to) = stream.split();
    let mut from = BufReader::with_capacity(PIECE_BYTES, from);
    let mut to = BufWriter::with_capacity(PIECE_BYTES, to);
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    // A caller for each call in flight would cost more than the socket: whoever is read again
    // may write again.
    let (more, mut room) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..in_flight {
        let _ = more.send(());
    }
    let writing = async {
        for _ in 0..calls {
            if room.is_empty() {
                to.flush().await?;
            }
            room.recv().await.ok_or(io::ErrorKind::BrokenPipe)?;
            to.write_u32_le(length).await?;
            to.write_all(payload).await?;
        }
        to.flush().await
    };
    let reading = async {
        let mut answer = vec![0; payload.len()];
        for _ in 0..calls {
            from.read_u32_le().await?;
            from.read_exact(&mut answer).await?;
            let _ = more.send(());
        }
        Ok(())
    };
    tokio::try_join!(writing, reading).map(|((), ())| ())
}

/// A byte stream from the host to the plugin.
pub(super) async fn up(path: &Path, bytes: u64) -> io::Result<()> {
    let mut stream = connect(path, Order::Up(bytes)).await?;
    send(&mut stream, bytes).await?;
    stream.read_exact(&mut [0]).await.map(drop)
}

/// A byte stream from the plugin to the host.
pub(super) async fn down(path: &Path, bytes: u64) -> io::Result<u64> {
    let mut stream = connect(path, Order::Down(bytes)).await?;
    count(&mut stream, u64::MAX).await
}

/// A connection for `order`.
pub(super) async fn connect(path: &Path, order: Order) -> io::Result<UnixStream> {
    let mut stream = with_buffers(UnixStream::connect(path).await?)?;
    stream.write_all(&order.to_bytes()).await?;
    Ok(stream)
}
