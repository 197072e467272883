//! A token in a file that only its owner reads.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use super::Reattach;

/// The longest file that is read, in bytes: a token has about 2,000.
const FILE_LIMIT_BYTES: u64 = 256 * 1024;

impl Reattach {
    /// Writes the token to a file, as JSON, that only its owner can read.
    ///
    /// The file is there whole or not at all; one that was there is replaced. Blocks for as long
    /// as the file system does.
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
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Reads what [`save`](Self::save) wrote. Blocks for as long as the file system does.
    ///
    /// # Errors
    /// What the operating system says; of kind `InvalidData` when the file is no token.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let mut text = Vec::new();
        fs::File::open(path)?
            .take(FILE_LIMIT_BYTES)
            .read_to_end(&mut text)?;
        serde_json::from_slice(&text).map_err(|error| {
            let path = path.display();
            let error = format!("`{path}` is no token to reattach by: {error}");
            io::Error::new(io::ErrorKind::InvalidData, error)
        })
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_file_that_is_no_token_is_invalid() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        for text in [String::new(), "{}".to_owned(), " ".repeat(300 * 1024)] {
            fs::write(&path, text).unwrap();
            let error = Reattach::load(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
