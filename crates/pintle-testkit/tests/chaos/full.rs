//! A disk with no room for another socket.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory that is a small file system of its own, while this lives.
///
/// Who may not mount one has a directory that is not there instead: the host then fails at the same
/// step as with no room at all, and the plugin's own shortage is not played.
pub(crate) struct FullDisk {
    dir: PathBuf,
    mounted: bool,
}

impl FullDisk {
    /// One with room for that many files, its own directory included.
    pub(crate) fn new(within: &Path, files: usize) -> Self {
        let dir = within.join("full");
        std::fs::create_dir(&dir).unwrap();
        let options = format!("size=64k,nr_inodes={files}");
        let mounted = run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "none"])
            .arg(&dir));
        if !mounted {
            std::fs::remove_dir(&dir).unwrap();
        }
        Self { dir, mounted }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.dir
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        if self.mounted {
            // A plugin that is just being killed may still have its socket there.
            run(Command::new("umount").arg("-l").arg(&self.dir));
            let _ = std::fs::remove_dir(&self.dir);
        }
    }
}

fn run(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
