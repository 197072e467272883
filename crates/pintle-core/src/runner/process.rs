//! The default runner: a child process of the host.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{self, Bond, Spawned};
use super::{BoxFuture, Runner, StartError, StartPlan, Started};
use crate::handshake::env::{LIFELINE, Lifeline};

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
        command.args(&self.args);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        let bond = match (self.detached, self.stdin) {
            (true, _) => Bond::Detached,
            (false, true) => Bond::Terminal,
            (false, false) => Bond::Usual,
        };
        start(command, &plan, bond).await
    }
}

/// Starts `command` as `plan` wants it: the one road to a child process.
pub(super) async fn start(
    mut command: Command,
    plan: &StartPlan,
    bond: Bond,
) -> Result<Started, StartError> {
    let envs = plan.environment.iter().map(|(name, value)| (name, value));
    command.env_clear().envs(envs);
    let lifeline = match bond {
        Bond::Usual => Some(Lifeline::Stdin),
        // Its parent's end is all that such a plugin can see.
        Bond::Terminal => None,
        Bond::Detached => Some(Lifeline::None),
    };
    if let Some(lifeline) = lifeline {
        command.env(LIFELINE, lifeline.of_own_process());
    }
    let place = Place::of(&command);
    let spawned = child::spawn(command, bond).await;
    let Spawned {
        child,
        stdout,
        stderr,
    } = spawned.map_err(|error| place.explain(error))?;
    Ok(Started::new(child, stdout, stderr))
}

/// Where a program is, and is to run.
struct Place {
    program: PathBuf,
    dir: Option<PathBuf>,
}

impl Place {
    fn of(command: &Command) -> Self {
        Self {
            program: command.get_program().into(),
            dir: command.get_current_dir().map(Path::to_owned),
        }
    }

    /// Tells the causes apart that the operating system lumps together.
    fn explain(self, error: io::Error) -> StartError {
        const ENOEXEC: i32 = 8;
        if let Some(dir) = self.dir.as_ref().filter(|dir| !dir.is_dir()) {
            return StartError::NoDirectory(dir.clone());
        }
        let there = self.has_program();
        let program = self.program;
        match error.kind() {
            io::ErrorKind::NotFound if there => StartError::NoInterpreter(program),
            io::ErrorKind::NotFound => StartError::Missing(program),
            io::ErrorKind::PermissionDenied => StartError::NotExecutable(program),
            _ if error.raw_os_error() == Some(ENOEXEC) => StartError::WrongArchitecture(program),
            _ => StartError::Refused(program, error),
        }
    }

    /// Whether the program is there, for a program given by path; a bare name is sought in PATH.
    fn has_program(&self) -> bool {
        let by_path = self.program.components().count() > 1;
        let dir = self.dir.as_deref().unwrap_or(Path::new(""));
        by_path && dir.join(&self.program).exists()
    }
}
