//! Stdout and stderr of a plugin that serves: who hears them, and by which way.

#[cfg(unix)]
mod capture;
#[cfg(unix)]
mod pipes;

use std::io::{self, Write};

use super::panic;
use crate::handshake::HandshakeLine;
use crate::handshake::env::PluginEnv;
use crate::log::LogStderr;
use crate::stdio::StdioSource;

/// How the host hears what the process prints.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hearing {
    /// It reads stdout and stderr as they are.
    #[cfg(unix)]
    Pipes,
    /// It is sent over the connection what is captured.
    #[cfg(unix)]
    Capture,
    /// That is its own affair.
    Unknown,
}

impl Hearing {
    #[cfg(unix)]
    pub(super) fn of(env: &PluginEnv, keep_stdio: bool) -> Self {
        match env.pipes {
            _ if keep_stdio => Self::Unknown,
            Some(host) if super::orphan::is_parent(host) => Self::Pipes,
            _ => Self::Capture,
        }
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &PluginEnv, _: bool) -> Self {
        Self::Unknown
    }

    /// What is to be done first when the host is gone.
    pub(super) fn at_end(self) -> fn() {
        match self {
            #[cfg(unix)]
            Self::Pipes => pipes::silence,
            _ => || {},
        }
    }
}

/// The process's own outputs.
pub(super) enum Outputs {
    /// The host's own pipes.
    #[cfg(unix)]
    Shared,
    /// Others in their place.
    #[cfg(unix)]
    Captured(capture::Capture),
    /// Whatever they are.
    Kept,
}

impl Outputs {
    pub(super) fn take(stdio: &StdioSource, hearing: Hearing) -> io::Result<Self> {
        let (outputs, panics) = match hearing {
            #[cfg(unix)]
            Hearing::Pipes => {
                pipes::share()?;
                (Self::Shared, panic::Form::Entries)
            }
            #[cfg(unix)]
            Hearing::Capture => {
                let capture = capture::Capture::start(stdio)?;
                (Self::Captured(capture), panic::Form::Text)
            }
            Hearing::Unknown => (Self::Kept, panic::Form::Text),
        };
        let _ = stdio;
        panic::report_to(LogStderr, panics);
        Ok(outputs)
    }

    /// Prints the handshake line where the host reads it.
    pub(super) fn say(&mut self, line: &HandshakeLine) -> io::Result<()> {
        let line = format!("{line}\n");
        match self {
            #[cfg(unix)]
            Self::Shared => pipes::say(&line),
            #[cfg(unix)]
            Self::Captured(capture) => capture.real_stdout().write_all(line.as_bytes()),
            Self::Kept => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(line.as_bytes())?;
                stdout.flush()
            }
        }
    }

    pub(super) fn restore(&mut self) {
        #[cfg(unix)]
        if let Self::Captured(capture) = self {
            capture.restore();
        }
    }
}
