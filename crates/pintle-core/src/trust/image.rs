//! What is executed when a program was verified: bytes that nobody can change any more.

use std::fs::File;
use std::io::{self, Read, Seek};
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::TrustError;

/// The largest program that is copied, in bytes.
const PROGRAM_LIMIT_BYTES: u64 = 4 << 30;

/// A program to be executed, as it was when it was looked at.
#[derive(Debug)]
pub(crate) struct Image {
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// In memory that the kernel lets nobody write. A `script` is read once more by its interpreter.
    #[cfg(target_os = "linux")]
    Memory { file: File, script: bool },
    /// In a directory that only we may enter.
    Copy { path: PathBuf, dir: TempDir },
    /// Where it was found, as nobody else may write there. A `script` is executed by its path, to
    /// know where it is.
    Original {
        #[cfg_attr(
            not(target_os = "linux"),
            allow(dead_code, reason = "executed by path")
        )]
        file: File,
        path: PathBuf,
        #[cfg(target_os = "linux")]
        script: bool,
    },
}

impl Image {
    /// Leaves the program where it is: `file`, opened at `path`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn original(file: File, path: PathBuf) -> io::Result<Self> {
        let place = Place::Original {
            #[cfg(target_os = "linux")]
            script: memory::is_script(&file)?,
            file,
            path,
        };
        Ok(Self { place })
    }

    /// Copies what is in `file`, the program called `name`.
    ///
    /// # Errors
    /// [`TrustError::Copy`] and [`TrustError::TooLarge`].
    pub(super) fn copy_of(file: &File, name: &Path) -> Result<Self, TrustError> {
        #[cfg(target_os = "linux")]
        if let Some(memory) = memory::create(name) {
            return Self::in_memory(file, memory);
        }
        Self::in_directory(file, name)
    }

    #[cfg(target_os = "linux")]
    fn in_memory(file: &File, mut memory: File) -> Result<Self, TrustError> {
        copy(file, &mut memory)?;
        memory::seal(&memory).map_err(TrustError::Copy)?;
        let script = memory::is_script(&memory).map_err(TrustError::Copy)?;
        let file = memory;
        let place = Place::Memory { file, script };
        Ok(Self { place })
    }

    pub(crate) fn in_directory(file: &File, name: &Path) -> Result<Self, TrustError> {
        let (path, dir) = private::copy(file, name)?;
        let place = Place::Copy { path, dir };
        Ok(Self { place })
    }

    /// What will be executed, from its beginning.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn content(&self) -> io::Result<impl Read> {
        let mut file = match &self.place {
            #[cfg(target_os = "linux")]
            Place::Memory { file, .. } => file.try_clone()?,
            Place::Original { file, .. } => file.try_clone()?,
            Place::Copy { path, .. } => File::open(path)?,
        };
        file.rewind()?;
        Ok(file)
    }

    /// How to execute it.
    pub(crate) fn entrance(&self) -> Entrance<'_> {
        match &self.place {
            #[cfg(target_os = "linux")]
            Place::Memory { file, script } => Entrance::Descriptor {
                file: file.as_fd(),
                script: *script,
            },
            #[cfg(target_os = "linux")]
            Place::Original {
                file,
                script: false,
                ..
            } => Entrance::Descriptor {
                file: file.as_fd(),
                script: false,
            },
            Place::Copy { path, .. } | Place::Original { path, .. } => Entrance::Path(path),
        }
    }

    /// Whether it has just been written to a file, which may be busy for a moment: a child that
    /// another thread was forking then has the descriptor until it becomes its program.
    #[cfg(unix)]
    pub(crate) fn may_be_busy(&self) -> bool {
        matches!(self.place, Place::Copy { .. })
    }

    /// What must stay for as long as the process runs.
    pub(crate) fn into_remains(self) -> Option<TempDir> {
        match self.place {
            Place::Copy { dir, .. } => Some(dir),
            _ => None,
        }
    }
}

