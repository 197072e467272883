//! A bar that grows, where somebody looks.

use std::io::{IsTerminal, Write};

/// The width of a full bar, in characters.
const WIDTH: u64 = 40;

/// A progress bar on stderr, if that is a terminal.
#[derive(Debug)]
pub struct Bar {
    of: u64,
    drawn: Option<u64>,
}

impl Bar {
    /// An empty bar.
    pub fn new(of: u64) -> Self {
        let drawn = std::io::stderr().is_terminal().then_some(u64::MAX);
        Self {
            of: of.max(1),
            drawn,
        }
    }

    /// Draws how far it has come, when that shows.
    pub fn at(&mut self, so_far: u64) {
        let full = so_far * WIDTH / self.of;
        if self.drawn.is_none_or(|drawn| drawn == full) {
            return;
        }
        self.drawn = Some(full);
        let filled = "#".repeat(usize::try_from(full).unwrap_or_default());
        let end = if full == WIDTH { "\n" } else { "" };
        // A terminal that is gone shows no bar.
        let _ = write!(
            std::io::stderr(),
            "\r[{filled:<40}] {} %{end}",
            so_far * 100 / self.of
        );
    }
}
