//! How far a run is, for the person who waits for it.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on stderr, if that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(steps: usize) -> Self {
        let bar = ProgressBar::new(steps as u64);
        let style = ProgressStyle::with_template("{bar:40} {elapsed} of {duration}  {msg}");
        bar.set_style(style.expect("the template is one of the crate's examples, shortened"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Says what is done now.
    pub(super) fn begin(&self, what: String) {
        self.0.set_message(what);
    }

    pub(super) fn step(&self) {
        self.0.inc(1);
    }

    /// Leaves the line to others.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }

    /// Says something that stays.
    pub(super) fn note(&self, text: &str) {
        self.0.suspend(|| eprintln!("bench: {text}"));
    }
}
