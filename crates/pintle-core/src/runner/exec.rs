//! What a child does between fork and exec on Linux.

use std::ffi::{CString, OsStr, c_char};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicPtr;

use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};
use rustix::stdio::stdin;

use super::guard::Orders;
use super::terminal::hand_over;
use crate::trust::Entrance;

/// Where a bare name is sought when the child is given no `PATH`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// What ties a child to its parent.
pub(super) struct Ties {
    /// Ends the group that the child leads when the parent is gone.
    pub(super) guard: Option<Arc<Orders>>,
    /// The group that the terminal goes back to, if the child is to have it.
    pub(super) terminal_of: Option<Pid>,
}

/// Prepares what the process that `command` starts does before it becomes its program.
///
/// With `ties`, it is killed when the thread that starts it ends, and takes the terminal. With an
/// `image`, that is executed in place of the program, under the program's name.
///
/// The environment of `command` must be complete: what it does not name is not inherited. The
/// kernel forgets the wish to be killed when the program is set-user-id, or has capabilities of its
/// own.
///
/// # Errors
/// When a string that is to be passed on contains a zero.
pub(super) fn prepare(
    command: &mut Command,
    ties: Option<Ties>,
    image: Option<Entrance<'_>>,
) -> io::Result<()> {
    let parent = getpid();
    let program = Exec::of(command, image)?;
    let between_fork_and_exec = move || match &ties {
        Some(ties) => {
            ties.bind(parent)?;
            let why = program.exec();
            ties.loosen();
            Err(why)
        }
        None => Err(program.exec()),
    };
    // SAFETY: the closure runs in the child of a fork, where only what is async-signal-safe is
    // allowed. It makes system calls (`prctl`, `getppid`, `getpid`, `rt_sigprocmask`, `ioctl`,
    // `send`, `fcntl`, `execve`, `fexecve`) on its stack and on memory that was prepared before, and
    // neither allocates nor locks: an `io::Error` made of an error code is that number, and writing
    // a number into an array of bytes is arithmetic.
    unsafe {
        command.pre_exec(between_fork_and_exec);
    }
    Ok(())
}

/// Has the process that `command` starts given none of our descriptors but the standard ones,
/// though they were left open by mistake: it lives long, and would keep them open.
pub(super) fn give_standard_descriptors_only(command: &mut Command) {
    const FIRST: libc::c_uint = 3;
    let between_fork_and_exec = || {
        // A kernel that does not know the call passes them on, as it always did.
        // SAFETY: nothing is closed, but marked to be closed by exec; no memory is passed.
        unsafe {
            libc::syscall(
                libc::SYS_close_range,
                FIRST,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            );
        }
        Ok(())
    };
    // SAFETY: the closure makes one system call and touches no memory.
    unsafe {
        command.pre_exec(between_fork_and_exec);
    }
}

impl Ties {
    fn bind(&self, parent: Pid) -> io::Result<()> {
        die_with(parent)?;
        let own = getpid();
        // Before it can read: it would be stopped for that.
        if self.terminal_of.is_some() {
            hand_over(stdin(), own)?;
        }
        // By the child itself: the parent may be killed before it could do so.
        if let Some(guard) = &self.guard {
            guard.watch(own);
        }
        Ok(())
    }

    fn loosen(&self) {
        if let Some(host) = self.terminal_of {
            let _ = hand_over(stdin(), host);
        }
        if let Some(guard) = &self.guard {
            guard.forget(getpid());
        }
    }
}

fn die_with(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Had the parent died before the wish was made, nobody would be left to fulfil it.
    match getppid() {
        Some(found) if found == parent => Ok(()),
        _ => Err(io::Error::from(Errno::SRCH)),
    }
}

/// A program with everything that `execve` takes, ready to be passed to it.
struct Exec {
    program: Program,
    args: Strings,
    env: Strings,
}

enum Program {
    /// The paths to try, in order.
    Paths(Vec<CString>),
    /// A file that is open. The interpreter of a `script` reads it once more.
    Open { file: OwnedFd, script: bool },
}

impl Exec {
    fn of(command: &Command, image: Option<Entrance<'_>>) -> io::Result<Self> {
        let (mut env, mut path) = (Vec::new(), OsStr::new(DEFAULT_PATH));
        for (name, value) in command.get_envs() {
            let Some(value) = value else { continue };
            if name == "PATH" {
                path = value;
            }
            env.push([name.as_bytes(), b"=", value.as_bytes()].concat());
        }
        let program = command.get_program();
        let args = [program].into_iter().chain(command.get_args());
        Ok(Self {
            program: match image {
                None => Program::Paths(paths(program.as_bytes(), path.as_bytes())?),
                Some(Entrance::Path(path)) => {
                    Program::Paths(vec![CString::new(path.as_os_str().as_bytes())?])
                }
                Some(Entrance::Descriptor { file, script }) => Program::Open {
                    file: file.try_clone_to_owned()?,
                    script,
                },
            },
            args: Strings::new(args.map(|arg| arg.as_bytes().to_vec()))?,
            env: Strings::new(env)?,
        })
    }

