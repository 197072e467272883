//! What a runner adds to the story of a plugin's end, in bounds.

use std::time::Duration;

use super::Process;
use crate::excerpt::excerpt;

/// How long a runner may think about it: whoever called the plugin waits for the error.
const TIME: Duration = Duration::from_millis(300);

/// What the runner of `process` knows of its end, if it says so in time; its beginning, if it says
/// a lot.
pub(crate) async fn diagnosis(process: &mut dyn Process) -> Option<String> {
    let told = tokio::time::timeout(TIME, process.diagnose()).await;
    let told = excerpt(told.ok()??.trim());
    (!told.is_empty()).then_some(told)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::io;

    use super::*;
    use crate::runner::{BoxFuture, Exit};

    /// A process whose runner says this, or never says anything.
    struct Told(Option<&'static str>);

    impl Process for Told {
        fn id(&self) -> String {
            String::new()
        }

        fn pid(&self) -> Option<u32> {
            None
        }

        fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
            Box::pin(ready(Ok(Exit::Unknown)))
        }

        fn kill(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn diagnose(&mut self) -> BoxFuture<'_, Option<String>> {
            match self.0 {
                Some(told) => Box::pin(ready(Some(told.to_owned()))),
                None => Box::pin(pending()),
            }
        }
    }

    async fn check(told: &'static str, expected: Option<&str>) {
        let found = diagnosis(&mut Told(Some(told))).await;
        assert_eq!(found.as_deref(), expected);
    }

    #[tokio::test]
    async fn a_diagnosis_is_one_line_that_drives_no_terminal() {
        check("out of memory\n", Some("out of memory")).await;
        check("a\nb\x1b[2J", Some(r"a\nb\u{1b}[2J")).await;
        check(" \n", None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_runner_that_never_says_anything_delays_the_error_and_no_more() {
        let begin = tokio::time::Instant::now();
        assert_eq!(diagnosis(&mut Told(None)).await, None);
        assert!(begin.elapsed() <= TIME + Duration::from_millis(1));
    }
}
