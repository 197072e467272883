//! A panic of user code, caught where it cannot spread.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tonic::Status;

/// Runs `code`; a panic becomes an `Internal` status saying that `who` panicked.
///
/// The caller must drop whatever `code` was working on when this fails: it may be half done, which
/// is why asserting unwind safety is sound here. Built with `panic = "abort"` nothing is caught.
pub(crate) fn catch<T>(who: &str, code: impl FnOnce() -> T) -> Result<T, Status> {
    catch_unwind(AssertUnwindSafe(code))
        .map_err(|payload| Status::internal(format!("{who} panicked: {}", message(&*payload))))
}

/// The text of a panic, cut so that it fits a header.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "no message"
    };
    let end = text
        .char_indices()
        .map(|(at, _)| at)
        .nth(MAX_CHARS)
        .unwrap_or(text.len());
    &text[..end]
}

const MAX_CHARS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_message_is_kept_and_bounded() {
        let kept = catch("the test", || panic!("at {}", 7)).unwrap_err();
        assert_eq!(kept.message(), "the test panicked: at 7");

        let cut = catch("the test", || panic!("{}", "é".repeat(1000))).unwrap_err();
        assert_eq!(
            cut.message(),
            format!("the test panicked: {}", "é".repeat(MAX_CHARS))
        );

        let odd = catch("the test", || std::panic::panic_any(7)).unwrap_err();
        assert_eq!(odd.message(), "the test panicked: no message");
    }
}
