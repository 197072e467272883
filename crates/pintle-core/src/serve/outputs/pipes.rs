//! Leaves file descriptors 1 and 2 to a host that reads both pipes as they are: what was printed,
//! by C code and children too, is in the kernel's hands, and reaches the host however the process
//! ends.

use std::fs::OpenOptions;
use std::io::{self, Write};

use super::capture::duplicate;
use crate::log::{LogStderr, RealStderr, SEPARATOR, mark, set_real_stderr};

/// Tells the host on stderr where it ceases to be the log alone.
pub(super) fn share() -> io::Result<()> {
    set_real_stderr(RealStderr {
        file: duplicate(io::stderr())?,
        shared: true,
        captured: false,
    });
    LogStderr.write_all(mark().into_line().as_bytes())
}

/// Prints `line` so that the host finds it though another was begun on stdout.
pub(super) fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.flush()?;
    stdout.write_all(&[&[SEPARATOR], line.as_bytes()].concat())?;
    stdout.flush()
}

/// Puts nothing in the place of both outputs, now that the host is gone: to print to a pipe that
/// nobody reads is a panic, and the plugin is to end in good order.
pub(super) fn silence() {
    // What fails here fails for want of descriptors, and leaves the outputs as they are.
    if let Ok(nothing) = OpenOptions::new().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&nothing);
        let _ = rustix::stdio::dup2_stderr(&nothing);
    }
}
