//! Every fuzz target is kept alive by a test that runs its corpus.

use std::collections::BTreeSet;

use super::{Finding, TextFile};

/// A program in `fuzz/src/bin` and a `replay` of a crate's test go together, by name.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let replayed: BTreeSet<&str> = files
        .iter()
        .flat_map(replays)
        .map(|(_, name)| name)
        .collect();
    let mut findings = Vec::new();
    for file in files {
        if let Some(name) = target(file)
            && !replayed.contains(name)
        {
            findings.push(Finding {
                path: file.path.clone(),
                line: 1,
                advice: format!("replay the corpus of `{name}` in a test of its crate"),
            });
        }
        for (line, name) in replays(file) {
            if !files.iter().any(|file| target(file) == Some(name)) {
                findings.push(Finding {
                    path: file.path.clone(),
                    line,
                    advice: format!("write fuzz/src/bin/{name}.rs, so that `{name}` is fuzzed"),
                });
            }
        }
    }
    findings
}

fn target(file: &TextFile) -> Option<&str> {
    file.path.strip_prefix("fuzz/src/bin/")?.strip_suffix(".rs")
}

/// The lines on which a corpus is replayed, and whose.
fn replays(file: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    let fuzzing = file.path.starts_with("crates/") && file.path.ends_with("/fuzzing.rs");
    let lines = fuzzing.then(|| file.text.lines()).into_iter().flatten();
    (1..).zip(lines).filter_map(|(number, line)| {
        let name = line.trim_start().strip_prefix("replay(\"")?;
        Some((number, name.split_once('"')?.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, test: &str, expected: &[&str]) {
        let file = |path: &str, text: &str| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [
            file(&format!("fuzz/src/bin/{target}.rs"), ""),
            file("crates/a/src/fuzzing.rs", test),
        ];
        let findings = super::check(&files);
        let findings: Vec<_> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(findings, expected);
    }

    #[test]
    fn a_target_and_a_replay_go_together() {
        check("line", "\n        replay(\"line\", line);\n", &[]);
        check(
            "line",
            "",
            &["fuzz/src/bin/line.rs:1: replay the corpus of `line` in a test of its crate"],
        );
        check(
            "line",
            "replay(\"line\", line);\nreplay(\"log\", log);\n",
            &["crates/a/src/fuzzing.rs:2: write fuzz/src/bin/log.rs, so that `log` is fuzzed"],
        );
    }
}
