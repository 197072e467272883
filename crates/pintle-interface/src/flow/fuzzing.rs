//! Whatever arrives as a reader, a writer or a stream.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use std::future::poll_fn;
use std::io;

use tokio::io::ReadBuf;

use super::incoming::{Incoming, Next};
use crate::fuzzing::peer::{Script, finish};

/// The frames of a flow, read as bytes and as values.
///
/// However they are cut the same is read; bytes that were only announced are not made up, and
/// values are no longer than they may be.
pub fn flow(bytes: &[u8]) {
    let whole = read_bytes(Script::whole(bytes));
    assert_eq!(whole, read_bytes(Script::cut(bytes)));
    assert!(whole.0.len() <= bytes.len());

    let whole = read_values(Script::whole(bytes));
    assert_eq!(whole, read_values(Script::cut(bytes)));
    assert!(whole.0.len() <= bytes.len());
}

/// The bytes, and how they ended.
fn read_bytes(peer: Script) -> (Vec<u8>, String) {
    let (mut incoming, mut read) = (Incoming::new(peer), Vec::new());
    let mut memory = [0; 100];
    let ended = finish(async {
        loop {
            let mut to = ReadBuf::new(&mut memory);
            let ended = poll_fn(|cx| incoming.poll_bytes(cx, &mut to)).await;
            read.extend_from_slice(to.filled());
            if let Some(ended) = ended.transpose() {
                return shown(ended);
            }
        }
    });
    (read, ended)
}

const LIMIT_BYTES: usize = 1000;

/// The values, and how they ended.
fn read_values(peer: Script) -> (Vec<Vec<u8>>, String) {
    let (mut incoming, mut values) = (Incoming::new(peer), Vec::new());
    let ended = finish(async {
        loop {
            match poll_fn(|cx| incoming.poll_value(cx, LIMIT_BYTES)).await {
                Ok(Next::Value(value)) => {
                    assert!(value.len() <= LIMIT_BYTES);
                    values.push(value.to_vec());
                }
                ended => return shown(ended),
            }
        }
    });
    (values, ended)
}

fn shown<T: std::fmt::Debug>(ended: io::Result<T>) -> String {
    match ended {
        Ok(ended) => format!("{ended:?}"),
        Err(error) => error.to_string(),
    }
}