    /// Becomes the program; why not, if this returns.
    ///
    /// Not the standard library: with a hook like ours it goes through `execvp`, which hands what is
    /// no program to a shell.
    fn exec(&self) -> io::Error {
        match &self.program {
            Program::Paths(paths) => self.exec_first(paths),
            Program::Open { file, script } => self.exec_open(file, *script),
        }
    }

    fn exec_open(&self, file: &OwnedFd, script: bool) -> io::Error {
        if script && let Err(error) = fcntl_setfd(file, FdFlags::empty()) {
            return error.into();
        }
        // SAFETY: as below; and the descriptor is open, for `self` owns it.
        unsafe {
            libc::fexecve(file.as_raw_fd(), self.args.as_ptr(), self.env.as_ptr());
        }
        io::Error::last_os_error()
    }

    fn exec_first(&self, paths: &[CString]) -> io::Error {
        let mut why = io::Error::from(Errno::NOENT);
        for path in paths {
            // SAFETY: the path ends in a zero, and both arrays in a null pointer; what they point
            // to lives as long as `self`, and nobody changes it.
            unsafe {
                libc::execve(path.as_ptr(), self.args.as_ptr(), self.env.as_ptr());
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                // It is not there; perhaps in the next directory.
                Some(libc::ENOENT | libc::ENOTDIR) => {}
                // Unless there is another one further on, this is what is wrong.
                Some(libc::EACCES) => why = error,
                _ => return error,
            }
        }
        why
    }
}

/// Where `program` may be: where it says, or for a bare name in each directory of `path`.
fn paths(program: &[u8], path: &[u8]) -> io::Result<Vec<CString>> {
    if program.contains(&b'/') {
        return Ok(vec![CString::new(program)?]);
    }
    let directories = path.split(|byte| *byte == b':');
    let below = directories.map(|directory| match directory {
        // An empty entry is the working directory.
        [] => CString::new(program),
        _ => CString::new([directory, b"/", program].concat()),
    });
    Ok(below.collect::<Result<_, _>>()?)
}

/// Strings as C passes them: an array of pointers with a null at its end.
struct Strings {
    /// Atomic because plain pointers cannot be sent to another thread. They are never changed.
    pointers: Vec<AtomicPtr<c_char>>,
    /// What they point to.
    _owned: Vec<CString>,
}

impl Strings {
    fn new(strings: impl IntoIterator<Item = Vec<u8>>) -> io::Result<Self> {
        let owned = strings
            .into_iter()
            .map(CString::new)
            .collect::<Result<Vec<_>, _>>()?;
        let pointers = owned.iter().map(|string| string.as_ptr().cast_mut());
        Ok(Self {
            pointers: pointers
                .chain([ptr::null_mut()])
                .map(AtomicPtr::new)
                .collect(),
            _owned: owned,
        })
    }

    fn as_ptr(&self) -> *const *const c_char {
        // An atomic pointer is in memory what a pointer is.
        self.pointers.as_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    const NO_TIES: Ties = Ties {
        guard: None,
        terminal_of: None,
    };

    #[test]
    fn arguments_and_environment_reach_the_program_and_nothing_else_does() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo $0 $1 $WORD $HOME", "zero", "o n e"])
            .env_clear()
            .env("PATH", "/no/such/directory:/bin:/usr/bin")
            .env("WORD", "word")
            .stdout(Stdio::piped());
        prepare(&mut command, Some(NO_TIES), None).unwrap();
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.stdout, b"zero o n e word\n");
    }

    #[test]
    fn a_bare_name_is_sought_in_the_path_of_the_child() {
        let found = |program: &str, path: &str| {
            let paths = paths(program.as_bytes(), path.as_bytes()).unwrap();
            paths
                .iter()
                .map(|path| path.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("one", "/a::/b c"), ["/a/one", "one", "/b c/one"]);
        assert_eq!(found("./one", "/a"), ["./one"]);
    }

    #[test]
    fn what_cannot_be_executed_is_told_as_the_system_tells_it() {
        #[track_caller]
        fn check(program: &str, path: &str, expected: Errno) {
            let mut command = Command::new(program);
            command.env_clear().env("PATH", path);
            prepare(&mut command, Some(NO_TIES), None).unwrap();
            let error = command.spawn().unwrap_err();
            assert_eq!(Errno::from_io_error(&error), Some(expected), "{program}");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        check("/no/such/program", path, Errno::NOENT);
        check("plugin", path, Errno::NOENT);
        check(path, path, Errno::ACCESS);
        let file = dir.path().join("plugin");
        std::fs::write(&file, "echo hello\n").unwrap();
        check("plugin", path, Errno::ACCESS);
    }

    #[test]
    fn a_string_with_a_zero_in_it_is_refused() {
        let mut command = Command::new("sh");
        command.arg("a\0b");
        let spawned = prepare(&mut command, Some(NO_TIES), None).and_then(|()| command.spawn());
        assert!(spawned.is_err());
    }
}
