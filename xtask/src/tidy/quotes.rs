//! Code that a document shows is code that the repository compiles.

use super::{Finding, TextFile};

/// A Rust block of a document that begins with `// some/file.rs` stands in that file, line for line.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let documents = files.iter().filter(|file| file.path.ends_with(".md"));
    documents
        .flat_map(|document| quotes(document).filter_map(|quote| quote.check(document, files)))
        .collect()
}

/// A block that names where it is from.
struct Quote<'a> {
    /// Where the block begins in the document, from 1.
    line: usize,
    from: &'a str,
    lines: Vec<&'a str>,
}

impl Quote<'_> {
    fn check(&self, document: &TextFile, files: &[TextFile]) -> Option<Finding> {
        let finding = |advice| Finding {
            path: document.path.clone(),
            line: self.line,
            advice,
        };
        let Some(source) = files.iter().find(|file| file.path == self.from) else {
            return Some(finding(format!(
                "name the file it is from: there is no {}",
                self.from
            )));
        };
        let source: Vec<_> = source.text.lines().collect();
        let stands = source
            .windows(self.lines.len())
            .any(|window| window == self.lines);
        (!stands).then(|| finding(format!("make it agree with {}", self.from)))
    }
}

fn quotes(document: &TextFile) -> impl Iterator<Item = Quote<'_>> {
    let mut lines = document.text.lines().enumerate();
    std::iter::from_fn(move || {
        loop {
            let (index, _) = lines.find(|(_, line)| line.starts_with("```rust"))?;
            let mut block = lines.by_ref().map(|(_, line)| line);
            let first = block.next()?;
            let lines: Vec<_> = std::iter::once(first)
                .chain(block)
                .take_while(|line| *line != "```")
                .collect();
            if let Some(from) = first
                .strip_prefix("// ")
                .filter(|from| from.ends_with(".rs"))
            {
                let lines = lines[1..].to_vec();
                return Some(Quote {
                    line: index + 2,
                    from,
                    lines,
                });
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_document(document: &str, expected: &[&str]) {
        let file = |path: &str, text: &str| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [
            file("README.md", document),
            file("src/a.rs", "//! A.\n\nfn a() {\n    b();\n}\n"),
        ];
        let found: Vec<_> = check(&files).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_quote_stands_in_its_file_line_for_line() {
        check_document("```rust\n// src/a.rs\nfn a() {\n    b();\n}\n```\n", &[]);
        check_document(
            "x\n```rust\n// src/a.rs\nfn a() {\n    c();\n}\n```\n",
            &["README.md:3: make it agree with src/a.rs"],
        );
        check_document(
            "```rust\n// src/b.rs\nfn a() {\n```\n",
            &["README.md:2: name the file it is from: there is no src/b.rs"],
        );
    }

    #[test]
    fn a_block_that_names_no_file_is_no_quote() {
        check_document("```rust\nfn z() {}\n```\n", &[]);
    }
}
