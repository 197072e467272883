//! An output of a child, which ends with the child though others hold it open.

use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::io::ioctl_fionread;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf, Take};
use tokio::sync::watch;

use super::{BoxFuture, Exit};

/// The reading end of a pipe that a child writes to.
///
/// Whatever the child wrote is in the pipe when it has ended, and how much that is the kernel knows.
/// So much is read then and no more: a process that has the pipe from the child and lives on does
/// not keep it open for us, however it writes.
pub(super) struct Outlet<R> {
    source: Take<R>,
    /// The end of the child, until it has come.
    ended: Option<BoxFuture<'static, ()>>,
}

impl<R: AsyncRead + AsFd + Unpin> Outlet<R> {
    pub(super) fn new(source: R, mut exit: watch::Receiver<Option<Exit>>) -> Self {
        Self {
            source: source.take(u64::MAX),
            ended: Some(Box::pin(async move {
                // Whoever waits for the child tells of its end before it is gone itself.
                let _ = exit.wait_for(Option::is_some).await;
            })),
        }
    }
}

impl<R: AsyncRead + AsFd + Unpin> AsyncRead for Outlet<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        if let Some(ended) = &mut this.ended
            && ended.as_mut().poll(cx).is_ready()
        {
            this.ended = None;
            // One that cannot be counted is read to its own end.
            if let Ok(left) = ioctl_fionread(this.source.get_ref()) {
                this.source.set_limit(left);
            }
        }
        Pin::new(&mut this.source).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use tokio::net::unix::pipe;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn pipe() -> (std::io::PipeWriter, pipe::Receiver) {
        let (reader, writer) = std::io::pipe().unwrap();
        let reader = pipe::Receiver::from_owned_fd(reader.into()).unwrap();
        (writer, reader)
    }

    #[tokio::test]
    async fn what_is_in_it_at_the_childs_end_is_read_and_nothing_that_others_write_later() {
        let (mut writer, reader) = pipe();
        let (told, exit) = watch::channel(None);
        let mut outlet = Outlet::new(reader, exit);
        writer.write_all(b"before").unwrap();
        let mut read = [0; 3];
        outlet.read_exact(&mut read).await.unwrap();
        told.send_replace(Some(Exit::Code(0)));
        let mut rest = Vec::new();
        // Counted when it is read next: what came in between is read with it, and does no harm.
        assert_eq!(outlet.read_buf(&mut rest).await.unwrap(), 3);
        writer.write_all(b"after").unwrap();
        let reading = timeout(PATIENCE, outlet.read_to_end(&mut rest));
        assert_eq!(reading.await.unwrap().unwrap(), 0);
        assert_eq!(rest, b"ore");
    }

    #[tokio::test]
    async fn who_waits_for_more_hears_of_the_childs_end() {
        let (writer, reader) = pipe();
        let (told, exit) = watch::channel(None);
        let mut outlet = Outlet::new(reader, exit);
        let mut rest = Vec::new();
        let (read, ()) = tokio::join!(timeout(PATIENCE, outlet.read_to_end(&mut rest)), async {
            tokio::task::yield_now().await;
            told.send_replace(Some(Exit::Code(0)));
        });
        assert_eq!(read.unwrap().unwrap(), 0);
        drop(writer);
    }

    #[tokio::test]
    async fn it_ends_with_the_pipe_though_the_child_lives_on() {
        let (writer, reader) = pipe();
        let (_told, exit) = watch::channel(None);
        let mut outlet = Outlet::new(reader, exit);
        drop(writer);
        let mut rest = Vec::new();
        let reading = timeout(PATIENCE, outlet.read_to_end(&mut rest));
        assert_eq!(reading.await.unwrap().unwrap(), 0);
    }
}
