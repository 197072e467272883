//! The plugin of the blocking floor: a thread for each connection.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

use super::{FRAME_HEAD_BYTES, ORDER_BYTES, Order, PIECE_BYTES, blocking, pieces, with_buffers};
use crate::contract::SMALL_BYTES;

pub(super) fn serve(path: &Path) -> io::Result<()> {
    let listener = UnixListener::bind(path)?;
    // The host waits for this before it connects.
    println!("listening");
    // It ends with its host, whose end of stdin is then closed.
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    loop {
        let (stream, _) = listener.accept()?;
        let path = path.to_owned();
        thread::spawn(move || {
            if let Err(error) = obey(stream, path) {
                eprintln!("bench-plugin: {error}");
            }
        });
    }
}

fn obey(stream: UnixStream, path: PathBuf) -> io::Result<()> {
    let mut stream = with_buffers(stream)?;
    let mut order = [0; ORDER_BYTES];
    stream.read_exact(&mut order)?;
    match Order::from_bytes(order)? {
        Order::Echo => return echo(&stream),
        Order::Ring(times) => {
            let host = with_buffers(UnixStream::connect(super::host_path(&path))?)?;
            blocking::call(&host, &[7; SMALL_BYTES], times)?;
        }
        Order::Up(bytes) => {
            let read = io::copy(&mut BufReader::with_capacity(PIECE_BYTES, (&stream).take(bytes)), &mut io::sink())?;
            if read < bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Order::Down(bytes) => {
            let piece = vec![7; PIECE_BYTES];
            for length in pieces(bytes) {
                stream.write_all(&piece[..length])?;
            }
            return Ok(());
        }
        Order::Items(count) => {
            let mut to = BufWriter::with_capacity(PIECE_BYTES, &stream);
            for _ in 0..count {
                blocking::write_frame(&mut to, &[7; SMALL_BYTES])?;
            }
            return to.flush();
        }
        Order::Flood(bytes) => {
            let piece = vec![7; PIECE_BYTES];
            let mut stdout = io::stdout().lock();
            for length in pieces(bytes) {
                stdout.write_all(&piece[..length])?;
            }
            stdout.flush()?;
        }
    }
    stream.write_all(&[1])
}

/// Sends every frame back, those that came together in one write.
pub(super) fn echo(stream: &UnixStream) -> io::Result<()> {
    let mut from = BufReader::with_capacity(PIECE_BYTES, stream);
    let mut to = BufWriter::with_capacity(PIECE_BYTES, stream);
    let mut payload = Vec::new();
    while blocking::read_frame(&mut from, &mut payload)? {
        blocking::write_frame(&mut to, &payload)?;
        if from.buffer().len() < FRAME_HEAD_BYTES + payload.len() {
            to.flush()?;
        }
    }
    Ok(())
}
