//! Starting a plugin in its sandbox, step by step.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use pintle_core::{StartError, StartPlan, Started};

use crate::confine::{Confinement, Owner};
use crate::confined::Confined;
use crate::grant::{Access, Grant};
use crate::report::{Failed, report};
use crate::{Sandbox, SandboxError, limits, ruleset};

pub(crate) async fn start(sandbox: &Sandbox, plan: StartPlan) -> Result<Started, StartError> {
    let mut command = Command::new(&sandbox.program);
    command.args(&sandbox.args);
    if let Some(dir) = &sandbox.dir {
        command.current_dir(dir);
    }
    let program = sandbox.found(&plan);
    let (teller, listener) = report().map_err(runner)?;
    let confinement = Confinement {
        alone: (!sandbox.network).then(Owner::same),
        limits: limits::system(&sandbox.limits),
        rules: sandbox.rules(program.as_deref(), &plan).map_err(runner)?,
        best_effort: sandbox.best_effort,
        teller,
    };
    confinement.impose_on(&mut command);

    let started = plan.start_child(command).await;
    let fatal = sandbox.go_on_without(listener.heard());
    let mut started = started.map_err(|error| match fatal {
        Some(failed) => runner(failed.into()),
        None => explain(error, program),
    })?;
    started.process = Box::new(Confined::new(started.process, sandbox.clone()));
    Ok(started)
}

impl Sandbox {
    fn rules(
        &self,
        program: Option<&Path>,
        plan: &StartPlan,
    ) -> Result<Option<OwnedFd>, SandboxError> {
        let grants = self.all_grants(program, plan);
        if !self.best_effort {
            return ruleset::strict(&grants).map(Some);
        }
        match ruleset::strict(&grants) {
            Ok(rules) => Ok(Some(rules)),
            Err(error @ (SandboxError::NoLandlock | SandboxError::OldLandlock)) => {
                self.warn(&error);
                ruleset::lenient(&grants)
            }
            Err(error) => Err(error),
        }
    }

    fn all_grants(&self, program: Option<&Path>, plan: &StartPlan) -> Vec<Grant> {
        let mut grants: Vec<_> = Grant::defaults().chain(self.grants.clone()).collect();
        if let Some(program) = program {
            grants.push(Grant::new(program.to_owned(), Access::Execute));
        }
        // A host that listens on TCP has none.
        if !plan.socket_dir.as_os_str().is_empty() {
            grants.push(Grant::new(plan.socket_dir.clone(), Access::Write));
        }
        grants
    }

    /// The file that will be executed, as far as there is one: what is not there cannot be granted,
    /// and is told by who tries to execute it.
    fn found(&self, plan: &StartPlan) -> Option<PathBuf> {
        let dir = self.dir.as_deref().unwrap_or(Path::new(""));
        if self.program.components().count() > 1 {
            return Some(dir.join(&self.program)).filter(|path| path.exists());
        }
        let path = plan.environment.iter().find(|(name, _)| name == "PATH");
        let path = path.map_or(OsStr::new("/bin:/usr/bin"), |(_, path)| path);
        let mut places =
            std::env::split_paths(path).map(|below| dir.join(below).join(&self.program));
        places.find(|path| may_execute(path, 0o111))
    }

    /// Warns of the steps that failed and were not needed; gives the one that was.
    fn go_on_without(&self, failed: Vec<Failed>) -> Option<Failed> {
        let mut fatal = None;
        for failed in failed {
            match failed.goes_on {
                true => self.warn(&failed.into()),
                false => fatal = Some(failed),
            }
        }
        fatal
    }

    fn warn(&self, error: &SandboxError) {
        let plugin = self.program.display();
        tracing::warn!(%plugin, %error, "the sandbox is weaker than asked for");
    }
}

/// Of a program that anyone may execute, the sandbox must be what refuses.
fn explain(error: StartError, program: Option<PathBuf>) -> StartError {
    let by_all = |path: &Path| {
        [0o100, 0o010, 0o001]
            .iter()
            .all(|one| may_execute(path, *one))
    };
    match (error, program) {
        (StartError::NotExecutable(_), Some(program)) if by_all(&program) => {
            runner(SandboxError::Interpreter(program))
        }
        (error, _) => error,
    }
}

/// Whether the file may be executed by any of these.
fn may_execute(path: &Path, by: u32) -> bool {
    let metadata = path.metadata();
    metadata.is_ok_and(|about| about.is_file() && about.permissions().mode() & by != 0)
}

fn runner(error: SandboxError) -> StartError {
    StartError::Runner(error.into())
}
