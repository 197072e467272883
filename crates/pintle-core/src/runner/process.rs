//! The default runner: a child process of the host.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{self, Bond, Spawned};
use super::{BoxFuture, Runner, StartError, StartPlan, Started};
use crate::handshake::env::{LIFELINE, Lifeline, STDIO, pipes_of_own_process};

/// Starts one program with its arguments, as often as asked.
#[derive(Clone, Debug)]
pub(crate) struct CommandRunner {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) stdin: bool,
    pub(crate) detached: bool,
}

impl Runner for CommandRunner {
    fn program(&self) -> String {
        self.program.display().to_string()
    }

    fn start(&self, plan: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(self.spawn(plan))
    }
}

impl CommandRunner {
    async fn spawn(&self, plan: StartPlan) -> Result<Started, StartError> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(plan.environment);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        let bond = match (self.detached, self.stdin) {
            (true, _) => Bond::Detached,
            (false, true) => Bond::Terminal,
            (false, false) => Bond::Usual,
        };
        let lifeline = match bond {
            Bond::Usual => Some(Lifeline::Stdin),
            // Its parent's end is all that such a plugin can see.
            Bond::Terminal => None,
            Bond::Detached => Some(Lifeline::None),
        };
        if let Some(lifeline) = lifeline {
            command.env(LIFELINE, lifeline.of_own_process());
        }
        // The reader of a detached plugin's pipes goes before it does.
        if bond != Bond::Detached {
            command.env(STDIO, pipes_of_own_process());
        }
        let spawned = child::spawn(command, bond).await;
        let Spawned {
            child,
            stdout,
            stderr,
        } = spawned.map_err(|error| self.explain(error))?;
        Ok(Started::new(child, stdout, stderr))
    }

    /// Tells the causes apart that the operating system lumps together.
    fn explain(&self, error: io::Error) -> StartError {
        const ENOEXEC: i32 = 8;
        let program = self.program.clone();
        if let Some(dir) = self.dir.as_deref().filter(|dir| !dir.is_dir()) {
            return StartError::NoDirectory(dir.to_owned());
        }
        match error.kind() {
            io::ErrorKind::NotFound if self.exists() => StartError::NoInterpreter(program),
            io::ErrorKind::NotFound => StartError::Missing(program),
            io::ErrorKind::PermissionDenied => StartError::NotExecutable(program),
            _ if error.raw_os_error() == Some(ENOEXEC) => StartError::WrongArchitecture(program),
            _ => StartError::Refused(program, error),
        }
    }

    /// Whether the program is there, for a program given by path; a bare name is sought in PATH.
    fn exists(&self) -> bool {
        let by_path = self.program.components().count() > 1;
        by_path
            && self
                .dir
                .as_deref()
                .unwrap_or(Path::new(""))
                .join(&self.program)
                .exists()
    }
}
