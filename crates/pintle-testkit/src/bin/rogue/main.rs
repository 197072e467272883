//! A plugin that misbehaves on request: `rogue [with-child] MODE [OPTION=NUMBER]...`.
//!
//! Its vices are a table of the testkit, and done in `vices`. The other modes, in `served`, are
//! plugins without a fault of their own, which tests put to use.

mod output;
mod raw;
mod served;
mod vices;

use std::process::ExitCode;

use pintle_testkit::Vice;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let mut mode = args.next().unwrap_or_default();
    if mode == "with-child" {
        raw::begets_a_child();
        mode = args.next().unwrap_or_default();
    }
    if let Some(vice) = Vice::named(&mode) {
        return vices::main(vice).await;
    }
    match mode.as_str() {
        "stalls" => raw::stalls(),
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
