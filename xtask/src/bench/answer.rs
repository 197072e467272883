//! The line with which a contender answers.

use serde_json::Value;

/// What a contender says of what it was told to do.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Done {
        /// Wall time, by the contender's own clock.
        ns: u64,
        /// The process id of the plugin that was launched, if one was.
        pid: Option<u32>,
    },
    /// It has no way to do this, and why.
    Absent(String),
}

impl Answer {
    /// `Err` is why the run cannot go on: what the contender says has failed, or that it says
    /// nothing we know.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let unknown = || format!("the answer is none that we know: {}", line.trim_end());
        let json: Value = serde_json::from_str(line).map_err(|_| unknown())?;
        if let Some(why) = json["error"].as_str() {
            return Err(why.to_owned());
        }
        if let Some(why) = json["absent"].as_str() {
            return Ok(Self::Absent(why.to_owned()));
        }
        Ok(Self::Done {
            ns: json["ns"].as_u64().ok_or_else(unknown)?,
            pid: match &json["pid"] {
                Value::Null => None,
                pid => Some(
                    pid.as_u64()
                        .and_then(|pid| pid.try_into().ok())
                        .ok_or_else(unknown)?,
                ),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_the_protocol_are_read() {
        let done = |ns, pid| Ok(Answer::Done { ns, pid });
        assert_eq!(Answer::parse("{\"ns\":12}\n"), done(12, None));
        assert_eq!(
            Answer::parse("{\"ns\":12,\"pid\":34}\n"),
            done(12, Some(34))
        );
        let absent = Answer::Absent("no broker".to_owned());
        assert_eq!(Answer::parse("{\"absent\":\"no broker\"}\n"), Ok(absent));
        assert_eq!(
            Answer::parse("{\"error\":\"lost\"}\n"),
            Err("lost".to_owned())
        );
    }

    #[test]
    fn anything_else_is_no_answer() {
        for line in [
            "",
            "hello\n",
            "{}\n",
            "{\"ns\":-1}\n",
            "{\"ns\":1,\"pid\":-1}\n",
            "[]\n",
        ] {
            let error = Answer::parse(line).unwrap_err();
            assert!(error.starts_with("the answer is none"), "{line}: {error}");
        }
    }
}
