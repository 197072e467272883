//! What a contender answers, one line at a time.

use std::fmt;
use std::time::Duration;

use serde_json::json;

/// An answer; `Display` is its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done, and took that long.
    Took(Duration),
    /// A plugin runs.
    Launched {
        /// From before the launch to the first answer.
        took: Duration,
        /// The plugin's process id.
        pid: u32,
    },
    /// The contender has no way to do it.
    Absent(&'static str),
    /// It went wrong.
    Failed(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = match self {
            Self::Took(took) => json!({"ns": nanoseconds(*took)}),
            Self::Launched { took, pid } => json!({"ns": nanoseconds(*took), "pid": pid}),
            Self::Absent(why) => json!({"absent": why}),
            Self::Failed(why) => json!({"error": why}),
        };
        json.fmt(f)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_line_of_json() {
        let took = Duration::from_micros(3);
        for (answer, line) in [
            (Answer::Took(took), r#"{"ns":3000}"#),
            (Answer::Launched { took, pid: 7 }, r#"{"ns":3000,"pid":7}"#),
            (Answer::Absent("why"), r#"{"absent":"why"}"#),
            (Answer::Failed("a\nb".into()), r#"{"error":"a\nb"}"#),
        ] {
            assert_eq!(answer.to_string(), line);
        }
    }
}
