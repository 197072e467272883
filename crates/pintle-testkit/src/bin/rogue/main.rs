//! A plugin that misbehaves on request: `rogue [with-child] MODE [OPTION=NUMBER]...`.
//!
//! Modes that never become a session are in `raw`: they print bytes and wait.
//! The others are true plugins, each with one fault.

mod output;
mod raw;
mod served;

use std::process::ExitCode;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let mut mode = args.next().unwrap_or_default();
    if mode == "with-child" {
        raw::begets_a_child();
        mode = args.next().unwrap_or_default();
    }
    match mode.as_str() {
        "exits-early" => raw::exits_early(),
        "garbage" => raw::garbage(),
        "floods-stdout" => raw::floods_stdout(),
        "silent" => raw::waits(),
        "stalls" => raw::stalls(),
        "closes-stdout" => raw::closes_stdout(),
        "long-line" => raw::long_line(),
        "wrong-core-version" => raw::says("2|1|unix|/nobody|grpc|"),
        "wrong-field" => raw::says("1|1|pipe|/nobody|grpc|"),
        "netrpc-line" => raw::says("1|1|unix|/nobody|netrpc|"),
        "tarpc-line" => raw::says("1|1|unix|/nobody|tarpc|"),
        "no-certificate" => raw::says("1|1|unix|/nobody|grpc|"),
        "a-certificate" => raw::says(&format!("1|1|unix|/nobody|grpc|{}", "A".repeat(80))),
        "no-listener" => raw::says("1|1|unix|/nobody|grpc|"),
        "deaf" => raw::deaf(),
        "exits-when-connected" => raw::exits_when_connected(),
        "prints-and-dies"
        | "floods-outputs"
        | "prints-by-others"
        | "mixes-log-and-output"
        | "prints-first"
        | "speaks-to-nobody"
        | "hosts-one" => return output::main(&mode, args).await,
        _ => return served::main(&mode, args).await,
    }
    ExitCode::SUCCESS
}
