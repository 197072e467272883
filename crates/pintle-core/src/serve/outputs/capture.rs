//! Takes over file descriptors 1 and 2, so that whatever the process prints,
//! C code and children included, reaches the host by the stdio service and
//! never disturbs the handshake or the log.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing::Level;

use crate::log::{LogEntry, LogStderr, RealStderr, set_real_stderr};
use crate::output::StdioChannel;
use crate::stdio::{StdioSource, StdioWriter};

/// How much is read from a pipe at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// The captured outputs; they are given back by [`restore`](Self::restore).
pub(in crate::serve) struct Capture {
    stdout: File,
    stderr: File,
    source: StdioSource,
}

impl Capture {
    pub(super) fn start(source: &StdioSource) -> io::Result<Self> {
        // Whatever was printed before belongs to the time before.
        io::stdout().flush()?;
        let capture = Self {
            stdout: duplicate(io::stdout())?,
            stderr: duplicate(io::stderr())?,
            source: source.clone(),
        };
        // The log must know its way before its old one leads into the pipe.
        set_real_stderr(RealStderr {
            file: capture.stderr.try_clone()?,
            shared: false,
            captured: true,
        });
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
        // Were the log printed, nobody would hear the end of what is captured.
        if let Ok(file) = self.stderr.try_clone() {
            set_real_stderr(RealStderr {
                file,
                shared: false,
                captured: false,
            });
        }
        give_back(&self.stdout, |to| rustix::stdio::dup2_stdout(to));
        give_back(&self.stderr, |to| rustix::stdio::dup2_stderr(to));
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        if self.source.lost_bytes() > 0 {
            // What is on its way is lost with the rest, and to be counted with it.
            self.source.writers_gone(LAST_LOSS);
        }
        tell(self.source.take_untold());
    }
}

/// How long the last output may take to be lost, when some was.
const LAST_LOSS: Duration = Duration::from_millis(200);

/// Puts an output back in its place; or nothing, if the host is gone: to print to a pipe that
/// nobody reads is a panic, and the plugin is to end in good order.
fn give_back(output: &File, replace: impl Fn(&File) -> rustix::io::Result<()>) {
    let nothing = OpenOptions::new().write(true).open("/dev/null");
    let _ = match nothing {
        Ok(nothing) if !is_read(output) => replace(&nothing),
        _ => replace(output),
    };
}

/// Whether anybody holds the other end of a pipe.
fn is_read(pipe: &File) -> bool {
    let mut pipe = [PollFd::new(pipe, PollFlags::empty())];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let looked = poll(&mut pipe, Some(&at_once));
    let unread = PollFlags::ERR | PollFlags::HUP;
    looked.is_err() || !pipe[0].revents().intersects(unread)
}

/// Says in the log that output was lost.
fn tell(lost_bytes: Option<u64>) {
    if let Some(lost_bytes) = lost_bytes {
        let message = "the host did not take in time what was printed: some of it is lost";
        let mut entry = LogEntry::now(Level::WARN, message);
        let field = "lost_bytes".to_owned();
        entry.fields.insert(field, lost_bytes.into());
        // That it fails means that the host is gone.
        let _ = LogStderr.write_all(entry.into_line().as_bytes());
    }
}

pub(super) fn duplicate(fd: impl AsFd) -> io::Result<File> {
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
            Ok(read @ 1..) => {
                to_host.push(&chunk[..read]);
                tell(to_host.take_untold());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
        }
    }
}
