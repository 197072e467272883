//! True plugins, each with at most one fault.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use pintle::mtls::Tls;
use pintle::{BoxError, Grpc, Host, LogStderr, OutputTo, PluginSet, Serve, ServeError, Transports};
use pintle_testkit::conformance::{Conformance, interface, roomy_tarpc};
use pintle_testkit::{EchoPlugin, HANDSHAKE, tls_from};
use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) async fn main(mode: &str, options: impl Iterator<Item = String>) -> ExitCode {
    let grpc = grpc(options);
    let served = match mode {
        "well" => serve().over(grpc).run().await,
        "debug-line-first" => {
            println!("debug: I am up");
            serve().over(grpc).run().await
        }
        "conformance" => conformance(grpc).await,
        "serves-7-and-8" => serves_7_and_8(grpc).await,
        "tcp" => serve().tcp().over(grpc).run().await,
        "own-certificate" => serve().tls(own_certificate).over(grpc).run().await,
        "ends-without-grace" => {
            serve()
                .shutdown_grace(Duration::ZERO)
                .over(grpc)
                .run()
                .await
        }
        "panics" => {
            let serving = serve().over(grpc).run();
            tokio::pin!(serving);
            let served = tokio::time::timeout(Duration::from_millis(300), serving).await;
            served.expect("out of cheese")
        }
        "swallows-memory" => {
            let serving = serve().keep_stdio().over(grpc).run();
            tokio::pin!(serving);
            let served = tokio::time::timeout(Duration::from_millis(300), serving).await;
            served.unwrap_or_else(|_| {
                // More than any machine has.
                drop(std::hint::black_box(Vec::<u8>::with_capacity(1 << 60)));
                Ok(())
            })
        }
        "reads-stdin" => {
            let read = async {
                let read = tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await;
                println!("{} lines", read.expect("it does not panic"));
                std::future::pending::<()>().await;
            };
            serve().until(read).over(grpc).run().await
        }
        "interactive" => {
            interact();
            serve().over(grpc).run().await
        }
        "hosts" => {
            let own = std::env::current_exe().expect("we are a program");
            let print = OutputTo::Inherit;
            let host = Host::new(HANDSHAKE).stdout(print);
            let command = host.command(own).args(["with-child", "well"]);
            let _session = command.launch(Grpc).await.expect("it is a plugin");
            serve().over(grpc).run().await
        }
        "loses-a-child" => {
            println!("{}", lose_a_child());
            serve().over(grpc).run().await
        }
        "speaks-last" => {
            let served = serve().over(grpc).run().await;
            println!("the end of stdout");
            eprintln!("the end of stderr");
            served
        }
        "has-a-child" => {
            println!("{}", leave_a_child());
            serve().over(grpc).run().await
        }
        "floods-stderr" => {
            std::thread::spawn(|| flood(std::io::stderr()));
            std::thread::spawn(|| flood(LogStderr));
            serve().over(grpc).run().await
        }
        _ => {
            eprintln!("rogue: there is no mode `{mode}`");
            return ExitCode::from(64);
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Serve {
    pintle::serve(HANDSHAKE).plugin(EchoPlugin)
}

async fn conformance(grpc: Grpc) -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(Conformance)
        .plugin(interface::Called::default())
        .plugin(interface::CallsBack::default())
        .plugin(interface::Flowing::default())
        .over(Transports::from(grpc).or(roomy_tarpc()))
        .run()
        .await
}

async fn serves_7_and_8(grpc: Grpc) -> Result<(), ServeError> {
    let set = PluginSet::new().plugin(EchoPlugin);
    pintle::serve(HANDSHAKE)
        .plugins(7, set.clone())
        .plugins(8, set)
        .over(grpc)
        .run()
        .await
}

/// Says what is typed, and that Ctrl-C is.
fn interact() {
    let mut interrupts = signal(SignalKind::interrupt()).expect("it can be followed");
    tokio::spawn(async move {
        while interrupts.recv().await.is_some() {
            println!("interrupted");
        }
    });
    std::thread::spawn(|| {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            match &*line {
                "crash" => std::process::abort(),
                "raw" => raw(),
                line => println!("typed: {line}"),
            }
        }
    });
}

/// Has every key from now on, as an editor does.
fn raw() {
    let mut settings = tcgetattr(stdin()).expect("it is a terminal");
    settings.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &settings).expect("it is ours");
    println!("raw");
}

/// TLS from the files in the directory that the host names.
fn own_certificate() -> Result<Tls, BoxError> {
    let dir = std::env::var_os("ROGUE_CERTIFICATES").ok_or("ROGUE_CERTIFICATES is not set")?;
    tls_from(dir.as_ref(), "plugin")
}

/// A process that holds our outputs for as long as it lives.
#[allow(
    clippy::zombie_processes,
    reason = "it is there to outlive us, and to be waited for by nobody"
)]
fn leave_a_child() -> u32 {
    let child = Command::new("sleep").arg("120").spawn();
    child.expect("every Unix has it").id()
}

/// A process that holds our outputs, in a process group of its own.
#[allow(
    clippy::zombie_processes,
    reason = "it is there to outlive us, and to be waited for by nobody"
)]
fn lose_a_child() -> u32 {
    let child = Command::new("sleep").arg("120").process_group(0).spawn();
    child.expect("every Unix has it").id()
}

/// Until nobody reads any more.
fn flood(mut output: impl Write) {
    while output.write_all(b"help, I am drowning\n").is_ok() {}
}

fn grpc(options: impl Iterator<Item = String>) -> Grpc {
    let mut grpc = Grpc;
    for option in options {
        let (name, number) = option.split_once('=').expect("an option is NAME=NUMBER");
        let number: u64 = number.parse().expect("an option is NAME=NUMBER");
        grpc = match name {
            "accept-ms" => grpc.broker_accept_timeout(Duration::from_millis(number)),
            "dial-ms" => grpc.broker_dial_timeout(Duration::from_millis(number)),
            _ => panic!("there is no option `{name}`"),
        };
    }
    grpc
}
