//! What a host sees of a plugin that misbehaves: one script for every vice, told as lines.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pintle::{Exit, Host, LaunchError, Session};

use crate::conformance::{Ask, CallError, Conformance, Conformant, PATIENCE, Peer};
use crate::{Step, Vice, Way, World};

/// Launches the rogue with this vice, has it misbehave, calls it again, and closes the session:
/// everything that the host is told on the way, a line each.
///
/// What differs from run to run is replaced; see [`normalised`].
///
/// # Panics
/// When what is told would harm a terminal or fill a screen, or when the same host cannot launch
/// and call a good plugin afterwards.
pub async fn meet(world: &World, host: &Host, vice: Vice, way: Way) -> Vec<String> {
    let told = try_patience(world, host, vice, way).await;
    is_unharmed(world, host, way).await;
    told
}

async fn try_patience(world: &World, host: &Host, vice: Vice, way: Way) -> Vec<String> {
    let host = impatient(host.clone(), vice);
    let command = world.rogue(&host, vice.name());
    let mut told = match command.launch(way.transports()).await {
        Ok(session) => in_session(&session, vice).await,
        Err(error) => report(&error),
    };
    for line in &mut told {
        *line = normalised(line, world);
    }
    told
}

/// A host whose patience ends soon where this vice tries it, and is the usual elsewhere: a busy
/// machine must not be taken for a bad plugin.
fn impatient(host: Host, vice: Vice) -> Host {
    // To print where a panic comes from takes a debug build as long as some hosts wait.
    let host = host.env("RUST_BACKTRACE", "0");
    match vice {
        Vice::HalfALine | Vice::Silent => host.start_timeout(START),
        Vice::SilentListener | Vice::DeafWithin | Vice::GoesAway => host.connect_timeout(SOON),
        Vice::StopsItself | Vice::NeverShutsDown | Vice::EndsAtSigterm | Vice::IgnoresShutdown => {
            host.close_timeout(SOON).terminate_timeout(SOON)
        }
        _ => host,
    }
}

/// How long is waited for what does not come.
const SOON: Duration = Duration::from_millis(300);

/// How long a program may take to start, before what it does not print is waited for in vain.
const START: Duration = Duration::from_secs(1);

fn report(error: &LaunchError) -> Vec<String> {
    let kind = format!("{:?}", error.failure());
    let end = kind.find(|c: char| !c.is_alphanumeric());
    let kind = &kind[..end.unwrap_or(kind.len())];
    let report = error.report().to_string();
    let before = format!("could not launch plugin `{}`: ", error.program());
    let story = report.strip_prefix(&before).unwrap_or(&report);
    format!("{kind}: {story}")
        .lines()
        .map(str::to_owned)
        .collect()
}

async fn in_session(session: &Session, vice: Vice) -> Vec<String> {
    let mut told = match session.dispense::<Conformance>().await {
        Ok(peer) => in_calls(peer, vice).await,
        Err(error) => vec![format!("dispensing fails: {}", chain(&error))],
    };
    let closed = session.close().await;
    told.push(match closed {
        Ok(exit) => format!("it closes: {exit}"),
        Err(closed) => format!("{:?}: {closed}", closed.reason()),
    });
    is_printable(session).await;
    told
}

async fn in_calls(peer: Arc<dyn Peer>, vice: Vice) -> Vec<String> {
    let within = match vice {
        Vice::StopsItself | Vice::NeverAnswers | Vice::AnswersForEver => SOON,
        _ => PATIENCE,
    };
    let misbehaving = peer.ask(Ask::Misbehave, within).await;
    let mut told = vec![format!("the call {}", outcome(&misbehaving))];
    if !matches!(misbehaving, Err(CallError::Lost(_) | CallError::Deadline)) {
        let again = peer
            .ask(Ask::Repeat(Bytes::from_static(b"hello")), PATIENCE)
            .await;
        told.push(format!("another {}", outcome(&again)));
    }
    match vice {
        Vice::AnnouncesUnasked
        | Vice::AnnouncesTwice
        | Vice::AnnouncesNowhere
        | Vice::AnnouncesNonsense
        | Vice::FloodsAnnouncements
        | Vice::KnocksInVain
        | Vice::AnswersUnaskedKnocks => told.push(match peer.side().dial(ID).await {
            Ok(_) => "a dial succeeds".to_owned(),
            Err(error) => format!("a dial fails: {}", chain(&*error)),
        }),
        _ if vice.step() == Step::Files => told.push(called_back(&*peer).await),
        _ => {}
    }
    told
}

