//! Takes over file descriptors 1 and 2, so that whatever the process prints,
//! C code and children included, reaches the host by the stdio service and
//! never disturbs the handshake or the log.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use crate::output::StdioChannel;
use crate::stdio::{StdioSource, StdioWriter};

/// How much is read from a pipe at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// The captured outputs; they are given back by [`restore`](Self::restore).
pub(super) struct Capture {
    stdout: File,
    stderr: File,
}

impl Capture {
    pub(super) fn start(source: &StdioSource) -> io::Result<Self> {
        // Whatever was printed before belongs to the time before.
        io::stdout().flush()?;
        let capture = Self {
            stdout: duplicate(io::stdout())?,
            stderr: duplicate(io::stderr())?,
        };
        // The log must know its way before its old one leads into the pipe.
        crate::log::set_real_stderr(capture.stderr.try_clone()?);
        redirect(source, StdioChannel::Stdout, rustix::stdio::dup2_stdout)?;
        redirect(source, StdioChannel::Stderr, rustix::stdio::dup2_stderr)?;
        Ok(capture)
    }

    /// The stdout that the host reads the handshake line from.
    pub(super) fn real_stdout(&mut self) -> &mut File {
        &mut self.stdout
    }

    /// Gives the outputs back; the listener of the stdio source then hears the
    /// end, unless a child of ours still holds them.
    pub(super) fn restore(&mut self) {
        let _ = io::stdout().flush();
        let _ = rustix::stdio::dup2_stdout(&self.stdout);
        let _ = rustix::stdio::dup2_stderr(&self.stderr);
    }
}

fn duplicate(fd: impl AsFd) -> io::Result<File> {
    // Above the standard three, lest a closed stdin be taken for free.
    Ok(File::from(rustix::io::fcntl_dupfd_cloexec(fd, 3)?))
}

/// Puts a pipe in an output's place, and a thread at the pipe's other end.
///
/// A thread and not a task: a task on a runtime with one thread could not read
/// while that very thread is blocked printing into the full pipe.
fn redirect(
    source: &StdioSource,
    channel: StdioChannel,
    replace: fn(OwnedFd) -> rustix::io::Result<()>,
) -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    let to_host = source.writer(channel);
    std::thread::Builder::new()
        .name("pintle-stdio".to_owned())
        .spawn(move || pump(reader, &to_host))?;
    replace(OwnedFd::from(writer))?;
    Ok(())
}

fn pump(mut pipe: PipeReader, to_host: &StdioWriter) {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match pipe.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => to_host.push(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
