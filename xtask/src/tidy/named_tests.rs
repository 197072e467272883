//! A test that a document names is there.

use std::collections::HashSet;

use super::{Finding, TextFile};

/// The documents that promise things, and name the tests of their promises.
const DOCUMENTS: [&str; 2] = ["SECURITY.md", "docs/go-plugin-defects.md"];

/// What is named in code and has at least so many words is a test: names of functions are shorter.
const WORDS: usize = 5;

pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let source = files.iter().filter(|file| file.path.ends_with(".rs"));
    let known: HashSet<&str> = source.flat_map(|file| words(&file.text)).collect();
    let documents = files
        .iter()
        .filter(|file| DOCUMENTS.contains(&file.path.as_str()));
    let mut findings = Vec::new();
    for document in documents {
        for (index, line) in document.text.lines().enumerate() {
            let unknown = named(line).filter(|name| !known.contains(name));
            findings.extend(unknown.map(|name| Finding {
                path: document.path.clone(),
                line: index + 1,
                advice: format!("name a test that there is: `{name}` is none"),
            }));
        }
    }
    findings
}

/// The tests that a line names, as code.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    code.filter(|code| is_name(code) && code.split('_').count() >= WORDS)
}

/// Every name in a source file: tests are also made by macros, which are given their names.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.split('_').count() >= WORDS)
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_test_that_a_document_names_must_be_there() {
        let source = file("src/lib.rs", "fn a_promise_that_is_kept() {}");
        let document =
            "see `a_promise_that_is_kept`,\n`Host::kill_timeout` and `a_promise_that_is_broken`";
        let found = check(&[source, file("SECURITY.md", document)]);
        let expected = Finding {
            path: "SECURITY.md".to_owned(),
            line: 2,
            advice: "name a test that there is: `a_promise_that_is_broken` is none".to_owned(),
        };
        assert_eq!(found, [expected]);
    }
}
