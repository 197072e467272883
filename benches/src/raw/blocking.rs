//! Frames on a blocking socket.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use super::{FRAME_HEAD_BYTES, PIECE_BYTES};

/// What is worth gathering before it is written.
const GATHER_BYTES: usize = 64 * 1024;

/// Calls one after the other.
pub(super) fn call(stream: &UnixStream, payload: &[u8], times: u64) -> io::Result<()> {
    let mut from = BufReader::with_capacity(PIECE_BYTES, stream);
    let mut to = BufWriter::with_capacity(PIECE_BYTES, stream);
    let mut answer = Vec::new();
    for _ in 0..times {
        write_frame(&mut to, payload)?;
        to.flush()?;
        answered(&mut from, &mut answer)?;
    }
    Ok(())
}

/// Calls with `in_flight` of them open at a time.
pub(super) fn call_many(
    stream: &UnixStream,
    payload: &[u8],
    in_flight: usize,
    calls: u64,
) -> io::Result<()> {
    if in_flight * payload.len() > GATHER_BYTES {
        return call_ahead(stream, payload, calls);
    }
    let mut from = BufReader::with_capacity(PIECE_BYTES, stream);
    let mut to = BufWriter::with_capacity(PIECE_BYTES, stream);
    let mut answer = Vec::new();
    let mut left = calls;
    while left > 0 {
        let together = left.min(in_flight as u64);
        for _ in 0..together {
            write_frame(&mut to, payload)?;
        }
        to.flush()?;
        for _ in 0..together {
            answered(&mut from, &mut answer)?;
        }
        left -= together;
    }
    Ok(())
}

/// Large calls, as many ahead as the socket's buffers take.
fn call_ahead(stream: &UnixStream, payload: &[u8], calls: u64) -> io::Result<()> {
    thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let mut to = stream;
            (0..calls).try_for_each(|_| write_frame(&mut to, payload))
        });
        let mut from = BufReader::with_capacity(PIECE_BYTES, stream);
        let mut answer = Vec::new();
        for _ in 0..calls {
            answered(&mut from, &mut answer)?;
        }
        writing.join().map_err(|_| io::Error::other("panicked"))?
    })
}

fn answered(from: &mut impl Read, answer: &mut Vec<u8>) -> io::Result<()> {
    match read_frame(from, answer)? {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

pub(super) fn write_frame(to: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(payload)
}

/// Reads a frame, if there is one before the end.
pub(super) fn read_frame(from: &mut impl Read, payload: &mut Vec<u8>) -> io::Result<bool> {
    let mut head = [0; FRAME_HEAD_BYTES];
    match from.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    }
    payload.resize(u32::from_le_bytes(head) as usize, 0);
    from.read_exact(payload)?;
    Ok(true)
}
