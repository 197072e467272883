use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// The directory that a process makes its sockets in. Dropping this removes it.
///
/// A process that was killed is not gone at once, and may be making a socket: the directory is then
/// removed when its [`Stay`] ends.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    stay: Stay,
}

/// How long a directory may still be made use of. A clone is the same stay.
#[derive(Clone, Debug)]
pub(crate) struct Stay(Arc<Mutex<Option<TempDir>>>);

impl Home {
    pub(crate) fn new(dir: TempDir) -> Self {
        Self {
            path: dir.path().to_owned(),
            stay: Stay(Arc::new(Mutex::new(Some(dir)))),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// For a process, to be dropped when it is gone.
    pub(crate) fn stay(&self) -> Stay {
        self.stay.clone()
    }

    /// The directory itself, for who knows that nobody makes use of it, or that it is to stay.
    pub(crate) fn take(self) -> Option<TempDir> {
        self.stay.lock().take()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Now, if it can be: this process may not be there when the other one is gone.
        let mut dir = self.stay.lock();
        if dir.is_some() && fs::remove_dir_all(&self.path).is_ok() {
            drop(dir.take().map(TempDir::keep));
        }
    }
}

impl Stay {
    fn lock(&self) -> MutexGuard<'_, Option<TempDir>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn a_directory_that_nobody_uses_goes_at_once_though_a_process_may_live() {
        let home = Home::new(tempfile::tempdir().unwrap());
        let (path, stay) = (home.path().to_owned(), home.stay());
        File::create(path.join("socket")).unwrap();
        drop(home);
        assert!(!path.exists());
        drop(stay);
    }

    #[test]
    fn a_directory_that_is_in_use_when_it_is_to_go_goes_with_who_uses_it() {
        // Almost every time it is caught in use; else the user is caught without it.
        let in_use = (0..100).any(|_| {
            let home = Home::new(tempfile::tempdir().unwrap());
            let (path, stay) = (home.path().to_owned(), home.stay());
            let (begun, ends) = (AtomicBool::new(false), AtomicBool::new(false));
            let in_use = thread::scope(|scope| {
                scope.spawn(|| {
                    for number in 0.. {
                        let made = File::create(path.join(number.to_string()));
                        begun.store(true, Ordering::Relaxed);
                        if made.is_err() || ends.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
                while !begun.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                drop(home);
                ends.store(true, Ordering::Relaxed);
                path.exists()
            });
            drop(stay);
            assert!(!path.exists());
            in_use
        });
        assert!(in_use, "it was never caught in use");
    }
}