/// The broker id that their announcements are about.
const ID: u32 = 7;

/// Whether the plugin can still call its host.
async fn called_back(peer: &dyn Peer) -> String {
    let side = peer.side();
    let served = match side.serve(Conformant::new(Arc::clone(&side))).await {
        Ok(served) => served,
        Err(error) => return format!("serving it fails: {}", chain(&*error)),
    };
    let back = peer.ask(
        Ask::CallBack(served.id(), Bytes::from_static(b"hello")),
        PATIENCE,
    );
    format!("a call back {}", outcome(&back.await))
}

fn outcome(answer: &Result<Bytes, CallError>) -> String {
    match answer {
        Ok(bytes) => format!("is answered: {:?}", String::from_utf8_lossy(bytes)),
        Err(CallError::Lost(closed)) => format!("is lost, {:?}: {closed}", closed.reason()),
        Err(error) => format!("fails: {}", chain(error)),
    }
}

/// The last words may be printed anywhere, whatever a plugin wrote.
async fn is_printable(session: &Session) {
    let closed = session.closed().await;
    for line in closed.stderr() {
        let escapes = line.chars().any(|c| c.is_control() && c != '\t');
        assert!(!escapes, "it drives a terminal: {line:?}");
        assert!(line.chars().count() < 8 * 1024, "it fills a screen");
    }
}

/// The same host, another plugin.
async fn is_unharmed(world: &World, host: &Host, way: Way) {
    let command = world.rogue(host, "conformance");
    let launched = command.launch(way.transports()).await;
    let session = launched.expect("a good plugin can be launched");
    let peer = session.dispense::<Conformance>().await;
    let peer = peer.expect("it serves the suite");
    let answer = peer.ask(Ask::Repeat(Bytes::from_static(b"hello")), PATIENCE);
    assert_eq!(answer.await.expect("it answers"), "hello");
    let exit = session.close().await.expect("it ends as it is asked to");
    assert_eq!(exit, Exit::Code(0));
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// A text in which what differs from run to run is replaced: `PLUGIN` is the program, `DIR` the
/// directory of the session's sockets, `SOCKET` a socket in it, `LINE` a place in the rogue's
/// source, `TORN` how the system told of a connection that the other side has closed. A call has
/// the same name over every transport.
pub fn normalised(text: &str, world: &World) -> String {
    let program = world.program().display().to_string();
    let dir = format!("{}/pintle-", world.sockets().display());
    let text = text
        .replace(&program, "PLUGIN")
        .replace("`pintle.testkit.v1.Conformance/Ask`", "`Ask`");
    let text = replaced(&text, &dir, "DIR", |c| c.is_ascii_alphanumeric());
    let text = replaced(&text, "DIR/pintle", "DIR/SOCKET", |c| {
        c.is_ascii_alphanumeric()
    });
    let text = TORN
        .iter()
        .fold(text, |text, (how, told)| text.replace(how, told));
    replaced(&text, ".rs:", ".rs:LINE", |c| {
        c.is_ascii_digit() || c == ':'
    })
}

/// Which of these it is depends on who was quicker.
const TORN: [(&str, &str); 11] = [
    (
        "peer closed connection without sending TLS close_notify: \
         https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof",
        "TORN",
    ),
    ("Broken pipe (os error 32)", "TORN"),
    ("Connection reset by peer (os error 104)", "TORN"),
    ("stream closed because of a broken pipe", "TORN"),
    ("the stream was reset by the peer", "TORN"),
    ("unexpected end of file", "TORN"),
    ("connection reset", "TORN"),
    ("broken pipe", "TORN"),
    ("the connection failed: TORN", "TORN"),
    ("is over: the peer closed the connection", "is over: TORN"),
    (
        "the peer closed the connection before it answered",
        "the connection broke before the peer answered: TORN",
    ),
];

/// Replaces `before` and what follows it.
fn replaced(text: &str, before: &str, with: &str, follows: impl Fn(char) -> bool) -> String {
    let mut pieces = text.split(before);
    let mut done = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        done.push_str(with);
        let rest = piece.trim_start_matches(&follows);
        // A place is followed by a colon of the text's own.
        let eaten_colon = piece[..piece.len() - rest.len()].ends_with(':');
        done.push_str(if eaten_colon { ":" } else { "" });
        done.push_str(rest);
    }
    done
}
