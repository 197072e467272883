//! `cargo xtask tidy`: the rules of the repository that no compiler checks.
//!
//! Each rule is one function from what it needs to a list of findings, and each finding says where
//! it is and what to do about it.

mod arrows;
mod fuzzed;
mod named_tests;
mod quotes;
mod readme;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{error, fs, io};

use crate::Outcome;
use crate::metadata::{Member, Metadata};

/// A file longer than this holds more than one idea.
const LINES: usize = 400;

/// What may not be in the repository's text: other people's machines, and whoever typed it. Each
/// word is written in two halves, so that this file passes its own rule.
const FORBIDDEN: &[(&str, &str)] = &[
    ("arti", "factory"),
    ("jfrog", ".io"),
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("assis", "tant"),
    ("suba", "gent"),
];

/// One breach of one rule.
#[derive(Debug, PartialEq)]
struct Finding {
    /// From the repository's root.
    path: String,
    /// From 1.
    line: usize,
    /// What is wrong and what to do.
    advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

/// A text file of the repository.
struct TextFile {
    /// From the repository's root, with forward slashes.
    path: String,
    text: String,
}

/// Applies every rule and prints what each finds.
pub(crate) fn run(root: &Path) -> Outcome {
    let metadata = Metadata::load(root)?;
    let files = text_files(root)?;
    for finding in long_files(&files) {
        println!("warning: {finding}");
    }
    let packages = packages(&metadata, root, &files);
    let mut breaches = arrows::check(&packages);
    breaches.extend(readme::check(&files));
    breaches.extend(quotes::check(&files));
    breaches.extend(named_tests::check(&files));
    breaches.extend(fuzzed::check(&files));
    breaches.extend(missing_lints(&packages));
    breaches.extend(shared_program_names(&packages));
    breaches.extend(forbidden_words(&files));
    for finding in &breaches {
        eprintln!("error: {finding}");
    }
    if breaches.is_empty() {
        println!("tidy: {} files keep the rules", files.len());
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// Files a person wrote should be short enough to read in one go; this only warns.
fn long_files(files: &[TextFile]) -> Vec<Finding> {
    let written = files.iter().filter(|file| !is_generated(file));
    written
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > LINES).then(|| Finding {
                path: file.path.clone(),
                line: LINES + 1,
                advice: format!("{lines} lines; above {LINES}, split it by idea"),
            })
        })
        .collect()
}

/// Generated files say so in their first lines, or lie in a folder of that name.
fn is_generated(file: &TextFile) -> bool {
    let mut head = file.text.lines().take(5);
    file.path.split('/').any(|part| part == "generated")
        || head.any(|line| line.contains("@generated") || line.contains("DO NOT EDIT"))
}

/// Every package takes its lints from the workspace; cargo has no switch for that.
fn missing_lints(packages: &[Package<'_>]) -> Vec<Finding> {
    let breaches = packages
        .iter()
        .filter(|package| !takes_workspace_lints(package.manifest));
    breaches
        .map(|package| Finding {
            path: package.path.clone(),
            line: 1,
            advice: "add `[lints]` with `workspace = true`".to_owned(),
        })
        .collect()
}

fn takes_workspace_lints(manifest: &str) -> bool {
    let mut table = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            table = line;
        }
        let setting = line.replace(' ', "");
        match table {
            "" => setting == "lints.workspace=true",
            "[lints]" => setting == "workspace=true",
            _ => false,
        }
    })
}

/// All programs are built into one folder, where of two with one name the later overwrites the
/// other; the tests of either would then run whichever it was.
fn shared_program_names(packages: &[Package<'_>]) -> Vec<Finding> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for package in packages {
        for program in &package.member.programs {
            if let Some(owner) = owners.insert(program, &package.member.name) {
                findings.push(Finding {
                    path: package.path.clone(),
                    line: 1,
                    advice: format!("rename the program `{program}`: `{owner}` builds one too"),
                });
            }
        }
    }
    findings
}

/// The text speaks of the product alone.
fn forbidden_words(files: &[TextFile]) -> Vec<Finding> {
    let words: Vec<String> = FORBIDDEN.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut findings = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            let line = line.to_lowercase();
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: index + 1,
                    advice: format!("remove `{word}`: the text speaks of the product alone"),
                });
            }
        }
    }
    findings
}

