//! A folder for what a chore makes before it compares.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A folder of this process's own that goes away with the value.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let name = format!("pintle-xtask-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover in the temporary folder is not worth failing the chore.
        let _ = fs::remove_dir_all(&self.0);
    }
}
