//! What a new process says of its way into the sandbox: which step failed, and why.
//!
//! To be called in a child of a fork, the writing side keeps to system calls on its stack.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::{SandboxError, Step};

/// The steps, each sent as its place in this list.
const STEPS: [Step; 7] = [
    Step::Network,
    Step::User,
    Step::Limits,
    Step::Descriptors,
    Step::NoNewPrivileges,
    Step::Capabilities,
    Step::Landlock,
];

/// A step, whether the process goes on all the same, and the number of the error.
const BYTES: usize = 6;

/// The new process's side. It is closed when the process becomes the program.
pub(crate) struct Teller {
    pipe: OwnedFd,
}

/// This side.
pub(crate) struct Listener {
    pipe: File,
}

/// A step that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) step: Step,
    pub(crate) goes_on: bool,
    pub(crate) errno: i32,
}

pub(crate) fn report() -> Result<(Teller, Listener), SandboxError> {
    // Nobody waits: what is said is said before the process has become the program, or has failed to.
    let pipe = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK);
    let (read, write) = pipe.map_err(|error| SandboxError::Pipe(error.into()))?;
    Ok((Teller { pipe: write }, Listener { pipe: read.into() }))
}

impl Teller {
    pub(crate) fn tell(&self, step: Step, goes_on: bool, error: Errno) {
        let [a, b, c, d] = error.raw_os_error().to_le_bytes();
        let said = [step as u8, u8::from(goes_on), a, b, c, d];
        // To nobody, if it fails.
        let _ = rustix::io::write(&self.pipe, &said);
    }
}

impl Listener {
    /// All that has been said.
    pub(crate) fn heard(mut self) -> Vec<Failed> {
        let mut said = Vec::new();
        // It ends with an error where the pipe is empty and not closed: another child that is being
        // started at the same moment has it, too.
        let _ = (&mut self.pipe).take(1024).read_to_end(&mut said);
        let failed = said.chunks_exact(BYTES).filter_map(Failed::parse);
        failed.collect()
    }
}

impl Failed {
    fn parse(said: &[u8]) -> Option<Self> {
        let [step, goes_on, errno @ ..] = said else {
            return None;
        };
        Some(Self {
            step: *STEPS.get(usize::from(*step))?,
            goes_on: *goes_on != 0,
            errno: i32::from_le_bytes(errno.try_into().ok()?),
        })
    }
}

impl From<Failed> for SandboxError {
    fn from(failed: Failed) -> Self {
        let setting = |name: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/{name}")).ok()?;
            text.trim().parse().ok()
        };
        Self::Step {
            step: failed.step,
            why: why(failed.step, Errno::from_raw_os_error(failed.errno), setting),
            source: io::Error::from_raw_os_error(failed.errno),
        }
    }
}

/// What is likely behind it, given the settings of the system.
fn why(step: Step, errno: Errno, setting: impl Fn(&str) -> Option<i64>) -> Option<&'static str> {
    if !matches!(step, Step::Network | Step::User) {
        return None;
    }
    let is = |name, value| setting(name) == Some(value);
    Some(match errno {
        Errno::NOSPC | Errno::USERS if is("user/max_user_namespaces", 0) => {
            "user namespaces are turned off by user.max_user_namespaces"
        }
        Errno::NOSPC | Errno::USERS => {
            "there are as many namespaces as user.max_user_namespaces and user.max_net_namespaces allow"
        }
        Errno::PERM | Errno::ACCESS if is("kernel/unprivileged_userns_clone", 0) => {
            "user namespaces are turned off by kernel.unprivileged_userns_clone"
        }
        Errno::PERM | Errno::ACCESS if is("kernel/apparmor_restrict_unprivileged_userns", 1) => {
            "AppArmor restricts user namespaces: kernel.apparmor_restrict_unprivileged_userns"
        }
        Errno::PERM | Errno::ACCESS => {
            "user namespaces are forbidden here; in a container its seccomp profile may do that"
        }
        Errno::INVAL | Errno::NOSYS => "this kernel has no user namespaces, or no networks in them",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_new_process_says_is_heard_in_order() {
        let (teller, listener) = report().expect("there are pipes");
        teller.tell(Step::Network, true, Errno::PERM);
        teller.tell(Step::Landlock, false, Errno::NOSYS);
        let failed = |step, goes_on, errno: Errno| Failed {
            step,
            goes_on,
            errno: errno.raw_os_error(),
        };
        let expected = [
            failed(Step::Network, true, Errno::PERM),
            failed(Step::Landlock, false, Errno::NOSYS),
        ];
        // The other side is still open: nobody may wait for its end.
        assert_eq!(listener.heard(), expected);
    }

    #[test]
    fn every_step_is_at_its_place_in_the_list() {
        for (place, step) in STEPS.into_iter().enumerate() {
            assert_eq!(step as usize, place);
        }
    }

    #[track_caller]
    fn check(errno: Errno, settings: &[(&str, i64)], expected: &str) {
        let setting = |name: &str| {
            let found = settings.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| *value)
        };
        let found = why(Step::Network, errno, setting).expect("it is known");
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn a_setting_that_forbids_namespaces_is_named() {
        let clone = ("kernel/unprivileged_userns_clone", 0);
        let apparmor = ("kernel/apparmor_restrict_unprivileged_userns", 1);
        let most = ("user/max_user_namespaces", 0);
        check(Errno::PERM, &[clone], "unprivileged_userns_clone");
        check(Errno::ACCESS, &[apparmor], "AppArmor");
        check(Errno::PERM, &[], "seccomp");
        check(Errno::NOSPC, &[most], "turned off by user.max");
        check(Errno::NOSPC, &[], "as many");
    }
}
