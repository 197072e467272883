//! A contender at work: what it is told, and what that costs both of its processes.

use std::path::Path;
use std::time::Duration;

use super::answer::Answer;
use super::cases::Case;
use super::clock::processor_time;
use super::cores::{Cores, Pinned};
use super::memory::Resident;
use super::process::Process;

/// A contender's host, and the plugins it has launched.
pub(super) struct Host(Process);

/// What became of one command.
#[derive(Debug, PartialEq)]
pub(super) enum Done {
    Took(Took),
    /// The contender has no way to do this, and why.
    Absent(String),
}

/// What one command took in all, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Took {
    pub(super) wall: f64,
    /// Of both processes together; `None` where the system does not tell.
    pub(super) cpu: Option<f64>,
}

impl Host {
    pub(super) fn start(program: &Path, name: &str) -> Result<Self, String> {
        Process::start(program, name).map(Self)
    }

    /// Launches one more plugin. All it has used by the time of its first answer is counted.
    pub(super) fn launch(&mut self) -> Result<Done, String> {
        let before = processor_time(self.0.pid());
        let answer = self.0.ask(&Case::Cold.command(1))?;
        let after = processor_time(self.0.pid());
        let plugin = self.0.plugins().last().and_then(|&pid| processor_time(pid));
        Ok(done(
            answer,
            used(before, after)
                .zip(plugin)
                .map(|(host, plugin)| host + plugin),
        ))
    }

    /// Keeps the host and its first plugin on those cores while the value lives. `Err` is why that
    /// cannot be done; it is no reason to give up.
    pub(super) fn pin(&self, cores: Cores) -> Result<Pinned, String> {
        cores.pin(self.0.pid(), self.0.plugins().first().copied())
    }

    /// Does `case` that many times, or with that many bytes, with the first plugin.
    pub(super) fn run(&mut self, case: Case, amount: u64) -> Result<Done, String> {
        let before = self.both();
        let answer = self.0.ask(&case.command(amount))?;
        Ok(done(answer, used(before, self.both())))
    }

    fn both(&self) -> Option<Duration> {
        let plugin = self.0.plugins().first()?;
        Some(processor_time(self.0.pid())? + processor_time(*plugin)?)
    }

    /// The memory of the host, and of each of its plugins.
    pub(super) fn resident(&self) -> Option<(Resident, Vec<Resident>)> {
        let plugins = self.0.plugins().iter().map(|&pid| Resident::of(pid));
        Some((Resident::of(self.0.pid())?, plugins.collect::<Option<_>>()?))
    }

    /// Has it end. `Err` is how it did not do so well.
    pub(super) fn end(self) -> Result<(), String> {
        self.0.end()
    }
}

fn used(before: Option<Duration>, after: Option<Duration>) -> Option<Duration> {
    Some(after?.saturating_sub(before?))
}

fn done(answer: Answer, cpu: Option<Duration>) -> Done {
    match answer {
        Answer::Done { ns, .. } => Done::Took(Took {
            wall: ns as f64,
            cpu: cpu.map(|cpu| cpu.as_nanos() as f64),
        }),
        Answer::Absent(why) => Done::Absent(why),
    }
}
