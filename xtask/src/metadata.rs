//! What `cargo metadata --no-deps` says about the workspace, as far as the chores ask.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The workspace.
#[derive(Debug, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) members: Vec<Member>,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
}

/// One package of the workspace.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    /// The names of the executables it builds.
    pub(crate) programs: Vec<String>,
    /// Of every kind and platform, optional or not.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependencies.
#[derive(Debug, PartialEq)]
pub(crate) struct Dependency {
    /// The package's own name, also where the manifest renames it.
    pub(crate) name: String,
    /// Whether only tests, examples and benches see it.
    pub(crate) dev: bool,
}

impl Metadata {
    /// Asks cargo about the workspace at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self, Box<dyn Error>> {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("cargo metadata: {}", output.status).into());
        }
        let json = serde_json::from_slice(&output.stdout)?;
        Self::parse(&json).ok_or_else(|| "cargo metadata: not the JSON expected".into())
    }

    fn parse(json: &Value) -> Option<Self> {
        let target = json["target_directory"].as_str()?.into();
        let members = json["packages"]
            .as_array()?
            .iter()
            .map(Member::parse)
            .collect::<Option<_>>()?;
        Some(Self { members, target })
    }
}

impl Member {
    fn parse(json: &Value) -> Option<Self> {
        let dependencies = json["dependencies"].as_array()?;
        let targets = json["targets"].as_array()?.iter();
        let programs = targets.filter(|target| target["kind"][0] == "bin");
        Some(Self {
            name: json["name"].as_str()?.to_owned(),
            manifest: json["manifest_path"].as_str()?.into(),
            programs: programs
                .map(|target| Some(target["name"].as_str()?.to_owned()))
                .collect::<Option<_>>()?,
            dependencies: dependencies
                .iter()
                .map(Dependency::parse)
                .collect::<Option<_>>()?,
        })
    }
}

impl Dependency {
    fn parse(json: &Value) -> Option<Self> {
        let dev = json["kind"].as_str() == Some("dev");
        Some(Self {
            name: json["name"].as_str()?.to_owned(),
            dev,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_and_the_kinds_of_their_dependencies_are_read() {
        let json = json!({
            "target_directory": "/t",
            "packages": [{
                "name": "a",
                "manifest_path": "/a/Cargo.toml",
                "targets": [
                    { "name": "a", "kind": ["lib"] },
                    { "name": "a-host", "kind": ["bin"] },
                ],
                "dependencies": [
                    { "name": "b", "kind": null },
                    { "name": "c", "kind": "dev" },
                    { "name": "d", "kind": "build" },
                ],
            }],
        });
        let metadata = Metadata::parse(&json).unwrap();
        assert_eq!(metadata.target, Path::new("/t"));
        assert_eq!(metadata.members[0].manifest, Path::new("/a/Cargo.toml"));
        let dependencies: Vec<_> = metadata.members[0]
            .dependencies
            .iter()
            .map(|d| (d.name.as_str(), d.dev))
            .collect();
        assert_eq!(dependencies, [("b", false), ("c", true), ("d", false)]);
    }

    #[test]
    fn json_of_another_shape_is_refused() {
        assert_eq!(Metadata::parse(&json!({ "target_directory": "/t" })), None);
    }
}
