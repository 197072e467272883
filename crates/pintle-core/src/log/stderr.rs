//! The stderr that a host reads the log from.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::sieve::SEPARATOR;

/// The stderr that the process was started with, once it serves.
static REAL: Mutex<Option<RealStderr>> = Mutex::new(None);

/// Writes to the stderr that the process was started with.
///
/// Made before or after the plugin begins to serve, it is the same. Under most hosts a plugin's
/// stdout and stderr are captured while it serves; its log is not, and goes where the host reads
/// it. A host written with pintle reads stderr as it is: there, what is written in whole lines of
/// hclog's JSON, as [`HclogLayer`](crate::HclogLayer) does, is the log, and other text is what the
/// plugin prints to stderr.
///
/// A write waits for a host that does not read, and fails once the host is gone; it never panics.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogStderr;

impl Write for LogStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    /// All of `bytes`, with nothing of another `LogStderr` between.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut real = real();
        match &mut *real {
            Some(real) => real.write_all(bytes),
            None => {
                // Who holds the lock of stderr may be writing to its log.
                drop(real);
                io::stderr().write_all(bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The real stderr of a plugin that serves.
#[cfg_attr(
    not(unix),
    allow(dead_code, reason = "made where outputs can be taken over")
)]
pub(crate) struct RealStderr {
    /// A descriptor of its own, and so without the lock of [`io::stderr`]: who holds that may be
    /// writing to its log, too.
    pub(crate) file: File,
    /// Whether the program and its children print there as well.
    pub(crate) shared: bool,
    /// Whether what is printed to stderr meanwhile finds a host by another way.
    pub(crate) captured: bool,
}

impl RealStderr {
    /// The log of a plugin that outlives its host goes where its prints go, from where the next
    /// host takes it out again.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.write_there(bytes) {
            #[cfg(unix)]
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.captured => {
                let printed = rustix::io::fcntl_dupfd_cloexec(io::stderr(), 3)?;
                *self = Self {
                    file: printed.into(),
                    shared: true,
                    captured: false,
                };
                self.write_there(bytes)
            }
            written => written,
        }
    }

    fn write_there(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.shared && bytes.starts_with(b"{") {
            // One write, so that what others print is before it or behind it: the kernel keeps
            // up to 4 KiB together, and more while the pipe is not full.
            let entry = [&[SEPARATOR], bytes].concat();
            return self.file.write_all(&entry);
        }
        self.file.write_all(bytes)
    }
}

/// Says which stderr is the real one, before anything else takes its place.
#[cfg(unix)]
pub(crate) fn set_real_stderr(stderr: RealStderr) {
    *real() = Some(stderr);
}

fn real() -> MutexGuard<'static, Option<RealStderr>> {
    REAL.lock().unwrap_or_else(PoisonError::into_inner)
}
