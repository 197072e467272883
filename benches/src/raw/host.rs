//! The host's side of both floors.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Instant;

use pintle::BoxError;

use super::{FRAME_HEAD_BYTES, Order, PIECE_BYTES, blocking, blocking_plugin, with_buffers, with_tokio};
use crate::answer::Answer;
use crate::command::Command;
use crate::contract::SMALL_BYTES;

/// A host and the plugins it has launched.
#[derive(Debug)]
pub struct RawHost {
    kind: &'static str,
    launched: Vec<Launched>,
}

#[derive(Debug)]
struct Launched {
    child: Child,
    stdout: BufReader<ChildStdout>,
    dir: tempfile::TempDir,
    calls: Calls,
}

/// The connection for calls.
#[derive(Debug)]
enum Calls {
    Blocking(UnixStream),
    Tokio(tokio::net::UnixStream),
}

impl RawHost {
    /// The host with blocking sockets.
    pub fn blocking() -> Self {
        Self::new("raw-blocking")
    }

    /// The host with tokio's sockets.
    pub fn tokio() -> Self {
        Self::new("raw-tokio")
    }

    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            launched: Vec::new(),
        }
    }

    /// Does what it is told. The blocking one blocks its thread, which nobody else is on.
    ///
    /// # Errors
    /// When a socket fails.
    pub async fn run(&mut self, command: Command) -> Result<Answer, BoxError> {
        let begin = Instant::now();
        if command == Command::Launch {
            let mut launched = self.launch()?;
            let payload = [7; SMALL_BYTES];
            launched.call(&payload, 1, 1).await?;
            let took = begin.elapsed();
            let pid = launched.child.id();
            self.launched.push(launched);
            return Ok(Answer::Launched { took, pid });
        }
        let launched = self.launched.first_mut().ok_or("nothing is launched")?;
        match (command, &launched.calls) {
            (
                Command::Unary {
                    bytes,
                    in_flight,
                    calls,
                },
                _,
            ) => {
                launched.call(&vec![7; bytes], in_flight, calls).await?;
            }
            (Command::Up { bytes }, Calls::Tokio(_)) => {
                with_tokio::up(&launched.path(), bytes).await?;
            }
            (Command::Down { bytes }, Calls::Tokio(_)) => {
                whole(with_tokio::down(&launched.path(), bytes).await?, bytes)?;
            }
            (_, Calls::Tokio(_)) => return Ok(Answer::Absent("the blocking floor has it")),
            (_, Calls::Blocking(_)) => launched.run(command)?,
        }
        Ok(Answer::Took(begin.elapsed()))
    }

    fn launch(&self) -> Result<Launched, BoxError> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("plugin");
        let plugin = std::env::current_exe()?.with_file_name("bench-plugin");
        let mut child = std::process::Command::new(plugin)
            .arg(self.kind)
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("it has no stdout")?;
        let mut stdout = BufReader::with_capacity(PIECE_BYTES, stdout);
        stdout.read_line(&mut String::new())?;
        let calls = connect(&path, Order::Echo)?;
        let calls = match self.kind {
            "raw-tokio" => {
                calls.set_nonblocking(true)?;
                Calls::Tokio(tokio::net::UnixStream::from_std(calls)?)
            }
            _ => Calls::Blocking(calls),
        };
        Ok(Launched {
            child,
            stdout,
            dir,
            calls,
        })
    }
}

impl Launched {
    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("plugin")
    }

    async fn call(&mut self, payload: &[u8], in_flight: usize, calls: u64) -> io::Result<()> {
        match &mut self.calls {
            Calls::Blocking(stream) if in_flight == 1 => blocking::call(stream, payload, calls),
            Calls::Blocking(stream) => blocking::call_many(stream, payload, in_flight, calls),
            Calls::Tokio(stream) => with_tokio::call_many(stream, payload, in_flight, calls).await,
        }
    }

    /// What only the blocking floor does.
    fn run(&mut self, command: Command) -> Result<(), BoxError> {
        let path = self.path();
        match command {
            Command::Callback { calls } => self.ring(calls)?,
            Command::Dial { count } => {
                for _ in 0..count {
                    self.ring(1)?;
                }
            }
            Command::Up { bytes } => {
                let mut stream = connect(&path, Order::Up(bytes))?;
                let piece = vec![7; PIECE_BYTES];
                for length in super::pieces(bytes) {
                    stream.write_all(&piece[..length])?;
                }
                stream.read_exact(&mut [0])?;
            }
            Command::Down { bytes } => {
                whole(count(connect(&path, Order::Down(bytes))?)?, bytes)?;
            }
            Command::Items { count: items } => {
                let frames = count(connect(&path, Order::Items(items))?)?;
                whole(frames, items * (FRAME_HEAD_BYTES + SMALL_BYTES) as u64)?;
            }
            Command::Flood { bytes } => {
                let mut stream = connect(&path, Order::Flood(bytes))?;
                whole(count((&mut self.stdout).take(bytes))?, bytes)?;
                stream.read_exact(&mut [0])?;
            }
            Command::Launch | Command::Unary { .. } => unreachable!("they are for both floors"),
        }
        Ok(())
    }

    /// Has the plugin call back, over a listener of its own.
    fn ring(&self, times: u64) -> io::Result<()> {
        let path = super::host_path(&self.path());
        let listener = UnixListener::bind(&path)?;
        let mut order = connect(&self.path(), Order::Ring(times))?;
        let (stream, _) = listener.accept()?;
        std::fs::remove_file(path)?;
        blocking_plugin::echo(&with_buffers(stream)?)?;
        order.read_exact(&mut [0])
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(path: &Path, order: Order) -> io::Result<UnixStream> {
    let mut stream = with_buffers(UnixStream::connect(path)?)?;
    stream.write_all(&order.to_bytes())?;
    Ok(stream)
}

fn count(mut from: impl Read) -> io::Result<u64> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut so_far = 0;
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(so_far),
            read => so_far += read as u64,
        }
    }
}

fn whole(came: u64, expected: u64) -> Result<(), BoxError> {
    match came == expected {
        true => Ok(()),
        false => Err(format!("{came} came instead of {expected}").into()),
    }
}
