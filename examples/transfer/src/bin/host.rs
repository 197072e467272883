//! The host: `transfer-host [--transport grpc|tarpc] [MIB]` sends so much (1024 by default)
//! through the plugin and back.
//!
//! The plugin is the program in `TRANSFER_PLUGIN`, or the one built beside this.

use std::path::PathBuf;
use std::time::Instant;

use pintle::{BoxError, Host, Reader, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use transfer::bar::Bar;
use transfer::{HANDSHAKE, Transfer, memory};

const MIB: u64 = 1024 * 1024;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let (transport, words) = match words[..] {
        ["--transport", transport, ref words @ ..] => (Some(transport), words),
        ref words => (None, words),
    };
    let mib: u64 = words.first().map_or(Ok(1024), |word| word.parse())?;

    let host = Host::new(HANDSHAKE);
    let transports = match transport {
        Some(word) => pintle::transports().only(word)?,
        None => pintle::transports(),
    };
    let session = host.command(plugin()?).launch(transports).await?;
    let transfer = session.dispense::<dyn Transfer>().await?;

    let before = memory::resident_kib();
    let began = Instant::now();
    let (to_plugin, from) = pintle::pipe();
    let (to, from_plugin) = pintle::pipe();
    let sending = tokio::spawn(send(to_plugin, mib * MIB));
    let receiving = tokio::spawn(receive(from_plugin, mib * MIB));
    let copied = transfer.copy(from, to).await?;
    let (sent, received) = (sending.await??, receiving.await??);
    let seconds = began.elapsed().as_secs_f64();
    let growth_kib = memory::peak_kib().saturating_sub(before);

    println!("over      {}", session.protocol());
    println!(
        "copied    {} bytes there and back in {seconds:.2} s",
        copied.bytes
    );
    println!(
        "checksum  sent {sent:08x}, in the plugin {:08x}, received {received:08x}",
        copied.checksum
    );
    println!(
        "memory    host grew by {growth_kib} KiB at most, plugin by {} KiB",
        copied.growth_kib
    );
    session.close().await?;
    if [copied.checksum, received] != [sent, sent] {
        return Err("the bytes changed on their way".into());
    }
    Ok(())
}

/// Writes that many bytes, and gives their checksum.
async fn send(mut to: Writer, bytes: u64) -> Result<u32, BoxError> {
    let mut checksum = crc32fast::Hasher::new();
    let mut piece: Vec<u8> = (0..256 * 1024_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let mut left = bytes;
    while left > 0 {
        // Every piece is another, so that one lost or doubled shows.
        piece[..8].copy_from_slice(&left.to_le_bytes());
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        checksum.update(&piece[..length]);
        to.write_all(&piece[..length]).await?;
        left -= length as u64;
    }
    to.shutdown().await?;
    Ok(checksum.finalize())
}

/// Reads to the end, and gives the checksum of what came.
async fn receive(mut from: Reader, expected: u64) -> Result<u32, BoxError> {
    let mut checksum = crc32fast::Hasher::new();
    let (mut bar, mut so_far) = (Bar::new(expected), 0);
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(checksum.finalize());
        }
        checksum.update(&piece[..read]);
        so_far += read as u64;
        bar.at(so_far);
    }
}

fn plugin() -> std::io::Result<PathBuf> {
    match std::env::var_os("TRANSFER_PLUGIN") {
        Some(program) => Ok(program.into()),
        None => Ok(std::env::current_exe()?.with_file_name("transfer-plugin")),
    }
}
