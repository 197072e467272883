//! A process in its sandbox, as a session sees it.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use pintle_core::{BoxFuture, Exit, Process};

use crate::Sandbox;
use crate::limits::Limit;

/// Explains its end by the sandbox it was in.
pub(crate) struct Confined {
    process: Box<dyn Process>,
    sandbox: Sandbox,
}

impl Confined {
    pub(crate) fn new(process: Box<dyn Process>, sandbox: Sandbox) -> Self {
        Self { process, sandbox }
    }

    /// How it ended, if it has.
    async fn exit(&mut self) -> Option<Exit> {
        let mut waiting = self.process.wait();
        let exit = poll_fn(|context| match waiting.as_mut().poll(context) {
            Poll::Ready(exit) => Poll::Ready(exit.ok()),
            Poll::Pending => Poll::Ready(None),
        });
        exit.await
    }
}

impl Process for Confined {
    fn id(&self) -> String {
        self.process.id()
    }

    fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        self.process.wait()
    }

    fn hears_its_end(&self) -> bool {
        self.process.hears_its_end()
    }

    fn terminate(&mut self) -> io::Result<()> {
        self.process.terminate()
    }

    fn release(&mut self) {
        self.process.release();
    }

    fn kill(&mut self) -> io::Result<()> {
        self.process.kill()
    }

    fn diagnose(&mut self) -> BoxFuture<'_, Option<String>> {
        Box::pin(async {
            let exit = self.exit().await;
            Some(diagnosis(&self.sandbox, exit))
        })
    }
}

/// The walls it may have run into.
fn diagnosis(sandbox: &Sandbox, exit: Option<Exit>) -> String {
    let limits = &sandbox.limits;
    let has = |limit| limits.get(limit).is_some();
    let likely = match exit {
        Some(Exit::Signal(libc::SIGXCPU)) if has(Limit::CpuSeconds) => {
            "its processor time was used up "
        }
        Some(Exit::Signal(libc::SIGABRT | libc::SIGSEGV)) if has(Limit::MemoryBytes) => {
            "its memory was perhaps used up "
        }
        _ => "it ran ",
    };
    let network = match sandbox.network {
        true => "",
        false => ", no network",
    };
    let mut told = format!("{likely}in a sandbox{network}{limits}");
    for grant in &sandbox.grants {
        told.push_str(&format!(", {grant}"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sandbox: Sandbox, exit: Option<Exit>, expected: &str) {
        assert_eq!(diagnosis(&sandbox, exit), expected);
    }

    #[test]
    fn an_end_is_explained_by_the_walls_the_plugin_may_have_run_into() {
        let plain = || Sandbox::new("plugin");
        check(plain(), Some(Exit::Code(1)), "it ran in a sandbox");
        check(
            plain().read("/a").write("/b").no_network().no_core_dumps(),
            None,
            "it ran in a sandbox, no network, reads /a, writes /b",
        );
        let limited = || plain().memory_limit_bytes(4096).open_files_limit(9);
        check(
            limited(),
            Some(Exit::Signal(6)),
            "its memory was perhaps used up in a sandbox, 4096 bytes of memory, 9 open files",
        );
        let brief = plain().cpu_time_limit(std::time::Duration::from_millis(1500));
        check(
            brief,
            Some(Exit::Signal(24)),
            "its processor time was used up in a sandbox, 2 s of processor time",
        );
    }
}
