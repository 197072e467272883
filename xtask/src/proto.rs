//! `cargo xtask proto`: the `.proto` files of the repository's interfaces.
//!
//! They are written from Rust traits, so a program of ours has to write them: this chore runs it in a
//! scratch folder and compares. What is committed is what a program in another language is compiled
//! from.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{fs, io};

use crate::Outcome;
use crate::scratch::Scratch;

/// Everything in these folders belongs to this chore. Paths start at the repository's root.
const FOLDERS: &[&str] = &[
    "examples/counter/proto",
    "examples/greeter/proto",
    "examples/transfer/proto",
    "interop/proto",
];

/// Files by their path from the repository's root.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes every file, and removes what no longer belongs there.
pub(crate) fn write(root: &Path) -> Outcome {
    let wanted = wanted(root)?;
    for path in differing(&committed(root)?, &wanted) {
        let file = root.join(&path);
        match wanted.get(&path) {
            Some(text) => {
                fs::create_dir_all(file.parent().unwrap_or(root))?;
                fs::write(file, text)?;
            }
            None => fs::remove_file(file)?,
        }
        println!("{path}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares instead of writing; every file that differs is named.
pub(crate) fn check(root: &Path) -> Outcome {
    let differing = differing(&committed(root)?, &wanted(root)?);
    if differing.is_empty() {
        println!("proto: the .proto files agree with the traits");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("proto: these files differ from what their traits give:");
    for path in differing {
        eprintln!("  {path}");
    }
    eprintln!("run `cargo xtask proto` and commit the result");
    Ok(ExitCode::FAILURE)
}

/// What the traits give.
fn wanted(root: &Path) -> Result<Files, Box<dyn std::error::Error>> {
    let scratch = Scratch::new("proto")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["run", "--quiet", "--package", "interop"])
        .args(["--bin", "interop-proto", "--"])
        .arg(scratch.path());
    let status = cargo.status()?;
    if !status.success() {
        return Err(format!("interop-proto: {status}").into());
    }
    let wanted = files_below(scratch.path(), "")?;
    let ours = |path: &String| FOLDERS.iter().any(|folder| path.starts_with(folder));
    match wanted.keys().find(|path| !ours(path)) {
        None => Ok(wanted),
        // Nobody would notice when such a file is left over.
        Some(path) => Err(format!("{path} is in no folder of xtask/src/proto.rs").into()),
    }
}

fn committed(root: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    for folder in FOLDERS {
        files.extend(files_below(root, folder)?);
    }
    Ok(files)
}

/// The files in a folder and those within it, by their path from `root`. A folder that does not exist
/// has none.
fn files_below(root: &Path, folder: &str) -> io::Result<Files> {
    let mut files = Files::new();
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = match folder {
            "" => name,
            folder => format!("{folder}/{name}"),
        };
        if entry.file_type()?.is_dir() {
            files.extend(files_below(root, &path)?);
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// The paths whose content differs between the two, or that only one of them has.
fn differing(found: &Files, wanted: &Files) -> Vec<String> {
    let mut paths: Vec<_> = found.keys().chain(wanted.keys()).collect();
    paths.sort();
    paths.dedup();
    paths.retain(|path| found.get(*path) != wanted.get(*path));
    paths.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_folders_within_are_found_by_their_whole_path() {
        let scratch = Scratch::new("proto-test").unwrap();
        fs::create_dir_all(scratch.path().join("a/b")).unwrap();
        fs::write(scratch.path().join("a/b/c.proto"), "c").unwrap();
        fs::write(scratch.path().join("a/d.proto"), "d").unwrap();
        fs::write(scratch.path().join("e.proto"), "e").unwrap();
        let found = |folder| files_below(scratch.path(), folder).unwrap();
        let names: Vec<_> = found("a").into_keys().collect();
        assert_eq!(names, ["a/b/c.proto", "a/d.proto"]);
        assert_eq!(found("").len(), 3);
        assert_eq!(found("none"), Files::new());
    }

    #[test]
    fn changed_missing_and_left_over_files_are_all_named() {
        let files = |files: &[(&str, &str)]| -> Files {
            let owned =
                |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
            files.iter().map(owned).collect()
        };
        let found = files(&[("same", "1"), ("changed", "1"), ("left over", "1")]);
        let wanted = files(&[("same", "1"), ("changed", "2"), ("missing", "1")]);
        let named = differing(&found, &wanted);
        assert_eq!(named, ["changed", "left over", "missing"]);
    }
}
