//! Where a host sends what its plugin writes to stdout and stderr.

mod inherited;
mod queue;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use queue::OutputQueue;

use crate::guarded::guarded;
use crate::log::LineSplitter;
use inherited::Inherited;

/// One of the two standard outputs of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StdioChannel {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a host does with one of a plugin's standard outputs.
///
/// Nothing is lost: a plugin that prints faster than this side takes it waits. Only a
/// [queue](Self::queue) is otherwise, by choice, and [`Inherit`](Self::Inherit) at the very end.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum OutputTo {
    /// Each line becomes a `tracing` event at info level, target `pintle::stdout`
    /// or `pintle::stderr`. The default.
    #[default]
    Log,
    /// It is written to the same output of the host, by a thread.
    ///
    /// Where nobody reads that output, the plugin waits, and not the host. Once the plugin has ended
    /// that keeps its session no longer than 2 seconds: some 64 KiB are then still written if somebody
    /// reads while the host lives, more is lost, and a warning says how much of each there is.
    Inherit,
    /// It is thrown away.
    Discard,
    /// It is given to a function, in chunks as they arrive, in order.
    ///
    /// The function runs on the session's task: it must not block. [`queue`](Self::queue) is for
    /// what takes time. If it panics, that chunk is lost, and it is called with the next.
    Each(EachChunk),
}

/// A function that is given chunks of output.
pub type EachChunk = Arc<dyn Fn(&[u8]) + Send + Sync>;

impl OutputTo {
    /// Gives every chunk to `each`.
    pub fn each(each: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        Self::Each(Arc::new(each))
    }

    /// A queue to take the output from in one's own time, and the way into it.
    ///
    /// The plugin never waits for it: what comes while `capacity_bytes` (1 MiB is much) have not
    /// been taken is lost, and [counted](OutputQueue::dropped_bytes). What was queued stays in
    /// order.
    ///
    /// ```
    /// # use pintle_core::{Handshake, Host, OutputTo};
    /// # let host = Host::new(Handshake::new("COOKIE", "value"));
    /// let (to, mut printed) = OutputTo::queue(64 * 1024);
    /// let host = host.stdout(to);
    /// # let taking = async move {
    /// while let Some(bytes) = printed.next().await {
    ///     // Send it somewhere slow.
    ///     # drop(bytes);
    /// }
    /// # };
    /// ```
    pub fn queue(capacity_bytes: usize) -> (Self, OutputQueue) {
        let (feed, queue) = queue::queue(capacity_bytes);
        (Self::each(move |chunk| feed.push(chunk)), queue)
    }
}

impl fmt::Debug for OutputTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "Log",
            Self::Inherit => "Inherit",
            Self::Discard => "Discard",
            Self::Each(_) => "Each",
        })
    }
}

/// The standard outputs of one plugin, on the host's side. A clone is the same outputs.
#[derive(Clone, Debug)]
pub struct Output {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    program: String,
    stdout: Sink,
    stderr: Sink,
    inherited: Inherited,
    delivered_bytes: AtomicU64,
}

#[derive(Debug)]
struct Sink {
    to: OutputTo,
    /// The line begun but not ended, where lines matter.
    lines: Mutex<LineSplitter>,
}

impl Output {
    pub(crate) fn new(program: String, stdout: OutputTo, stderr: OutputTo) -> Self {
        Self::with(program, stdout, stderr, Inherited::new())
    }

    /// Outputs of the same plugin that are before these: `stderr` delivers to these what it has made
    /// of what it is given.
    pub(crate) fn behind(&self, stdout: OutputTo, stderr: OutputTo) -> Self {
        let Shared {
            program, inherited, ..
        } = &*self.shared;
        Self::with(program.clone(), stdout, stderr, inherited.clone())
    }

    fn with(program: String, stdout: OutputTo, stderr: OutputTo, inherited: Inherited) -> Self {
        let sink = |to| Sink {
            to,
            lines: Mutex::default(),
        };
        Self {
            shared: Arc::new(Shared {
                program,
                stdout: sink(stdout),
                stderr: sink(stderr),
                inherited,
                delivered_bytes: AtomicU64::new(0),
            }),
        }
    }

    /// Delivers a chunk that the plugin wrote, and waits until there is room for another: the plugin
    /// is to wait meanwhile.
    ///
    /// Dropping the future once it has been polled loses nothing.
    pub async fn deliver(&self, channel: StdioChannel, chunk: &[u8]) {
        self.push(channel, chunk);
        self.room(channel).await;
    }

    /// Waits until there is room for another chunk; when the plugin has [ended](Self::begin_last),
    /// not for ever. Cancel-safe.
    pub(crate) async fn room(&self, channel: StdioChannel) {
        self.shared.inherited.room(channel).await;
    }

    /// The same of both outputs.
    pub(crate) async fn room_for_all(&self) {
        self.room(StdioChannel::Stdout).await;
        self.room(StdioChannel::Stderr).await;
    }

    /// Delivers a chunk, room or not: for who waits for room before there is more.
    pub(crate) fn push(&self, channel: StdioChannel, chunk: &[u8]) {
        let sink = match channel {
            StdioChannel::Stdout => &self.shared.stdout,
            StdioChannel::Stderr => &self.shared.stderr,
        };
        match &sink.to {
            OutputTo::Log => {
                let mut lines = sink.lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(chunk, |line| self.log(channel, &line.text()));
            }
            OutputTo::Inherit => self.shared.inherited.push(channel, chunk),
            OutputTo::Discard => {}
            OutputTo::Each(each) => guarded("the function that takes output", || each(chunk)),
        }
        let length = chunk.len() as u64;
        self.shared
            .delivered_bytes
            .fetch_add(length, Ordering::Relaxed);
    }

    /// How much was delivered so far.
    pub(crate) fn delivered_bytes(&self) -> u64 {
        self.shared.delivered_bytes.load(Ordering::Relaxed)
    }

    /// The plugin has ended: what is left of its outputs is waited for, but not for ever.
    pub(crate) fn begin_last(&self) {
        self.shared.inherited.begin_last();
    }

    /// Delivers all there is left, and tells what could not be. Cancel-safe.
    pub(crate) async fn finish(&self) {
        self.flush();
        let untaken = self.shared.inherited.finish().await;
        if untaken.lost_bytes > 0 || untaken.waiting_bytes > 0 {
            tracing::warn!(
                plugin = self.shared.program,
                lost_bytes = untaken.lost_bytes,
                waiting_bytes = untaken.waiting_bytes,
                "nobody takes what the plugin printed to the host's own outputs"
            );
        }
    }

    /// Delivers a last line that was never ended.
    pub(crate) fn flush(&self) {
        for (channel, sink) in [
            (StdioChannel::Stdout, &self.shared.stdout),
            (StdioChannel::Stderr, &self.shared.stderr),
        ] {
            let mut lines = sink.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.finish(|line| self.log(channel, &line.text()));
        }
    }

    fn log(&self, channel: StdioChannel, line: &str) {
        let plugin = &self.shared.program;
        match channel {
            StdioChannel::Stdout => tracing::info!(target: "pintle::stdout", plugin, "{line}"),
            StdioChannel::Stderr => tracing::info!(target: "pintle::stderr", plugin, "{line}"),
        }
    }
}