/// A workspace member beside the text of its manifest.
struct Package<'a> {
    member: &'a Member,
    /// The manifest, from the repository's root.
    path: String,
    manifest: &'a str,
}

fn packages<'a>(metadata: &'a Metadata, root: &Path, files: &'a [TextFile]) -> Vec<Package<'a>> {
    let members = metadata.members.iter();
    members
        .map(|member| {
            let path = member
                .manifest
                .strip_prefix(root)
                .unwrap_or(&member.manifest);
            let path = path.to_string_lossy().replace('\\', "/");
            let manifest = files.iter().find(|file| file.path == path);
            Package {
                member,
                path,
                manifest: manifest.map_or("", |file| file.text.as_str()),
            }
        })
        .collect()
}

/// Every text file git tracks or would track.
fn text_files(root: &Path) -> Result<Vec<TextFile>, Box<dyn error::Error>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut files = Vec::new();
    for path in String::from_utf8(output.stdout)?.split_terminator('\0') {
        match fs::read_to_string(root.join(path)) {
            Ok(text) => files.push(TextFile {
                path: path.to_owned(),
                text,
            }),
            // Binary, or deleted and not yet committed so: no text to judge.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{path}: {error}").into()),
        }
    }
    Ok(files)
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
    fn a_file_over_the_limit_is_reported_at_the_first_line_too_many() {
        let findings = long_files(&[file("a.rs", &"x\n".repeat(LINES + 1))]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, LINES + 1);
        assert!(long_files(&[file("a.rs", &"x\n".repeat(LINES))]).is_empty());
    }

    #[test]
    fn generated_files_may_be_long() {
        let long = "x\n".repeat(LINES + 1);
        let files = [
            file("crates/a/src/generated/plugin.rs", &long),
            file(
                "kv.pb.go",
                &format!("// Code generated. DO NOT EDIT.\n{long}"),
            ),
            file(
                "Cargo.lock",
                &format!("# This file is automatically @generated\n{long}"),
            ),
        ];
        assert!(long_files(&files).is_empty());
    }

    #[track_caller]
    fn check_lints(manifest: &str, expected: bool) {
        assert_eq!(takes_workspace_lints(manifest), expected, "{manifest}");
    }

    #[test]
    fn lints_count_only_when_they_are_the_workspaces() {
        check_lints("[package]\n\n[lints]\nworkspace = true\n", true);
        check_lints("lints.workspace = true\n\n[package]\n", true);
        check_lints("[package]\nname = \"a\"\n", false);
        check_lints("[dependencies.b]\nworkspace = true\n", false);
        check_lints("[lints]\n[dependencies.b]\nworkspace = true\n", false);
    }

    #[test]
    fn two_packages_may_not_build_programs_of_one_name() {
        let member = |name: &str, programs: &[&str]| Member {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml").into(),
            programs: programs.iter().map(|&program| program.to_owned()).collect(),
            dependencies: Vec::new(),
        };
        let members = [
            member("a", &["host", "plugin"]),
            member("b", &["host", "other"]),
        ];
        let metadata = Metadata {
            members: members.into(),
            target: "target".into(),
        };
        let findings = shared_program_names(&packages(&metadata, Path::new(""), &[]));
        let findings: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(
            findings,
            ["b/Cargo.toml:1: rename the program `host`: `a` builds one too"]
        );
    }

    #[test]
    fn a_forbidden_word_is_reported_where_it_stands_in_any_case() {
        let (start, end) = FORBIDDEN[0];
        let text = format!(
            "fine\nregistry: https://{}{end}.example\n",
            start.to_uppercase()
        );
        let findings = forbidden_words(&[file("a.toml", &text)]);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].path.as_str(), findings[0].line), ("a.toml", 2));
    }

    #[test]
    fn a_finding_reads_as_a_place_and_an_advice() {
        let finding = Finding {
            path: "a.rs".into(),
            line: 7,
            advice: "split it".into(),
        };
        assert_eq!(finding.to_string(), "a.rs:7: split it");
    }
}
