//! Reports panics where the host reads the log, in the form a Go host raises.

use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::Mutex;

use tracing::Level;

use crate::log::LogEntry;

/// How a panic is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// As text: go-plugin's host takes the line `panic: …`, and all that follows, for an error of
    /// the plugin and shows it as one.
    Text,
    /// As entries, each line one, where text is no log but what the plugin prints: to that, the
    /// program's own hook already adds.
    #[cfg_attr(not(unix), allow(dead_code, reason = "where outputs can be shared"))]
    Entries,
}

/// Prints every panic to `stderr` before the program's own hook runs.
pub(super) fn report_to(stderr: impl Write + Send + 'static, form: Form) {
    let stderr = Mutex::new(stderr);
    let own = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(mut stderr) = stderr.lock() {
            // One write, so that lines of the log cannot come between. That it
            // fails means that the host is gone, and with it who would read it.
            let _ = stderr.write_all(form.of(&describe(info)).as_bytes());
        }
        own(info);
    }));
}

impl Form {
    fn of(self, text: &str) -> String {
        match self {
            Self::Text => text.to_owned(),
            Self::Entries => text
                .lines()
                .map(|line| LogEntry::now(Level::ERROR, line).into_line())
                .collect(),
        }
    }
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = message(info.payload());
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("<unnamed>");
    match info.location() {
        Some(location) => format!("panic: {message}\n\nthread '{thread}' at {location}\n"),
        None => format!("panic: {message}\n\nthread '{thread}'\n"),
    }
}

fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
