use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls a function of the user's. If it panics that is in this program's log, and no more: what a
/// plugin writes is read by whoever calls it, and a plugin that nobody reads from is blocked.
pub(crate) fn guarded(what: &'static str, call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!("{what} panicked");
    }
}