/// How an image is executed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entrance<'a> {
    /// By its descriptor, which a script's interpreter must be left.
    #[cfg(target_os = "linux")]
    Descriptor { file: BorrowedFd<'a>, script: bool },
    /// By its path.
    Path(&'a Path),
}

/// One byte more than a program may have shows that it has too many.
fn copy(from: &File, to: &mut File) -> Result<(), TrustError> {
    let limit_bytes = PROGRAM_LIMIT_BYTES;
    let copied = io::copy(&mut from.take(limit_bytes + 1), to).map_err(TrustError::Copy)?;
    if copied > limit_bytes {
        return Err(TrustError::TooLarge { limit_bytes });
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod memory {
    use std::ffi::CString;
    use std::fs::File;
    use std::io;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::FileExt;
    use std::path::Path;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    use rustix::io::Errno;

    /// The longest name that the kernel takes, in bytes.
    const NAME_LIMIT_BYTES: usize = 249;

    /// Memory that is a file, shown as `name`; none, where it could not be executed.
    pub(super) fn create(name: &Path) -> Option<File> {
        let name = name.file_name()?.as_bytes();
        let name = CString::new(&name[..name.len().min(NAME_LIMIT_BYTES)]).ok()?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // It must be said since Linux 6.3, and is not known before.
        let created = match memfd_create(&name, flags | MemfdFlags::EXEC) {
            Err(Errno::INVAL) => memfd_create(&name, flags),
            created => created,
        };
        match created {
            Ok(memory) => Some(memory.into()),
            Err(error) => {
                tracing::debug!(%error, "no memory to execute from: programs are verified in files");
                None
            }
        }
    }

    /// Lets nobody write it any more, ourselves included.
    pub(super) fn seal(memory: &File) -> io::Result<()> {
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        Ok(fcntl_add_seals(memory, seals)?)
    }

    pub(super) fn is_script(memory: &File) -> io::Result<bool> {
        let mut begin = [0; 2];
        let read = memory.read_at(&mut begin, 0)?;
        Ok(begin[..read] == *b"#!")
    }
}

mod private {
    use std::fs::{File, OpenOptions};
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use super::TrustError;

    /// Copies `file` into a fresh directory that only this user may enter.
    pub(super) fn copy(file: &File, name: &Path) -> Result<(PathBuf, TempDir), TrustError> {
        let dir = directory().map_err(TrustError::Copy)?;
        let path = dir
            .path()
            .join(name.file_name().unwrap_or(name.as_os_str()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o500);
        let mut copied = options.open(&path).map_err(TrustError::Copy)?;
        super::copy(file, &mut copied)?;
        Ok((path, dir))
    }

    fn directory() -> std::io::Result<TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("pintle-program-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        builder.tempdir()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(content: &[u8]) -> (TempDir, File) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugin");
        std::fs::write(&path, content).unwrap();
        (dir, File::open(path).unwrap())
    }

    fn content(image: &Image) -> Vec<u8> {
        let mut content = Vec::new();
        image.content().unwrap().read_to_end(&mut content).unwrap();
        content
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_can_write_the_copy_in_memory() {
        let (_dir, original) = file(b"#!/bin/sh\n");
        let image = Image::copy_of(&original, Path::new("/bin/plugin")).unwrap();
        let Place::Memory { file, script } = &image.place else {
            panic!("it should be in memory: {image:?}");
        };
        assert!(script);
        for sealed in [
            std::os::unix::fs::FileExt::write_at(file, b"x", 0).map(|_| ()),
            file.set_len(1),
            file.set_len(100),
        ] {
            assert_eq!(sealed.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        }
        assert_eq!(content(&image), b"#!/bin/sh\n");
        assert_eq!(
            content(&image),
            b"#!/bin/sh\n",
            "it is read as often as asked"
        );
    }

    #[test]
    fn a_copy_in_a_file_is_for_its_owner_alone_and_goes_with_its_directory() {
        let (_dir, original) = file(b"a program");
        let image = Image::in_directory(&original, Path::new("/bin/plugin")).unwrap();
        let Place::Copy { path, dir } = &image.place else {
            panic!("it should be in a directory: {image:?}");
        };
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(path), mode(dir.path())), (0o500, 0o700));
        assert_eq!(path.file_name().unwrap(), "plugin");
        assert_eq!(content(&image), b"a program");
        let path = path.clone();
        drop(image.into_remains());
        assert!(!path.exists());
    }
}
