//! The programs that are measured, built as a user would build them.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::contenders::{Contender, Family};

/// Where the built programs lie.
pub(super) struct Programs {
    grpc: PathBuf,
    tarpc: PathBuf,
    go: PathBuf,
}

impl Programs {
    /// Builds the programs, those of go-plugin only if they are to be measured.
    pub(super) fn build(root: &Path, target: &Path, go: bool) -> Result<Self, Box<dyn Error>> {
        let programs = Self {
            grpc: target.join("bench-grpc"),
            tarpc: target.join("bench-tarpc"),
            go: target.join("bench-go"),
        };
        // Each by itself: a user's program has one transport, and nothing of the other.
        for (transport, folder) in [("grpc", &programs.grpc), ("tarpc", &programs.tarpc)] {
            build_with(transport, root)?;
            fs::create_dir_all(folder)?;
            for name in ["bench-host", "bench-plugin"].map(program) {
                let built = target.join("release").join(&name);
                let kept = folder.join(&name);
                // One that still runs cannot be written to.
                let _ = fs::remove_file(&kept);
                fs::copy(&built, &kept).map_err(|error| format!("{}: {error}", built.display()))?;
            }
        }
        if go {
            let go = Command::new("go")
                .current_dir(root.join("interop/go"))
                .args(["build", "-o"])
                // The slash at the end makes the folder.
                .arg(programs.go.join(""))
                .args(["./cmd/bench-host", "./cmd/bench-plugin"])
                .status();
            succeed("go build", go)?;
        }
        Ok(programs)
    }

    /// Programs that are there already.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self {
            grpc: folder.to_owned(),
            tarpc: folder.to_owned(),
            go: folder.to_owned(),
        }
    }

    /// The host program of a contender, which finds its plugin beside itself.
    pub(super) fn host(&self, contender: &Contender) -> PathBuf {
        let folder = match contender.family {
            Family::Go => &self.go,
            Family::Tarpc => &self.tarpc,
            // A bare socket is in each of ours.
            Family::Floor | Family::Grpc => &self.grpc,
        };
        folder.join(program("bench-host"))
    }
}

fn build_with(transport: &str, root: &Path) -> Result<(), Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let cargo = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--release", "--package", "benches", "--bins"])
        .args(["--no-default-features", "--features", transport])
        .status();
    succeed("cargo build", cargo)
}

fn program(name: &str) -> PathBuf {
    Path::new(name).with_extension(std::env::consts::EXE_EXTENSION)
}

pub(super) fn has_go() -> bool {
    let version = Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

fn succeed(
    name: &str,
    status: std::io::Result<std::process::ExitStatus>,
) -> Result<(), Box<dyn Error>> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}").into()),
        Err(error) => Err(format!("{name} does not start: {error}").into()),
    }
}
