//! The default runner: a child process of the host.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::{BoxFuture, Exit, Process, Runner, StartError, StartPlan, Started};

/// Starts one program with its arguments, as often as asked.
#[derive(Clone, Debug)]
pub(crate) struct CommandRunner {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) stdin: bool,
}

impl Runner for CommandRunner {
    fn program(&self) -> String {
        self.program.display().to_string()
    }

    fn start(&self, plan: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(async move { self.spawn(plan) })
    }
}

impl CommandRunner {
    fn spawn(&self, plan: StartPlan) -> Result<Started, StartError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            .envs(plan.environment)
            .stdin(if self.stdin {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own lets us end what the plugin started together with
        // it. A plugin that reads the terminal must stay in ours.
        #[cfg(unix)]
        if !self.stdin {
            command.process_group(0);
        }
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        let mut child = command.spawn().map_err(|error| self.explain(error))?;
        let stdout = child.stdout.take().expect("stdout was asked to be piped");
        let stderr = child.stderr.take().expect("stderr was asked to be piped");
        Ok(Started::new(
            ChildProcess {
                child,
                group: !self.stdin,
            },
            stdout,
            stderr,
        ))
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

struct ChildProcess {
    child: Child,
    /// Whether the child leads a process group of its own.
    group: bool,
}

impl Process for ChildProcess {
    fn id(&self) -> String {
        match self.child.id() {
            Some(pid) => format!("pid {pid}"),
            None => "a process that has ended".to_owned(),
        }
    }

    fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        Box::pin(async { self.child.wait().await.map(Exit::from) })
    }

    fn kill(&mut self) -> io::Result<()> {
        // Until the child has been waited for, its pid is ours: no stranger can
        // have been given it, nor its group.
        #[cfg(unix)]
        if let (Some(pid), true) = (self.child.id(), self.group) {
            let pid = i32::try_from(pid)
                .ok()
                .and_then(rustix::process::Pid::from_raw);
            if let Some(pid) = pid {
                let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
            }
        }
        if self.child.id().is_none() {
            return Ok(());
        }
        self.child.start_kill()
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
