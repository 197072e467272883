//! The default runner: a child process of the host.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{self, Bond, Spawned};
#[cfg(unix)]
use super::outlet::Outlet;
use super::{BoxFuture, Runner, StartError, StartPlan, Started};
use crate::handshake::env::{LIFELINE, Lifeline, STDIO, pipes_of_own_process};
use crate::trust::{self, Image, Refusal, Trust};

/// Starts one program with its arguments, as often as asked.
#[derive(Clone, Debug)]
pub(crate) struct CommandRunner {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) stdin: bool,
    pub(crate) detached: bool,
    pub(crate) trust: Trust,
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
        let image = match self.trust.asks() {
            true => Some(self.admitted(&plan).await?),
            false => None,
        };
        self.execute(plan, image).await
    }

    /// What may be executed in place of the program, if it is to be trusted.
    async fn admitted(&self, plan: &StartPlan) -> Result<Image, StartError> {
        let path = plan.environment.iter().find(|(name, _)| name == "PATH");
        let path = path.map(|(_, value)| value.clone());
        let Self { program, trust, .. } = self.clone();
        let dir = self.dir.clone().unwrap_or_default();
        let admitting = tokio::task::spawn_blocking(move || {
            let place = trust::find(&program, &dir, path.as_deref()).map_err(Refusal::Start)?;
            trust.admit(&place)
        });
        let admitted = admitting
            .await
            .unwrap_or_else(|error| Err(Refusal::Start(io::Error::other(error))));
        admitted.map_err(|refusal| match refusal {
            Refusal::Start(error) => Place {
                program: self.program.clone(),
                dir: self.dir.clone(),
            }
            .explain(error),
            Refusal::Untrusted(error) => StartError::Untrusted(self.program.clone(), error.into()),
        })
    }

    /// Starts the program, or the image of it.
    async fn execute(&self, plan: StartPlan, image: Option<Image>) -> Result<Started, StartError> {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        let bond = match (self.detached, self.stdin) {
            (true, _) => Bond::Detached,
            (false, true) => Bond::Stdin,
            (false, false) => Bond::Usual,
        };
        start(command, &plan, bond, image).await
    }
}

/// Starts `command` as `plan` wants it: the one road to a child process.
pub(super) async fn start(
    mut command: Command,
    plan: &StartPlan,
    bond: Bond,
    image: Option<Image>,
) -> Result<Started, StartError> {
    let envs = plan.environment.iter().map(|(name, value)| (name, value));
    command.env_clear().envs(envs);
    let lifeline = match bond {
        Bond::Usual => Some(Lifeline::Stdin),
        // Its parent's end is all that such a plugin can see.
        Bond::Stdin => None,
        Bond::Detached => Some(Lifeline::None),
    };
    if let Some(lifeline) = lifeline {
        command.env(LIFELINE, lifeline.of_own_process());
    }
    // The reader of a detached plugin's pipes goes before it does.
    if bond != Bond::Detached {
        command.env(STDIO, pipes_of_own_process());
    }
    let place = Place::of(&command);
    let spawned = child::spawn(command, bond, image, plan.stay.clone()).await;
    let Spawned {
        child,
        stdout,
        stderr,
    } = spawned.map_err(|error| place.explain(error))?;
    #[cfg(unix)]
    let (stdout, stderr) = (
        Outlet::new(stdout, child.exit()),
        Outlet::new(stderr, child.exit()),
    );
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
        let error = match error.downcast::<StartError>() {
            Ok(explained) => return explained,
            Err(error) => error,
        };
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::trust::{Entrance, Sha256};

    const GOOD: &str = "#!/bin/sh\necho good $0 $1\n";
    const EVIL: &str = "#!/bin/sh\necho evil\n";

    /// What a program says that others replace, by `replace`, after it was verified.
    async fn said(detached: bool, replace: impl FnOnce(&Path)) -> String {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("plugin");
        fs::write(&program, GOOD).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let runner = CommandRunner {
            program: program.clone(),
            args: vec!["argument".into()],
            dir: None,
            stdin: false,
            detached,
            trust: Trust {
                checksum: Some(Sha256::of(GOOD.as_bytes()).unwrap()),
                ..Trust::default()
            },
        };
        let plan = StartPlan::new(Vec::new(), PathBuf::new());
        let image = runner.admitted(&plan).await.unwrap();
        replace(&program);
        let mut started = runner.execute(plan, Some(image)).await.unwrap();
        let mut said = String::new();
        let reading = started.stdout.read_to_string(&mut said);
        tokio::time::timeout(Duration::from_secs(20), reading)
            .await
            .unwrap()
            .unwrap();
        said
    }

    #[tokio::test]
    async fn a_copy_in_a_file_is_executed_under_the_programs_name_and_goes_with_the_process() {
        let shell = fs::File::open("/bin/sh").unwrap();
        let image = Image::in_directory(&shell, Path::new("sh")).unwrap();
        let Entrance::Path(copy) = image.entrance() else {
            panic!("it should be a file: {image:?}");
        };
        let copy = copy.to_owned();
        let runner = CommandRunner {
            program: "plugin".into(),
            args: vec!["-c".into(), "echo $0; read line".into()],
            dir: None,
            stdin: false,
            detached: false,
            trust: Trust::default(),
        };
        let plan = StartPlan::new(Vec::new(), PathBuf::new());
        let mut started = runner.execute(plan, Some(image)).await.unwrap();
        let mut said = [0; 7];
        started.stdout.read_exact(&mut said).await.unwrap();
        assert_eq!(said, *b"plugin\n");
        assert!(copy.exists());
        drop(started);
        assert!(!copy.exists());
    }

    #[track_caller]
    fn check(said: &str) {
        assert!(
            said.starts_with("good /") && said.ends_with(" argument\n"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn what_replaces_a_program_after_it_was_verified_is_not_executed() {
        let overwrite = |program: &Path| fs::write(program, EVIL).unwrap();
        check(&said(false, overwrite).await);
        check(&said(true, overwrite).await);
        check(&said(false, |program| fs::remove_file(program).unwrap()).await);
        let rename = |program: &Path| {
            let evil = program.with_extension("evil");
            fs::write(&evil, EVIL).unwrap();
            fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
            fs::rename(evil, program).unwrap();
        };
        check(&said(false, rename).await);
    }
}
