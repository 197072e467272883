//! What plugins print that is written to the host's own outputs, by threads: who reads them may be
//! slow, or not read at all, and that is to keep the plugin waiting and not the host.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::StdioChannel;

/// How much may wait to be written to an output before the plugins that print there have to wait. A
/// chunk that has been read is taken all the same.
const CAPACITY_BYTES: usize = 64 * 1024;

/// How long, in all, the end of a session is kept waiting by an output that is not taken.
const LAST: Duration = Duration::from_secs(2);

/// A writing thread does little else.
const STACK_BYTES: usize = 128 * 1024;

static STDOUT: Writer = Writer::of(StdioChannel::Stdout);
static STDERR: Writer = Writer::of(StdioChannel::Stderr);

/// What one session has written to the host's own outputs. A clone is the same session's.
#[derive(Clone, Debug)]
pub(super) struct Inherited {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// For each output, where in all that was ever queued the last of it ends.
    ends: [AtomicU64; 2],
    lost_bytes: AtomicU64,
    /// When its time is up, once the plugin has ended.
    last: watch::Sender<Option<Instant>>,
}

/// What was not written when the time was up.
pub(super) struct Untaken {
    /// What is lost.
    pub(super) lost_bytes: u64,
    /// What will still be written, if it is taken while the host lives.
    pub(super) waiting_bytes: u64,
}

impl Inherited {
    pub(super) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                ends: Default::default(),
                lost_bytes: AtomicU64::new(0),
                last: watch::channel(None).0,
            }),
        }
    }

    /// Has `chunk` written, behind all that came before. Does not wait.
    pub(super) fn push(&self, channel: StdioChannel, chunk: &[u8]) {
        let end = match Writer::to(channel) {
            writer if self.is_over() && !writer.lock().has_room() => None,
            writer => writer.push(chunk),
        };
        match end {
            Some(end) => drop(self.end(channel).fetch_max(end, Ordering::Relaxed)),
            None => {
                let length = chunk.len() as u64;
                self.shared.lost_bytes.fetch_add(length, Ordering::Relaxed);
            }
        }
    }

    /// Waits until there is room for more, or the time is up. Cancel-safe.
    pub(super) async fn room(&self, channel: StdioChannel) {
        if self.end(channel).load(Ordering::Relaxed) > 0 {
            self.wait_for(Writer::to(channel), Queue::has_room).await;
        }
    }

    /// The plugin has ended: from here on the time counts.
    pub(super) fn begin_last(&self) {
        self.shared.last.send_if_modified(|last| {
            let begins = last.is_none();
            last.get_or_insert_with(|| Instant::now() + LAST);
            begins
        });
    }

    /// Waits until all is written, or the time is up. Cancel-safe.
    pub(super) async fn finish(&self) -> Untaken {
        self.begin_last();
        let mut waiting_bytes = 0;
        for channel in [StdioChannel::Stdout, StdioChannel::Stderr] {
            let writer = Writer::to(channel);
            let end = self.end(channel).load(Ordering::Relaxed);
            self.wait_for(writer, |queue| queue.written >= end).await;
            waiting_bytes += end.saturating_sub(writer.lock().written);
        }
        Untaken {
            lost_bytes: self.shared.lost_bytes.load(Ordering::Relaxed),
            waiting_bytes,
        }
    }

    async fn wait_for(&self, writer: &Writer, is_so: impl Fn(&Queue) -> bool) {
        let mut last = self.shared.last.subscribe();
        let over = async {
            let last = last.wait_for(Option::is_some).await;
            let last = last.ok().and_then(|last| *last);
            match last {
                Some(last) => sleep_until(last).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = writer.wait_for(is_so) => {}
            () = over => {}
        }
    }

    fn is_over(&self) -> bool {
        let last = *self.shared.last.borrow();
        last.is_some_and(|last| last <= Instant::now())
    }

    fn end(&self, channel: StdioChannel) -> &AtomicU64 {
        let [stdout, stderr] = &self.shared.ends;
        match channel {
            StdioChannel::Stdout => stdout,
            StdioChannel::Stderr => stderr,
        }
    }
}

/// The way to one of the host's outputs, the same for all sessions. Its thread begins with the first
/// use, and never ends.
struct Writer {
    channel: StdioChannel,
    queue: Mutex<Queue>,
    /// There is something to write.
    filled: Condvar,
    /// Something has been written.
    emptied: Notify,
}

struct Queue {
    bytes: Vec<u8>,
    /// How much was ever queued and written.
    queued: u64,
    written: u64,
    has_thread: bool,
}

impl Writer {
    const fn of(channel: StdioChannel) -> Self {
        Self {
            channel,
            queue: Mutex::new(Queue {
                bytes: Vec::new(),
                queued: 0,
                written: 0,
                has_thread: false,
            }),
            filled: Condvar::new(),
            emptied: Notify::const_new(),
        }
    }

    fn to(channel: StdioChannel) -> &'static Self {
        match channel {
            StdioChannel::Stdout => &STDOUT,
            StdioChannel::Stderr => &STDERR,
        }
    }

    /// Where its end is in all that was ever queued; `None` if there is nobody to write it.
    fn push(&'static self, chunk: &[u8]) -> Option<u64> {
        let mut queue = self.lock();
        if !queue.has_thread {
            let thread = thread::Builder::new().name("pintle-output".to_owned());
            let thread = thread.stack_size(STACK_BYTES).spawn(|| self.write());
            queue.has_thread = thread.is_ok();
        }
        if !queue.has_thread {
            return None;
        }
        queue.bytes.extend_from_slice(chunk);
        queue.queued += chunk.len() as u64;
        self.filled.notify_one();
        Some(queue.queued)
    }

    async fn wait_for(&self, is_so: impl Fn(&Queue) -> bool) {
        loop {
            let emptied = self.emptied.notified();
            if is_so(&self.lock()) {
                return;
            }
            emptied.await;
        }
    }

    fn write(&self) {
        let mut bytes = Vec::new();
        loop {
            let mut queue = self.lock();
            while queue.bytes.is_empty() {
                queue = self
                    .filled
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut queue.bytes, &mut bytes);
            drop(queue);
            // The host's own output being gone is not the plugin's failure.
            let _ = match self.channel {
                StdioChannel::Stdout => pass_on(io::stdout(), &bytes),
                StdioChannel::Stderr => pass_on(io::stderr(), &bytes),
            };
            self.lock().written += bytes.len() as u64;
            self.emptied.notify_waiters();
            bytes.clear();
            bytes.shrink_to(CAPACITY_BYTES);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn has_room(&self) -> bool {
        self.queued - self.written < CAPACITY_BYTES as u64
    }
}

/// A line that is begun is shown, too.
fn pass_on(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
