//! What a plugin in a sandbox tries to do.

use pintle::CallError;

/// Each deed succeeds, or fails with what the system says, such as `PermissionDenied`.
#[pintle::interface]
pub trait Deeds {
    /// What is in the file.
    async fn read(&self, path: String) -> Result<String, CallError>;

    /// Puts something into the file, which is made if it is not there.
    async fn write(&self, path: String) -> Result<(), CallError>;

    /// Removes the file.
    async fn remove(&self, path: String) -> Result<(), CallError>;

    /// Makes a device file, of the kind of a disk.
    async fn make_disk(&self, path: String) -> Result<(), CallError>;

    /// Connects by TCP.
    async fn connect(&self, address: String) -> Result<(), CallError>;

    /// Has so much memory at once, and uses it.
    async fn allocate(&self, bytes: u64) -> Result<(), CallError>;

    /// Has so many files open at once.
    async fn open(&self, files: u32) -> Result<(), CallError>;

    /// Where the symbolic links of a directory lead to.
    async fn links(&self, directory: String) -> Result<Vec<String>, CallError>;

    /// Sends a signal that does no harm to the process with this number.
    async fn signal(&self, pid: u32) -> Result<(), CallError>;

    /// Whether it can gain privileges, and how many capabilities it has.
    async fn privileges(&self) -> Result<String, CallError>;

    /// What a process that it starts does with `read` and `privileges`: what that one says.
    async fn child(&self, args: Vec<String>) -> Result<String, CallError>;

    /// Uses the processor until it is made to stop.
    async fn spin(&self) -> Result<(), CallError>;
}
