//! One line and then a flood through each output.

use super::kv::put;
use crate::{Failure, KvPlugin, Launched, Output};

/// More than a pipe holds, so the plugin gets through it only while somebody reads.
const FLOOD_BYTES: usize = 100 << 10;

/// One of the two outputs, with what is sent through it.
struct Part<'a> {
    name: &'static str,
    line: &'static str,
    letter: u8,
    output: &'a mut Output,
}

pub(super) async fn tell(launched: &mut Launched) -> Result<(), Failure> {
    let mut kv = launched.session.dispense::<KvPlugin>().await?;
    let mut parts = [
        Part {
            name: "stdout",
            line: "out line\n",
            letter: b'o',
            output: &mut launched.stdout,
        },
        Part {
            name: "stderr",
            line: "err line\n",
            letter: b'e',
            output: &mut launched.stderr,
        },
    ];
    for part in &mut parts {
        put(&mut kv, part.name, part.line.as_bytes()).await?;
        let line = part.output.at_least(part.line.len()).await?;
        println!("{}: {}", part.name, std::str::from_utf8(line)?.trim_end());
    }
    for part in &mut parts {
        put(&mut kv, part.name, &[part.letter; FLOOD_BYTES]).await?;
        part.output.at_least(part.line.len() + FLOOD_BYTES).await?;
    }

    // Counted after the end, when nothing can arrive twice any more.
    launched.session.close().await?;
    for part in &mut parts {
        let flood = &part.output.so_far()[part.line.len()..];
        let stray = flood.iter().filter(|byte| **byte != part.letter).count();
        if stray > 0 {
            return Err(format!("{} flood: {stray} strange bytes", part.name).into());
        }
        println!("{} flood: {} bytes", part.name, flood.len());
    }
    Ok(())
}
