//! What a process has in memory, read from outside.

/// In KiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Resident {
    /// All its pages, those it shares with others included.
    pub(super) rss: f64,
    /// Its own pages, and of the shared ones its share.
    pub(super) pss: f64,
}

impl Resident {
    /// `None` where the process is gone, or where the system has no such file.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Option<Self> {
        let field = |name| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.strip_prefix(name))?;
            value.trim().strip_suffix(" kB")?.trim().parse().ok()
        };
        Some(Self {
            rss: field("Rss:")?,
            pss: field("Pss:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sizes_are_read_from_the_kernels_table() {
        let text = "55a0-7ffd ---p 00000000 00:00 0    [rollup]\n\
                    Rss:                3128 kB\n\
                    Pss:                 812 kB\n\
                    Pss_Dirty:           300 kB\n";
        let expected = Resident {
            rss: 3128.0,
            pss: 812.0,
        };
        assert_eq!(Resident::parse(text), Some(expected));
    }

    #[test]
    fn a_table_without_them_is_no_table() {
        assert_eq!(Resident::parse("Rss:  3128 kB\n"), None);
        assert_eq!(Resident::parse("Rss:  many kB\nPss: 1 kB\n"), None);
    }
}
