//! README.md begins with the crate docs of the facade, so the program it shows is one that the doc
//! tests run.

use super::{Finding, TextFile};

const README: &str = "README.md";
const LIB: &str = "crates/pintle/src/lib.rs";

/// Stands alone on the line where the shared text ends. The README must have it. The crate docs
/// may, when they go on with what only they say.
const MARKER: &str = "<!-- crate docs end here -->";

/// The two texts agree from their first line to the marker.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let text = |path| {
        files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    };
    let (Some(readme), Some(lib)) = (text(README), text(LIB)) else {
        return vec![finding(
            1,
            format!("write it: it begins with the crate docs of {LIB}"),
        )];
    };
    compare(readme, lib).into_iter().collect()
}

fn compare(readme: &str, lib: &str) -> Option<Finding> {
    if !readme.lines().any(|line| line.trim() == MARKER) {
        return Some(finding(
            1,
            format!("put `{MARKER}` where the crate docs of {LIB} end"),
        ));
    }
    let docs = lib.lines().take_while(|line| line.starts_with("//!"));
    let docs = docs.map(|line| {
        line.trim_start_matches("//!")
            .strip_prefix(' ')
            .unwrap_or("")
    });
    let (shown, documented) = (shared(readme.lines()), shared(docs));

    let lines = shown.len().max(documented.len());
    let differing = (0..lines)
        .find(|&i| shown.get(i).map(|l| &l.text) != documented.get(i).map(|l| &l.text))?;
    let quote = |line: Option<&Line>| line.map_or("nothing".into(), |l| format!("`{}`", l.text));
    let at = shown
        .get(differing)
        .or(shown.last())
        .map_or(1, |line| line.number);
    let in_lib = documented
        .get(differing)
        .or(documented.last())
        .map_or(1, |line| line.number);
    Some(finding(
        at,
        format!(
            "make it agree with {LIB}:{in_lib}: {} here, {} there",
            quote(shown.get(differing)),
            quote(documented.get(differing)),
        ),
    ))
}

fn finding(line: usize, advice: String) -> Finding {
    Finding {
        path: README.to_owned(),
        line,
        advice,
    }
}

/// A line that both texts should have, and where one of them has it.
struct Line {
    number: usize,
    text: String,
}

/// The lines down to the marker, as a README shows them: lines that rustdoc hides are left out, a
/// Rust block is one whatever rustdoc is told about it, and blank lines at the end do not count.
fn shared<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Line> {
    let mut shared = Vec::new();
    let mut fence = Fence::Outside;
    for (index, line) in lines.take_while(|line| line.trim() != MARKER).enumerate() {
        let mut text = line.trim_end().to_owned();
        match (&fence, line.strip_prefix("```")) {
            (Fence::Outside, Some(words)) if is_rust(words) => {
                fence = Fence::Rust;
                text = "```rust".to_owned();
            }
            (Fence::Outside, Some(_)) => fence = Fence::Other,
            (_, Some(_)) => fence = Fence::Outside,
            (Fence::Rust, None) if text == "#" || text.starts_with("# ") => continue,
            (_, None) => {}
        }
        shared.push(Line {
            number: index + 1,
            text,
        });
    }
    while shared.last().is_some_and(|line| line.text.is_empty()) {
        shared.pop();
    }
    shared
}

enum Fence {
    Outside,
    Rust,
    Other,
}

/// Whether rustdoc takes a block with these words after its fence for Rust.
fn is_rust(words: &str) -> bool {
    const TOLD: &[&str] = &[
        "",
        "rust",
        "no_run",
        "ignore",
        "should_panic",
        "compile_fail",
    ];
    words
        .trim()
        .split(',')
        .all(|word| TOLD.contains(&word.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_pair(readme: &str, lib: &str, expected: Option<(usize, &str)>) {
        let found = compare(readme, lib);
        let found = found
            .as_ref()
            .map(|finding| (finding.line, finding.advice.as_str()));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_same_text_down_to_the_marker_agrees() {
        let lib = "//! # a\n//!\n//! One.\n\nmod b;\n";
        check_pair(
            "# a\n\nOne.\n\n<!-- crate docs end here -->\n\n## More\n",
            lib,
            None,
        );
    }

    #[test]
    fn the_crate_docs_may_go_on_after_a_marker_of_their_own() {
        let lib = "//! # a\n//! <!-- crate docs end here -->\n//! Limits.\n";
        check_pair("# a\n<!-- crate docs end here -->\n", lib, None);
    }

    #[test]
    fn hidden_lines_and_the_words_of_a_rust_fence_do_not_count() {
        let lib = "//! ```no_run\n//! # fn main() {\n//! a();\n//! # }\n//! ```\n//! # Title\n";
        check_pair(
            "```rust\na();\n```\n# Title\n<!-- crate docs end here -->\n",
            lib,
            None,
        );
    }

    #[test]
    fn a_comment_in_a_shell_block_counts() {
        let lib = "//! ```sh\n//! # first\n//! ```\n";
        check_pair(
            "```sh\n```\n<!-- crate docs end here -->\n",
            lib,
            Some((
                2,
                "make it agree with crates/pintle/src/lib.rs:2: ````` here, `# first` there",
            )),
        );
    }

    #[test]
    fn the_first_difference_is_named_with_both_lines() {
        check_pair(
            "# a\n\nOne.\n<!-- crate docs end here -->\n",
            "//! # a\n//!\n//! Two.\n",
            Some((
                3,
                "make it agree with crates/pintle/src/lib.rs:3: `One.` here, `Two.` there",
            )),
        );
    }

    #[test]
    fn text_on_one_side_only_is_a_difference() {
        check_pair(
            "# a\nOne.\n<!-- crate docs end here -->\n",
            "//! # a\n",
            Some((
                2,
                "make it agree with crates/pintle/src/lib.rs:1: `One.` here, nothing there",
            )),
        );
    }

    #[test]
    fn a_readme_without_the_marker_is_a_finding() {
        let advice = "put `<!-- crate docs end here -->` where the crate docs of \
                      crates/pintle/src/lib.rs end";
        check_pair("# a\n", "//! # a\n", Some((1, advice)));
    }
}
