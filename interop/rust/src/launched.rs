//! A plugin launched for a story, and how it ended.

use std::time::Instant;

use pintle::{Exit, Host, LaunchError, LaunchFailure, LogEntry, OutputTo, Session};
use tokio::sync::mpsc;

use crate::output::{self, Output};
use crate::{Failure, HostArgs, Story};

/// How many chunks of output, or log entries, may wait to be read.
///
/// Far above what a story makes; what is beyond is dropped and then missed.
const PENDING: usize = 4096;

/// A plugin launched for a story, with everything that is heard from it.
#[derive(Debug)]
pub struct Launched {
    /// The connected plugin.
    pub session: Session,
    /// What it prints to its stdout.
    pub stdout: Output,
    /// What it prints to its stderr.
    pub stderr: Output,
    /// What it logs.
    pub logs: mpsc::Receiver<LogEntry>,
}

impl Launched {
    /// Launches the plugin that `args` name, with or without TLS, and on one
    /// connection or several, as they say. In [`Story::Reattach`] it may outlive the session.
    ///
    /// # Errors
    /// As [`launch`](pintle::PluginCommand::launch).
    pub async fn new(host: Host, args: &HostArgs) -> Result<Self, LaunchError> {
        let (stdout_sender, stdout) = output::channel(PENDING);
        let (stderr_sender, stderr) = output::channel(PENDING);
        let (log_sender, logs) = mpsc::channel(PENDING);
        let host = host
            .stdout(OutputTo::each(move |chunk| stdout_sender.send(chunk)))
            .stderr(OutputTo::each(move |chunk| stderr_sender.send(chunk)))
            .on_log(move |entry| drop(log_sender.try_send(entry.clone())));
        let host = if args.tls { host } else { host.plaintext() };

        let command = host.command(&args.plugin).args(&args.plugin_args);
        let command = match args.story {
            Story::Reattach => command.detached(),
            _ => command,
        };
        Ok(Self {
            session: command.launch(args.grpc()).await?,
            stdout,
            stderr,
            logs,
        })
    }

    /// Fails unless TLS is in use just when it was asked for.
    ///
    /// # Errors
    /// In words.
    pub fn check_tls(&self, wanted: bool) -> Result<(), Failure> {
        let used = self.session.is_secure();
        eprintln!("tls: {}", if used { "mutual" } else { "none" });
        if used == wanted {
            Ok(())
        } else {
            Err(format!("TLS asked for: {wanted}, in use: {used}").into())
        }
    }

    /// Closes the plugin and says how that went, in the transcript's words.
    pub async fn close(&self) -> String {
        let begun = Instant::now();
        let closed = self.session.close().await;
        eprintln!("closed after {:?}", begun.elapsed());
        match closed {
            Ok(Exit::Code(0)) => "exit: clean".to_owned(),
            Ok(Exit::Code(code)) => format!("exit: code {code}"),
            Ok(exit) => format!("exit: {exit}"),
            Err(closed) => {
                eprintln!("{closed}");
                match closed.exit() {
                    // It was not asked to: not even the code 0 is a clean end then.
                    Some(Exit::Code(code)) => format!("exit: code {code}"),
                    _ => "exit: killed".to_owned(),
                }
            }
        }
    }
}

/// Prints a refusal that belongs to a transcript, and gives back every other error.
///
/// # Errors
/// The error, where no transcript has it.
pub fn tell_refusal(error: LaunchError) -> Result<(), Failure> {
    if !matches!(error.failure(), LaunchFailure::Multiplexing) {
        return Err(error.into());
    }
    eprintln!("{}", error.report());
    println!("refused: multiplexing");
    Ok(())
}
