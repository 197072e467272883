//! The stderr that a host reads the log from.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The stderr that the process was started with, once another took its place.
static REAL: Mutex<Option<File>> = Mutex::new(None);

/// Writes to the stderr that the process was started with.
///
/// A plugin's stdout and stderr are captured while it serves; its log is not,
/// and goes where the host reads it. Made before or after the capture begins,
/// it is the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogStderr;

impl Write for LogStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *real() {
            Some(file) => file.write(bytes),
            None => io::stderr().write(bytes),
        }
    }

    /// All of `bytes`, with nothing of another `LogStderr` between.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut *real() {
            Some(file) => file.write_all(bytes),
            None => io::stderr().write_all(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says which stderr is the real one, before another takes its place.
#[cfg(unix)]
pub(crate) fn set_real_stderr(file: File) {
    *real() = Some(file);
}

fn real() -> MutexGuard<'static, Option<File>> {
    REAL.lock().unwrap_or_else(PoisonError::into_inner)
}
