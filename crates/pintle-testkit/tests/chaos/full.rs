//! A disk with no room for another socket.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

/// A directory that is a small file system of its own, while this lives.
///
/// Who may not mount one has a directory that is not there instead: the host then fails at the same
/// step as with no room at all, and the plugin's own shortage is not played. That is said once.
pub(crate) struct FullDisk {
    dir: PathBuf,
    mounted: bool,
}

impl FullDisk {
    /// One with room for that many files, its own directory included.
    pub(crate) fn new(within: &Path, files: usize) -> Self {
        let dir = within.join("full");
        let mounted = mount(&dir, files);
        if !mounted {
            SAID.call_once(|| say("may not mount a disk: one that is full is not played"));
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
            unmount(&self.dir);
        }
    }
}

static SAID: Once = Once::new();

/// Runs the test called `name` once more, as root of a user namespace of its own, if this process
/// may not mount anything and such a one could. Whether it did, and the test passed there.
pub(crate) fn played_where_disks_can_be_mounted(name: &str) -> bool {
    const VARIABLE: &str = "PINTLE_CHAOS_UNSHARED";
    let dir = std::env::temp_dir().join(format!("pintle-chaos-{}", std::process::id()));
    let may_mount = mount(&dir, 1);
    if may_mount {
        unmount(&dir);
    }
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount"]);
        unshare
    };
    if may_mount || std::env::var_os(VARIABLE).is_some() || !run(unshare().arg("true")) {
        return false;
    }
    let own = std::env::current_exe().expect("a test is a program");
    let mut again = unshare();
    again.arg(own).args([name, "--exact", "--nocapture"]);
    let status = again.env(VARIABLE, "1").status();
    assert!(status.is_ok_and(|status| status.success()));
    true
}

/// What the harness does not keep back, of a test that passes.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "chaos: {text}");
}

/// Whether there is such a disk now; else there is no such directory.
fn mount(dir: &Path, files: usize) -> bool {
    std::fs::create_dir(dir).expect("it is not there yet");
    let options = format!("size=64k,nr_inodes={files}");
    let mounted = run(Command::new("mount")
        .args(["-t", "tmpfs", "-o", &options, "none"])
        .arg(dir));
    if !mounted {
        std::fs::remove_dir(dir).expect("nothing is in it");
    }
    mounted
}

fn unmount(dir: &Path) {
    // A plugin that is just being killed may still have its socket there.
    run(Command::new("umount").arg("-l").arg(dir));
    let _ = std::fs::remove_dir(dir);
}

fn run(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
