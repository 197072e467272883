//! What a process has cost so far, read from outside.
//!
//! With one call in flight most of the wall time is waking the other process up, which is the
//! kernel's and the machine's; processor time is what a library can do something about.

use std::time::Duration;

/// The processor time that all threads of a process have used, ended ones included. `None` where
/// the process is gone, or where we know no way to ask.
#[cfg(target_os = "linux")]
pub(super) fn processor_time(pid: u32) -> Option<Duration> {
    use nix::time::{ClockId, clock_gettime};
    use nix::unistd::Pid;

    let pid = Pid::from_raw(i32::try_from(pid).ok()?);
    let clock = ClockId::pid_cpu_clock_id(pid).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn processor_time(_: u32) -> Option<Duration> {
    None
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_process_goes_on_while_it_works() {
        let before = processor_time(std::process::id()).unwrap();
        let mut sum = 0_u64;
        let after = loop {
            sum = (0..100_000).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
            let after = processor_time(std::process::id()).unwrap();
            if after > before {
                break after;
            }
        };
        assert!(after > before);
    }

    #[test]
    fn a_process_that_is_not_there_has_no_clock() {
        assert_eq!(processor_time(u32::MAX), None);
    }
}
