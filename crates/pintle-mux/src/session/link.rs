//! What the driver and every stream of a session share.
//!
//! Three locks, none held over an await: the state, the reading side of the connection and the
//! writing side. Whoever holds a side of the connection may take the state, never the other way
//! round, and nobody holds both sides. What is shared besides are flags about when the driver should
//! come by; each errs towards once too often.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use super::patience::Patience;
use super::reader::Reader;
use super::writer::Writer;
use crate::state::{State, Wakes};

pub(crate) type BoxRead = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type BoxWrite = Box<dyn AsyncWrite + Send + Unpin>;

#[derive(Debug)]
pub(crate) struct Link {
    state: Mutex<State>,
    pub(crate) reader: Mutex<Reader>,
    pub(crate) writer: Mutex<Writer>,
    driver: Mutex<Driver>,
    /// Several tasks were woken at once, so small writes are better queued for the driver. A hint:
    /// whoever queues wakes the driver all the same.
    corked: AtomicBool,
    pub(super) patience: Patience,
    pub(crate) acceptable: Notify,
    pub(crate) openable: Notify,
    pub(crate) ended: Notify,
}

/// How to wake the driver.
#[derive(Debug, Default)]
struct Driver {
    waker: Option<Waker>,
    /// Woken and not come yet, so another wake would be wasted.
    expected: bool,
}

impl Link {
    pub(crate) fn new(state: State, read: BoxRead, write: BoxWrite) -> Self {
        Self {
            state: Mutex::new(state),
            reader: Mutex::new(Reader::new(read)),
            writer: Mutex::new(Writer::new(write)),
            driver: Mutex::new(Driver::default()),
            corked: AtomicBool::new(false),
            patience: Patience::default(),
            acceptable: Notify::new(),
            openable: Notify::new(),
            ended: Notify::new(),
        }
    }

    /// Changes the state, then wakes whom the change concerns.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = lock(&self.state);
        let result = change(&mut state);
        if !state.wakes.is_empty() {
            let wakes = std::mem::take(&mut state.wakes);
            drop(state);
            self.wake(wakes);
        }
        result
    }

    fn wake(&self, mut wakes: Wakes) {
        // Before the tasks, or the runtime would have the driver run first.
        let look = wakes.patience && self.patience.ask();
        if wakes.driver || look {
            self.wake_driver();
        }
        wakes.wake_tasks();
        for _ in 0..wakes.accepts {
            self.acceptable.notify_one();
        }
        if wakes.acceptors {
            self.acceptable.notify_waiters();
        }
        if wakes.openers {
            self.openable.notify_waiters();
        }
        if wakes.ended {
            self.ended.notify_waiters();
        }
    }

    /// The connection is polled in the driver's name, whoever polls it: a stream's task may lose
    /// interest at any time, the driver does not.
    pub(crate) fn expect_driver(&self, waker: &Waker) {
        self.corked.store(false, Ordering::Relaxed);
        let mut driver = lock(&self.driver);
        driver.expected = false;
        if !driver
            .waker
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            driver.waker = Some(waker.clone());
            drop(driver);
            lock(&self.reader).expect_driver(waker);
            lock(&self.writer).expect_driver(waker);
        }
    }

    /// The driver has seen to it that it comes again.
    pub(crate) fn promise_driver(&self) {
        lock(&self.driver).expected = true;
    }

    pub(crate) fn cork(&self) {
        self.corked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_corked(&self) -> bool {
        self.corked.load(Ordering::Relaxed)
    }

    pub(crate) fn wake_driver(&self) {
        let waker = {
            let mut driver = lock(&self.driver);
            if std::mem::replace(&mut driver.expected, true) {
                return;
            }
            driver.waker.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Sends what is queued without the driver, unless someone is writing already.
    pub(crate) fn flush_inline(&self) {
        match try_lock(&self.writer) {
            Some(mut writer) => {
                let _ = writer.poll_flush(self);
            }
            // Whoever writes may have looked at the queue already.
            None => self.wake_driver(),
        }
    }

    /// Lets go of the connection. Streams that outlive the session do not keep it open.
    pub(crate) fn disconnect(&self) {
        let read = lock(&self.reader).disconnect();
        let write = lock(&self.writer).disconnect();
        drop((read, write));
    }

    /// Sends what is queued and ends the writing side.
    pub(crate) fn poll_close(&self) -> Poll<()> {
        let mut writer = lock(&self.writer);
        ready!(writer.poll_flush(self));
        writer.poll_shutdown()
    }
}

/// A panic while a lock was held leaves nothing half done that the next holder would trip over:
/// the locked sections change plain values, and a user's waker never runs inside one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(std::sync::TryLockError::WouldBlock) => None,
    }
}

/// A context that belongs to the driver, or `None` before it ran for the first time.
pub(crate) fn context(waker: &Option<Waker>) -> Option<Context<'_>> {
    waker.as_ref().map(Context::from_waker)
}
