//! `cargo xtask codegen`: the Rust of every `.proto` file in the repository.
//!
//! The output is committed, so building pintle needs neither `protoc` nor the compiler used here.
//! Each row of [`TABLE`] becomes one folder: a Rust file per package, and beside it the encoded
//! file descriptor set that gRPC reflection serves.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::{error, fs, io};

use crate::Outcome;
use crate::scratch::Scratch;

/// One output folder and what goes into it. Paths start at the repository's root.
struct Generated {
    /// The folder the files lie in, which is also where their imports start.
    protos: &'static str,
    /// File names within `protos`.
    files: &'static [&'static str],
    /// The name of the descriptor set, next to the Rust.
    descriptor: &'static str,
    /// The `bytes` fields that become `bytes::Bytes` instead of `Vec<u8>`.
    bytes: &'static [&'static str],
    /// The folder to write; everything in it belongs to this chore.
    out: &'static str,
}

const TABLE: &[Generated] = &[
    Generated {
        protos: "proto",
        files: &[
            "byte_stream.proto",
            "grpc_broker.proto",
            "grpc_controller.proto",
            "grpc_stdio.proto",
        ],
        descriptor: "plugin.bin",
        bytes: &[".pintle.Chunk.data", ".plugin.StdioData.data"],
        out: "crates/pintle-grpc/src/generated",
    },
    Generated {
        protos: "examples/kv/proto",
        files: &["kv.proto"],
        descriptor: "kv.bin",
        bytes: &[],
        out: "examples/kv/src/generated",
    },
    Generated {
        protos: "examples/negotiated/proto",
        files: &["store_v2.proto", "store_v3.proto"],
        descriptor: "store.bin",
        bytes: &[],
        out: "examples/negotiated/src/generated",
    },
    Generated {
        protos: "interop/go/proto",
        files: &["callbacks.proto"],
        descriptor: "callbacks.bin",
        bytes: &[],
        out: "interop/rust/src/generated",
    },
    Generated {
        protos: "crates/pintle-testkit/proto",
        files: &["conformance.proto", "echo.proto"],
        descriptor: "echo.bin",
        bytes: &[".pintle.testkit.v1.Encoded.bytes"],
        out: "crates/pintle-testkit/src/generated",
    },
    Generated {
        protos: "benches/proto",
        files: &["echo.proto"],
        descriptor: "echo.bin",
        bytes: &[
            ".benches.EchoRequest.payload",
            ".benches.EchoResponse.payload",
        ],
        out: "benches/src/generated",
    },
];

/// The contents of one folder, by file name.
type Folder = BTreeMap<String, Vec<u8>>;

/// Writes every folder of the table, and removes what no longer belongs there.
pub(crate) fn write(root: &Path) -> Outcome {
    for row in TABLE {
        let out = root.join(row.out);
        let wanted = generate(root, row)?;
        fs::create_dir_all(&out)?;
        for name in stale(&read_folder(&out)?, &wanted) {
            match wanted.get(&name) {
                Some(content) => fs::write(out.join(&name), content)?,
                None => fs::remove_file(out.join(&name))?,
            }
            println!("{}/{name}", row.out);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares instead of writing; every file that differs is named.
pub(crate) fn check(root: &Path) -> Outcome {
    let mut differing = Vec::new();
    for row in TABLE {
        let found = read_folder(&root.join(row.out))?;
        let names = stale(&found, &generate(root, row)?);
        differing.extend(names.into_iter().map(|name| format!("{}/{name}", row.out)));
    }
    if differing.is_empty() {
        println!("codegen: the generated code agrees with the .proto files");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("codegen: these files differ from what their .proto files give:");
    for path in differing {
        eprintln!("  {path}");
    }
    eprintln!("run `cargo xtask codegen` and commit the result");
    Ok(ExitCode::FAILURE)
}

/// The names whose content differs between the two, or that only one of them has.
fn stale(found: &Folder, wanted: &Folder) -> Vec<String> {
    let mut names: Vec<_> = found.keys().chain(wanted.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| found.get(*name) != wanted.get(*name))
        .cloned()
        .collect()
}

/// What one row of the table should hold.
fn generate(root: &Path, row: &Generated) -> Result<Folder, Box<dyn error::Error>> {
    let mut compiler = protox::Compiler::new([root.join(row.protos)])?;
    compiler.include_imports(true).open_files(row.files)?;
    // The set that is served goes without source positions: they would make it three times as
    // large and change it with every comment.
    let descriptor = compiler.encode_file_descriptor_set();
    let with_comments = compiler.include_source_info(true).file_descriptor_set();

    let scratch = Scratch::new(row.descriptor)?;
    let mut builder = tonic_prost_build::configure()
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .out_dir(scratch.path());
    for field in row.bytes {
        builder = builder.bytes(field);
    }
    builder.compile_fds(with_comments)?;

    let mut folder = Folder::new();
    for (name, code) in read_folder(scratch.path())? {
        // An imported well-known type maps to a type of prost, and leaves an empty file behind.
        if !code.iter().all(u8::is_ascii_whitespace) && !name.starts_with("google.protobuf") {
            folder.insert(name, rustfmt(root, &code)?);
        }
    }
    folder.insert(row.descriptor.to_owned(), descriptor);
    Ok(folder)
}

/// Formats as `cargo fmt` would, so that `cargo fmt --check` has nothing to say about the result.
fn rustfmt(root: &Path, code: &[u8]) -> Result<Vec<u8>, Box<dyn error::Error>> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt does not start: {error}"))?;
    // rustfmt reads to the end before it writes, so feeding it first cannot block on its answer.
    child
        .stdin
        .take()
        .expect("stdin is piped")
        .write_all(code)?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("rustfmt refuses generated code: {}", output.status).into());
    }
    Ok(output.stdout)
}

/// The files of a folder; a folder that does not exist has none.
fn read_folder(path: &Path) -> io::Result<Folder> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Folder::new()),
        Err(error) => return Err(error),
    };
    let mut folder = Folder::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        folder.insert(name, fs::read(entry.path())?);
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> Folder {
        files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn changed_missing_and_left_over_files_are_all_named() {
        let found = folder(&[("same.rs", "1"), ("changed.rs", "1"), ("left_over.rs", "1")]);
        let wanted = folder(&[("same.rs", "1"), ("changed.rs", "2"), ("missing.rs", "1")]);
        assert_eq!(
            stale(&found, &wanted),
            ["changed.rs", "left_over.rs", "missing.rs"]
        );
    }

    #[test]
    fn equal_folders_have_nothing_stale() {
        let same = folder(&[("plugin.rs", "mod a;"), ("plugin.bin", "\u{0}")]);
        assert!(stale(&same, &same).is_empty());
    }

    #[test]
    fn every_proto_of_the_table_compiles() {
        for row in TABLE {
            let folder = generate(&crate::root(), row).unwrap();
            assert!(
                folder.contains_key(row.descriptor),
                "{} has no descriptor",
                row.out
            );
            let rust = folder.keys().filter(|name| name.ends_with(".rs")).count();
            assert!(rust >= 1, "{}: {:?}", row.out, folder.keys());
        }
    }
}
