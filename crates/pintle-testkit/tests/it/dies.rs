//! `docs/when-a-plugin-dies.md`, written from what happens.
//!
//! `PINTLE_BLESS=1 cargo test -p pintle-testkit --test it dies` writes it anew.

use std::path::Path;

use futures_util::future::join_all;
use pintle_testkit::{Over, Vice, Way, World, meet};

use crate::ROGUE;

#[tokio::test]
async fn the_page_of_endings_says_what_a_host_is_told() {
    let texts = join_all(CASES.iter().map(|case| told(case.vice))).await;
    let cases = CASES.iter().zip(texts).map(|(case, told)| case.page(&told));
    let page = format!("{BEGINNING}{}", cases.collect::<String>());

    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/when-a-plugin-dies.md"
    );
    let path = Path::new(path);
    if std::env::var_os("PINTLE_BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == committed,
        "PINTLE_BLESS=1 writes the page anew; it would be:\n{page}"
    );
}

/// What a host is told first of this vice, with the name of its reason.
async fn told(vice: Vice) -> (String, String) {
    let world = World::new(ROGUE);
    let way = Way::new(Over::Grpc, true);
    let told = meet(&world, &world.host(), vice, way).await;
    let of_ending = told.iter().find_map(|line| line.split_once(": plugin "));
    let (reason, text) = match of_ending {
        Some((reason, text)) => (reason.replace("the call is lost, ", ""), text.to_owned()),
        None => {
            let report = told.join("\n");
            let (reason, text) = report.split_once(": ").unwrap();
            (reason.to_owned(), text.to_owned())
        }
    };
    let text = match of_ending {
        Some(_) => format!("plugin {text}"),
        None => format!("could not launch plugin `PLUGIN`: {text}"),
    };
    let source = "crates/pintle-testkit/src/bin/rogue/vices.rs:LINE";
    let text = text
        .replace("PLUGIN", "./greeter")
        .replace("`Ask`", "`greeter.v1.Greeter/Greet`")
        .replace(source, "src/main.rs:7:5");
    (reason, text)
}

struct Case {
    vice: Vice,
    title: &'static str,
    happened: &'static str,
    to_do: &'static str,
}

impl Case {
    fn page(&self, (reason, text): &(String, String)) -> String {
        let Self {
            title,
            happened,
            to_do,
            ..
        } = self;
        let kind = match text.starts_with("could not") {
            true => format!("`LaunchFailure::{reason}`"),
            false => format!("`EndReason::{reason}`"),
        };
        format!("\n## {title}\n\n{happened}\n\n```text\n{text}\n```\n\n{kind}. {to_do}\n")
    }
}

const BEGINNING: &str = "\
# When a plugin dies

What a host is told in eight cases, and what to do. The texts are those of real plugins that a test
has had die; only the names of the program, the call and the source file are put in.

Whoever waits is told within a second of the end of the process, and everybody the same, over every
transport: each call that was open, each made later, and `Session::closed`. A plugin that hangs up and
lives on is given half a second more. `Session::close` and `Session::kill` also wait until all that
the plugin printed has been taken. A call that has a deadline of its own does not wait beyond it.

`SessionClosed::of` finds the reason in any call's error, `SessionClosed::stderr` has the last 20
lines that the plugin wrote to its log. What the process itself has written is read to the last byte,
and what others write to its outputs later is not waited for. The session is over then; launch the
same command again for another, with the next generation. A launch that fails is a `LaunchError`: its
`report()` is what is shown here.
";

const CASES: &[Case] = &[
    Case {
        vice: Vice::ExitsMidCall,
        title: "It exits",
        happened: "The process ended by itself in the midst of a call, here with code 9 after a line on its stderr.",
        to_do: "The last line it wrote is most often the cause; the others are in `SessionClosed::stderr`. \
                A code 0 is no better: nobody had asked it to end.",
    },
    Case {
        vice: Vice::PanicsInMain,
        title: "It panics",
        happened: "A thread panicked and took the process along. A panic within a call does not: that call fails, \
                   and the plugin lives on.",
        to_do: "`SessionClosed::panicked` has the place and the message. With `RUST_BACKTRACE=1` in the \
                host's environment the plugin prints where it came from, too, which `Host::stderr` gets.",
    },
    Case {
        vice: Vice::KillsItself,
        title: "It is killed",
        happened: "Somebody else sent SIGKILL: a person, a supervisor, or the kernel for want of memory.",
        to_do: "When the kernel has killed for want of memory meanwhile, the text adds `perhaps for want of memory`, \
                and `SessionClosed::perhaps_out_of_memory` says so; `dmesg` has the proof.",
    },
    Case {
        vice: Vice::Segfaults,
        title: "It crashes",
        happened: "A signal that is a bug: SIGSEGV for memory that is not its own, SIGABRT for an abort, a stack \
                   that overflowed or memory that was refused.",
        to_do: "Look for a core dump of the plugin (`coredumpctl`, or `ulimit -c unlimited` before the host \
                starts). Its last words are those of the runtime, if it had time for any.",
    },
    Case {
        vice: Vice::ClosesItsConnection,
        title: "It hangs up and lives on",
        happened: "The connection is gone and half a second later the process is still there. It is killed: nobody \
                   could talk to it any more.",
        to_do: "The plugin's server ended without its process, or something else closed its sockets. If the text \
                names a panic, the process was still busy with that.",
    },
    Case {
        vice: Vice::IgnoresShutdown,
        title: "It does not end when closed",
        happened: "`Session::close` asked, waited, sent SIGTERM, waited, and killed.",
        to_do: "Let the plugin's `main` return when serving has ended. If it needs longer, allow it with \
                `Host::close_timeout` and `Host::terminate_timeout`. Nothing is left behind either way.",
    },
    Case {
        vice: Vice::ExitsEarly,
        title: "It ends before the handshake",
        happened: "The program was started and ended before it had said its handshake line. That is told at once, \
                   whoever else holds its outputs.",
        to_do: "What it wrote to stderr is shown, with what could drive a terminal made harmless. Without any, \
                the hint asks whether the program is a plugin at all.",
    },
    Case {
        vice: Vice::HalfALine,
        title: "It does not say its line in time",
        happened: "The program runs, and has not said its handshake line when the time is up: it was killed.",
        to_do: "A slow start is allowed with `Host::start_timeout`, 60 seconds by default. What it printed instead \
                is quoted.",
    },
];
