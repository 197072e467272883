//! One of a plugin's standard outputs, kept so that a story can wait for it.

use tokio::sync::mpsc;

use crate::Failure;

/// What has been printed to one output so far.
#[derive(Debug)]
pub struct Output {
    chunks: mpsc::Receiver<Vec<u8>>,
    content: Vec<u8>,
}

/// Where a session brings what is printed.
#[derive(Debug)]
pub(crate) struct Chunks(mpsc::Sender<Vec<u8>>);

/// An output of which at most `pending` chunks wait to be read.
pub(crate) fn channel(pending: usize) -> (Chunks, Output) {
    let (sender, chunks) = mpsc::channel(pending);
    let content = Vec::new();
    (Chunks(sender), Output { chunks, content })
}

impl Chunks {
    /// Never waits, for it runs on the session's own task: a chunk too many is dropped.
    pub(crate) fn send(&self, chunk: &[u8]) {
        let _ = self.0.try_send(chunk.to_vec());
    }
}

impl Output {
    /// All that was printed, once it is at least so many bytes.
    ///
    /// # Errors
    /// When nothing more can come and it is less.
    pub async fn at_least(&mut self, bytes: usize) -> Result<&[u8], Failure> {
        while self.content.len() < bytes {
            let chunk =
                self.chunks.recv().await.ok_or_else(|| {
                    format!("{} of {bytes} bytes were printed", self.content.len())
                })?;
            self.content.extend(chunk);
        }
        Ok(&self.content)
    }

    /// All that was printed until now.
    pub fn so_far(&mut self) -> &[u8] {
        while let Ok(chunk) = self.chunks.try_recv() {
            self.content.extend(chunk);
        }
        &self.content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_ends_with_the_last_byte_and_not_before() {
        let (chunks, mut output) = channel(3);
        let waited = output.at_least(6);
        let printed = async { ["ab", "cd", "efg"].map(|chunk| chunks.send(chunk.as_bytes())) };
        let (content, _) = tokio::join!(waited, printed);
        assert_eq!(content.unwrap(), b"abcdefg");
        assert_eq!(output.so_far(), b"abcdefg");
    }

    #[tokio::test]
    async fn a_wait_for_what_cannot_come_fails() {
        let (chunks, mut output) = channel(1);
        chunks.send(b"ab");
        drop(chunks);
        let error = output.at_least(3).await.unwrap_err();
        assert_eq!(error.to_string(), "2 of 3 bytes were printed");
    }
}
