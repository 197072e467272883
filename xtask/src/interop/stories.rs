//! What every pair of programs is asked to do, and what the host must print, byte for byte.

/// Which programs tell a story: `<program>-host` launches `<program>-plugin`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Program {
    Kv,
    Counter,
}

impl Program {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::Counter => "counter",
        }
    }
}

/// One run of a host with a plugin, whoever wrote them.
#[derive(Debug)]
pub(crate) struct Story {
    /// The heading of its column.
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// What the host is told, beside `--tls`.
    pub(crate) host: &'static [&'static str],
    /// What the host passes on to the plugin.
    pub(crate) plugin: &'static [&'static str],
    pub(crate) transcript: &'static str,
    /// The transcript where the plugin is built on go-plugin v1.4.10 and that shows.
    pub(crate) transcript_of_old_plugin: Option<&'static str>,
}

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "kv",
        program: Program::Kv,
        host: &["--story", "kv"],
        plugin: &["kv"],
        transcript: "\
ping: ok
put hello = world
get hello = world
get missing: NotFound no such key: missing
big = 5000000 bytes
exit: clean
",
        transcript_of_old_plugin: None,
    },
    Story {
        name: "versions 2,3",
        program: Program::Kv,
        host: &["--story", "negotiated", "--versions", "2,3"],
        plugin: &["negotiated"],
        transcript: "\
version: 3
get hello = world (v3)
exit: clean
",
        transcript_of_old_plugin: None,
    },
    Story {
        name: "versions 2",
        program: Program::Kv,
        host: &["--story", "negotiated", "--versions", "2"],
        plugin: &["negotiated"],
        transcript: "\
version: 2
get hello = world (v2)
exit: clean
",
        transcript_of_old_plugin: None,
    },
    Story {
        name: "versions 4",
        program: Program::Kv,
        host: &["--story", "negotiated", "--versions", "4"],
        plugin: &["negotiated"],
        transcript: "refused: version\n",
        transcript_of_old_plugin: None,
    },
    Story {
        name: "stdio",
        program: Program::Kv,
        host: &["--story", "stdio"],
        plugin: &["stdio"],
        transcript: "\
stdout: out line
stderr: err line
stdout flood: 102400 bytes
stderr flood: 102400 bytes
exit: clean
",
        transcript_of_old_plugin: None,
    },
    Story {
        name: "logs",
        program: Program::Kv,
        host: &["--story", "logs"],
        plugin: &["logs"],
        transcript: "\
log trace: hello answer=42 name=kv
log debug: hello answer=42 name=kv
log info: hello answer=42 name=kv
log warn: hello answer=42 name=kv
log error: hello answer=42 name=kv
exit: clean
",
        transcript_of_old_plugin: None,
    },
    Story {
        name: "counter",
        program: Program::Counter,
        host: &[],
        plugin: &[],
        transcript: "\
put n + 1
put n + 2
put n + 3
counter n = 6
helper calls: 3
exit: clean
",
        transcript_of_old_plugin: None,
    },
    Story {
        name: "reflect",
        program: Program::Kv,
        host: &["--story", "reflect"],
        plugin: &["reflect"],
        transcript: "\
services: grpc.health.v1.Health, grpc.reflection.v1.ServerReflection, \
grpc.reflection.v1alpha.ServerReflection, plugin.GRPCBroker, plugin.GRPCController, \
plugin.GRPCStdio, proto.KV
exit: clean
",
        transcript_of_old_plugin: Some(
            "\
services: grpc.health.v1.Health, grpc.reflection.v1alpha.ServerReflection, \
plugin.GRPCBroker, plugin.GRPCController, plugin.GRPCStdio, proto.KV
exit: clean
",
        ),
    },
];

/// Where a transcript first leaves what was expected; `None` where it does not.
pub(crate) fn difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let (mut expected, mut found) = (expected.split_inclusive('\n'), found.split_inclusive('\n'));
    for number in 1.. {
        match (expected.next(), found.next()) {
            (Some(wanted), Some(line)) if wanted == line => {}
            (Some(wanted), Some(line)) => {
                return Some(format!(
                    "line {number}: expected {wanted:?}, found {line:?}"
                ));
            }
            (Some(wanted), None) => {
                return Some(format!("line {number}: expected {wanted:?}, found no more"));
            }
            (None, Some(line)) => {
                return Some(format!("line {number}: expected no more, found {line:?}"));
            }
            (None, None) => break,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: &str, found: &str, difference: Option<&str>) {
        assert_eq!(super::difference(expected, found).as_deref(), difference);
    }

    #[test]
    fn a_transcript_is_compared_byte_for_byte_and_the_first_difference_named() {
        check("a\nb\n", "a\nb\n", None);
        check(
            "a\nb\n",
            "a\nc\nd\n",
            Some(r#"line 2: expected "b\n", found "c\n""#),
        );
        check(
            "a\nb\n",
            "a\n",
            Some(r#"line 2: expected "b\n", found no more"#),
        );
        check(
            "a\n",
            "a\nb\n",
            Some(r#"line 2: expected no more, found "b\n""#),
        );
        check("a\n", "a", Some(r#"line 1: expected "a\n", found "a""#));
        check("a\n", "", Some(r#"line 1: expected "a\n", found no more"#));
    }

    #[test]
    fn every_story_has_a_name_of_its_own_and_ends_with_a_whole_line() {
        for (index, story) in STORIES.iter().enumerate() {
            assert!(
                STORIES[..index]
                    .iter()
                    .all(|other| other.name != story.name),
                "{}",
                story.name
            );
            assert!(story.transcript.ends_with('\n'), "{}", story.name);
        }
    }
}
