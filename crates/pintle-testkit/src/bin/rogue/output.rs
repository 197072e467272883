//! True plugins that print what is hard to keep, and when it is hard to keep.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, exit};

use pintle::{Grpc, HclogLayer, Host, LogStderr, ServeError};
use pintle_testkit::{EchoPlugin, Flood, HANDSHAKE};
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

/// How much one write of a flood has.
const WRITE_BYTES: usize = 100_000;

/// What follows the mode is a number, if anything.
pub(crate) async fn main(mode: &str, mut args: impl Iterator<Item = String>) -> ExitCode {
    let number = args.next().and_then(|arg| arg.parse().ok()).unwrap_or(0);
    match mode {
        "prints-and-dies" => when_told(move || print_and_die(number)),
        "floods-outputs" => when_told(move || flood_both(number)),
        "prints-by-others" => when_told(print_by_others),
        "mixes-log-and-output" => when_told(move || mix(number)),
        "prints-first" => {
            let mut stdout = io::stdout();
            let printed = stdout.write_all(&vec![b'x'; number as usize]);
            printed.and_then(|()| stdout.flush()).unwrap_or(());
        }
        "speaks-to-nobody" => return speak_to_nobody().await,
        "hosts-one" => return host_one(number).await,
        _ => unreachable!("it was asked for by name"),
    }
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn serve() -> Result<(), ServeError> {
    let plugin = pintle::serve(HANDSHAKE).plugin(EchoPlugin);
    plugin.over(Grpc).run().await
}

/// Does it on a thread of its own once SIGUSR1 comes: a session is known to be one then.
fn when_told(act: impl FnOnce() + Send + 'static) {
    let mut told = signal(SignalKind::user_defined1()).expect("it can be followed");
    tokio::spawn(async move {
        told.recv().await;
        std::thread::spawn(act);
    });
}

/// As much as a pipe holds while nobody reads, and nothing after it.
fn print_and_die(number: u64) {
    let printed = write(1, &Flood::new(1).next(60_000)).and(write(2, &Flood::new(2).next(60_000)));
    let signal = i32::try_from(number).ok().and_then(Signal::from_named_raw);
    match (printed, signal) {
        (Ok(()), Some(Signal::ABORT)) => std::process::abort(),
        // The standard library lets the first SIGSEGV pass, to see whether it comes again.
        (Ok(()), Some(signal)) => while kill_process(getpid(), signal).is_ok() {},
        _ => exit(64),
    }
}

/// Both at once, and a line in the log when all is written.
fn flood_both(bytes: u64) {
    let flooding = [1, 2].map(|fd| {
        std::thread::spawn(move || {
            let mut flood = Flood::new(fd);
            while flood.bytes() < bytes {
                let left = usize::try_from(bytes - flood.bytes()).unwrap_or(usize::MAX);
                let next = flood.next(left.min(WRITE_BYTES));
                write(fd, &next).expect("the host reads");
            }
        })
    });
    for thread in flooding {
        thread.join().expect("it does not panic");
    }
    let flooded = b"{\"@level\":\"info\",\"@message\":\"flooded\"}\n";
    LogStderr.write_all(flooded).expect("the host reads");
}

/// As C code does, and children.
fn print_by_others() {
    let said = write(1, b"by its number ").and(write(2, b"by its number "));
    let script = "printf 'by a child '; printf 'by a child ' >&2";
    let child = Command::new("sh").args(["-c", script]).status();
    if said.is_err() || !child.is_ok_and(|status| status.success()) {
        exit(64);
    }
    print!("by the library");
    eprint!("by the library");
    drop(io::stdout().flush());
    drop(LogStderr.write_all(b"{\"@level\":\"info\",\"@message\":\"printed\"}\n"));
}

/// Entries of the log from one thread, pieces of one long line from another.
fn mix(number: u64) {
    tracing_subscriber::registry()
        .with(HclogLayer::stderr().with_filter(filter_fn(|of| of.target().starts_with("rogue"))))
        .init();
    let logging = std::thread::spawn(move || {
        for entry in 0..number {
            tracing::info!("{entry}");
        }
    });
    for piece in 0..number {
        eprint!("{piece},");
    }
    logging.join().expect("it does not panic");
    tracing::info!("mixed");
}

/// Ends in good order, though nobody hears it any more, and leaves a word about it.
async fn speak_to_nobody() -> ExitCode {
    default_sigpipe();
    let served = serve().await;
    println!("to nobody");
    eprintln!("to nobody");
    let log = LogStderr.write_all(&[b'x'; 100_000]).map_err(|e| e.kind());
    // In a group of its own: ours is being ended, too.
    let mut child = Command::new("sh");
    let child = child.args(["-c", "kill -s PIPE $$"]).process_group(0);
    let child = child.status();
    let child = child.ok().and_then(|status| status.signal());
    let word = format!("served {served:?}, log {log:?}, child {child:?}");
    let path = std::env::var_os("ROGUE_WORD").expect("somebody waits for it");
    fs::write(&path, word).expect("there is a directory for it");
    ExitCode::SUCCESS
}

/// No plugin, but the host of one, that is there to be killed.
async fn host_one(_: u64) -> ExitCode {
    let own = std::env::current_exe().expect("we are a program");
    let host = Host::new(HANDSHAKE).inherit_env(["ROGUE_WORD"]);
    let command = host.command(own).arg("speaks-to-nobody");
    let session = command.launch(Grpc).await.expect("it is a plugin");
    println!("launched {}", session.pid().expect("it is a process"));
    crate::raw::waits();
    ExitCode::FAILURE
}

/// Past the standard library's own locks and buffers, as C code writes.
fn write(fd: u32, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = match fd {
            1 => rustix::io::write(rustix::stdio::stdout(), bytes),
            _ => rustix::io::write(rustix::stdio::stderr(), bytes),
        };
        match written {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// As a C library may do behind a program's back.
#[allow(
    unsafe_code,
    reason = "the standard library has no way to undo what it did to SIGPIPE"
)]
fn default_sigpipe() {
    // SAFETY: the default action is no code of ours.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}
