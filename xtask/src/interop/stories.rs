//! What every pair of programs is asked to do, and what the host must print, byte for byte.

mod transcripts;

use transcripts::{CALLBACKS, CALLBACKS_IN_TURN, COUNTER, FLOWS, KV, STDIO, STORE};

/// Which programs tell a story: `<program>-host` launches `<program>-plugin`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Program {
    Kv,
    Counter,
    Callbacks,
    Store,
}

impl Program {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::Counter => "counter",
            Self::Callbacks => "callbacks",
            Self::Store => "store",
        }
    }
}

/// One run of a host with a plugin, whoever wrote them.
#[derive(Debug)]
pub(crate) struct Story {
    /// The heading of its column.
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// What the host is told, beside `--tls` and `--mux`.
    pub(crate) host: &'static [&'static str],
    /// Everything goes over one connection, which go-plugin v1.4.10 does not offer.
    pub(crate) multiplexed: bool,
    /// It needs byte streams, which go-plugin does not offer on one connection.
    pub(crate) flows: bool,
    /// The host leaves its plugin and comes back, which go-plugin does not offer with AutoMTLS.
    pub(crate) reattaches: bool,
    /// What the host passes on to the plugin.
    pub(crate) plugin: &'static [&'static str],
    pub(crate) transcript: &'static str,
    /// The transcript where the host is built on go-plugin v1.4.10 and that shows.
    pub(crate) transcript_of_old_host: Option<&'static str>,
    /// The transcript where the plugin is built on go-plugin v1.4.10 and that shows.
    pub(crate) transcript_of_old_plugin: Option<&'static str>,
    /// What go-plugin cannot do even with itself.
    pub(crate) go_alone: Option<GoAlone>,
}

impl Story {
    /// A story that asks for nothing in particular: the rest of those below.
    const PLAIN: Self = Self {
        name: "",
        program: Program::Kv,
        host: &[],
        multiplexed: false,
        flows: false,
        reattaches: false,
        plugin: &[],
        transcript: "",
        transcript_of_old_host: None,
        transcript_of_old_plugin: None,
        go_alone: None,
    };
}

/// How a story is told where both sides are go-plugin's, to keep clear of a flaw of its own.
#[derive(Debug)]
pub(crate) struct GoAlone {
    /// What the host is told instead.
    pub(crate) host: &'static [&'static str],
    pub(crate) transcript: &'static str,
}

/// What a host prints where its library, or that of its plugin, does not offer multiplexing.
pub(crate) const NOT_MULTIPLEXED: &str = "refused: multiplexing\n";

/// What a host prints where its library, or that of its plugin, has no byte streams in this session.
pub(crate) const NO_FLOWS: &str = "refused: flows\n";

/// What a host prints where its library cannot leave a plugin and come back.
pub(crate) const NO_REATTACH: &str = "refused: reattach\n";

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "kv",
        program: Program::Kv,
        host: &["--story", "kv"],
        plugin: &["kv"],
        transcript: KV,
        ..Story::PLAIN
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
        ..Story::PLAIN
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
        ..Story::PLAIN
    },
    Story {
        name: "versions 4",
        program: Program::Kv,
        host: &["--story", "negotiated", "--versions", "4"],
        plugin: &["negotiated"],
        transcript: "refused: version\n",
        ..Story::PLAIN
    },
    Story {
        name: "stdio",
        program: Program::Kv,
        host: &["--story", "stdio"],
        plugin: &["stdio"],
        transcript: STDIO,
        ..Story::PLAIN
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
        ..Story::PLAIN
    },
    Story {
        name: "counter",
        program: Program::Counter,
        transcript: COUNTER,
        ..Story::PLAIN
    },
    Story {
        name: "callbacks",
        program: Program::Callbacks,
        transcript: CALLBACKS,
        ..Story::PLAIN
    },
    Story {
        name: "store",
        program: Program::Store,
        transcript: STORE,
        ..Story::PLAIN
    },
    Story {
        name: "flows",
        program: Program::Store,
        host: &["--flows"],
        flows: true,
        transcript: FLOWS,
        ..Story::PLAIN
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
        ..Story::PLAIN
    },
    Story {
        name: "reattach",
        program: Program::Kv,
        host: &["--story", "reattach"],
        reattaches: true,
        plugin: &["reattach"],
        transcript: "\
put hello = world
reattached to the same process
get hello = world
exit: gone
",
        ..Story::PLAIN
    },
    Story {
        name: "test mode",
        program: Program::Kv,
        host: &["--story", "test-mode"],
        plugin: &["test-mode"],
        transcript: "\
first visit: put hello = world
second visit: get hello = world
third visit: ping: ok
exit: clean
",
        ..Story::PLAIN
    },
    Story {
        name: "panics",
        program: Program::Kv,
        host: &["--story", "panics"],
        plugin: &["panics"],
        transcript: "\
log error: panic: out of cheese
call: lost
exit: crashed
",
        transcript_of_old_host: Some(
            "\
log debug: panic: out of cheese
call: lost
exit: crashed
",
        ),
        ..Story::PLAIN
    },
    Story {
        name: "kv mux",
        program: Program::Kv,
        host: &["--story", "kv"],
        multiplexed: true,
        plugin: &["kv"],
        transcript: KV,
        ..Story::PLAIN
    },
    Story {
        name: "stdio mux",
        program: Program::Kv,
        host: &["--story", "stdio"],
        multiplexed: true,
        plugin: &["stdio"],
        transcript: STDIO,
        ..Story::PLAIN
    },
    Story {
        name: "counter mux",
        program: Program::Counter,
        multiplexed: true,
        transcript: COUNTER,
        ..Story::PLAIN
    },
    Story {
        name: "callbacks mux",
        program: Program::Callbacks,
        multiplexed: true,
        transcript: CALLBACKS,
        // Its host gives a new stream to whichever listener comes first, so that of two dials at
        // once each may be led to the other's id.
        go_alone: Some(GoAlone {
            host: &["--at-once", "1"],
            transcript: CALLBACKS_IN_TURN,
        }),
        ..Story::PLAIN
    },
    Story {
        name: "store mux",
        program: Program::Store,
        multiplexed: true,
        transcript: STORE,
        ..Story::PLAIN
    },
    Story {
        name: "flows mux",
        program: Program::Store,
        host: &["--flows"],
        multiplexed: true,
        flows: true,
        transcript: FLOWS,
        ..Story::PLAIN
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
