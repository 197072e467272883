//! Plugins whose host did not end them.
//!
//! pintle's own end with their host, however it ends; those of other libraries may not, and a
//! measurement that failed is to leave nothing running.

/// What every contender's plugin is called.
const PROGRAM: &str = "bench-plugin";

/// Kills those of the processes that still are plugins: a number that was given to another process
/// meanwhile is left alone. Where we cannot see what a process is, nothing is done.
pub(super) fn kill(pids: &[u32]) {
    let left: Vec<String> = pids
        .iter()
        .filter(|pid| is_plugin(**pid))
        .map(u32::to_string)
        .collect();
    if left.is_empty() {
        return;
    }
    // As it is no fault if one of them ends by itself just now, there is nothing to tell.
    let _ = std::process::Command::new("kill")
        .arg("-KILL")
        .args(left)
        .stderr(std::process::Stdio::null())
        .status();
}

fn is_plugin(pid: u32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
    name.is_ok_and(|name| name.trim_end() == PROGRAM)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_another_name_is_no_plugin() {
        assert!(!is_plugin(std::process::id()));
        assert!(!is_plugin(u32::MAX));
        kill(&[std::process::id()]);
    }
}
