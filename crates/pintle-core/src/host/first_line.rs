//! Finds the handshake line in what a plugin prints to stdout.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::handshake::{HandshakeLine, LineError, looks_like_handshake};
use crate::log::SEPARATOR;
use crate::output::{Output, StdioChannel};

/// How much a plugin may print before its handshake line.
///
/// A forgotten debug print is shown and forgiven; a program that is no plugin
/// is not read for ever.
pub(super) const PREAMBLE_LIMIT_BYTES: usize = 64 * 1024;

/// How much of a preamble is shown in an error.
const SHOWN_BYTES: usize = 200;

/// Reads a plugin's stdout up to its handshake line.
pub(super) struct FirstLine<'a, R> {
    stdout: &'a mut R,
    output: &'a Output,
    /// What has been read and not yet been understood.
    buffer: Vec<u8>,
    /// The beginning of what was printed before the line, for errors.
    printed: Vec<u8>,
    preamble_bytes: usize,
}

/// The end of the search, apart from the line itself and time running out.
pub(super) enum NoLine {
    /// The plugin closed its stdout.
    Closed,
    /// It printed more than is tolerated.
    TooMuch,
    /// It printed a handshake line that cannot be used.
    Unusable(LineError),
}

impl<'a, R: AsyncRead + Unpin> FirstLine<'a, R> {
    pub(super) fn new(stdout: &'a mut R, output: &'a Output) -> Self {
        Self {
            stdout,
            output,
            buffer: Vec::new(),
            printed: Vec::new(),
            preamble_bytes: 0,
        }
    }

    /// Reads up to the handshake line. Cancel-safe: what was read is kept.
    pub(super) async fn find(&mut self) -> Result<HandshakeLine, NoLine> {
        loop {
            if let Some(line) = self.take_line() {
                match self.understand(&line)? {
                    Some(line) => return Ok(line),
                    None => continue,
                }
            }
            if self.buffer.len() + self.preamble_bytes > PREAMBLE_LIMIT_BYTES {
                let rest = std::mem::take(&mut self.buffer);
                self.show(&rest);
                return Err(NoLine::TooMuch);
            }
            if let Ok(0) | Err(_) = self.fill().await {
                // A last line without a newline can still be the handshake.
                let rest = std::mem::take(&mut self.buffer);
                if !rest.is_empty()
                    && let Some(line) = self.understand(&rest)?
                {
                    return Ok(line);
                }
                return Err(NoLine::Closed);
            }
        }
    }

    /// What was read behind the line, and belongs to the plugin's output.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.buffer
    }

    /// What was printed instead of a line, escaped and bounded.
    pub(super) fn printed(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.buffer);
        self.show(&rest);
        let text = String::from_utf8_lossy(&self.printed);
        let text = text.trim_end();
        let cut = if self.preamble_bytes > self.printed.len() {
            "…"
        } else {
            ""
        };
        (!text.is_empty()).then(|| format!("{}{cut}", text.escape_debug()))
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(4096);
        self.stdout.read_buf(&mut self.buffer).await
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let rest = self.buffer.split_off(end + 1);
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    /// The handshake line, or nothing if this is a line of another kind, which is shown.
    fn understand(&mut self, line: &[u8]) -> Result<Option<HandshakeLine>, NoLine> {
        // A plugin of ours separates it from the beginning of another line, where it may.
        if let Some(begin) = line.iter().rposition(|byte| *byte == SEPARATOR) {
            let (before, line) = (&line[..begin], &line[begin + 1..]);
            if let Some(found) = handshake(line) {
                if !before.is_empty() {
                    self.show(before);
                }
                return found.map(Some);
            }
        }
        match handshake(line) {
            Some(found) => found.map(Some),
            None => {
                self.show(line);
                Ok(None)
            }
        }
    }

    fn show(&mut self, bytes: &[u8]) {
        self.preamble_bytes += bytes.len();
        let room = SHOWN_BYTES.saturating_sub(self.printed.len());
        self.printed
            .extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.output.push(StdioChannel::Stdout, bytes);
    }
}

/// What a line is as a handshake, if it looks like one.
fn handshake(line: &[u8]) -> Option<Result<HandshakeLine, NoLine>> {
    let text = std::str::from_utf8(line).ok()?.trim();
    looks_like_handshake(text).then(|| HandshakeLine::parse(text).map_err(NoLine::Unusable))
}
