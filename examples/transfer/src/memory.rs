//! How much memory this process takes, where the system tells.

/// What is resident now, in KiB; 0 where that is not known.
pub fn resident_kib() -> u64 {
    status("VmRSS:")
}

/// What was resident at most, in KiB; 0 where that is not known.
pub fn peak_kib() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
