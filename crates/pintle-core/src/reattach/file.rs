//! A token in a file that only its owner reads.

use std::fs::File;
use std::hint;
use std::io::{self, Read, Write};
use std::path::Path;

use super::Reattach;

/// The longest file that is read, in bytes: a token has about 2,000.
const FILE_LIMIT_BYTES: usize = 256 * 1024;

impl Reattach {
    /// Writes the token to a file, as JSON, that only its owner can read.
    ///
    /// The file is there whole or not at all, also if the machine stops; one that was there is
    /// replaced. Blocks for as long as the file system does.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let dir = match path.parent() {
            Some(dir) if dir != Path::new("") => dir,
            _ => Path::new("."),
        };
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer(&mut file, self).map_err(io::Error::other)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Reads what [`save`](Self::save) wrote. Blocks for as long as the file system does.
    ///
    /// Who can write a token chooses whom the host calls, and which process it ends. On Unix a file
    /// that another user than the host's own or root may write is refused, as
    /// [`refuse_writable`](crate::PluginCommand::refuse_writable) refuses a program; the directory
    /// that it is in is not looked at.
    ///
    /// # Errors
    /// What the operating system says; of kind `InvalidData` when the file is no token, and of kind
    /// `PermissionDenied` when others may write it.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let file = File::open(path)?;
        #[cfg(unix)]
        crate::trust::check_access(path, &file)
            .map_err(|error| io::Error::new(io::ErrorKind::PermissionDenied, error))?;
        let text = Text::read(file)?;
        serde_json::from_slice(text.bytes()).map_err(|error| {
            let path = path.display();
            let error = format!("`{path}` is no token to reattach by: {error}");
            io::Error::new(io::ErrorKind::InvalidData, error)
        })
    }
}

/// What is in the file of a token, which may be a key: overwritten when dropped.
struct Text {
    /// All that it may ever take: one that grows leaves copies behind.
    memory: Vec<u8>,
    length: usize,
}

impl Text {
    fn read(mut file: impl Read) -> io::Result<Self> {
        let mut text = Self {
            memory: vec![0; FILE_LIMIT_BYTES],
            length: 0,
        };
        while text.length < text.memory.len() {
            match file.read(&mut text.memory[text.length..]) {
                Ok(0) => break,
                Ok(read) => text.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(text)
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[..self.length]
    }

    /// The black box keeps the compiler from noticing that nobody reads it again.
    fn wipe(&mut self) {
        self.memory[..self.length].fill(0);
        hint::black_box(&self.memory);
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn token() -> Reattach {
        let text = r#"{"Protocol":"grpc","ProtocolVersion":1,"Pid":7,"Addr":{"Network":"unix","String":"/tmp/a"}}"#;
        serde_json::from_str(text).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_a_saved_token() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        token().save(&path).unwrap();
        assert_eq!(Reattach::load(&path).unwrap(), token());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        token().save(&path).unwrap();
        for mode in [0o602, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = Reattach::load(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            let expected = format!(
                "others may write `{}`, whose mode is {mode:04o}",
                path.display()
            );
            assert_eq!(error.to_string(), expected);
        }
        // That others may read it is too late to be mended.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Reattach::load(&path).unwrap(), token());
    }

    #[test]
    fn what_was_read_of_a_file_is_overwritten_and_never_copied() {
        let key = b"the key".repeat(10_000);
        let mut text = Text::read(&key[..]).unwrap();
        assert_eq!(text.bytes(), key);
        assert_eq!(text.memory.capacity(), FILE_LIMIT_BYTES, "it never grew");
        text.wipe();
        assert!(text.memory.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_file_that_is_no_token_is_invalid() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        for text in [String::new(), "{}".to_owned(), " ".repeat(300 * 1024)] {
            // For its owner alone, whatever the umask.
            let mut file = tempfile::NamedTempFile::new_in(dir.path()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.persist(&path).unwrap();
            let error = Reattach::load(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
