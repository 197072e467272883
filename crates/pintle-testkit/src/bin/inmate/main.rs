//! A plugin that does what [`Deeds`] names; `inmate read PATH` and `inmate privileges` do one of
//! them and end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::TcpStream;
use std::process::{Command, ExitCode};

use pintle::{CallError, Code};
use pintle_testkit::{Deeds, HANDSHAKE};
use rustix::process::{Pid, Signal, kill_process};

struct Inmate;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let said = match &args[..] {
        [] => {
            let served = pintle::serve(HANDSHAKE).plugin(Inmate).run().await;
            return match served {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("{error:?}");
                    ExitCode::FAILURE
                }
            };
        }
        [deed, path] if deed == "read" => fs::read_to_string(path),
        [deed] if deed == "privileges" => privileges(),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    };
    match said {
        Ok(said) => println!("{said}"),
        Err(error) => println!("{:?}", error.kind()),
    }
    ExitCode::SUCCESS
}

#[pintle::plugin]
impl Deeds for Inmate {
    async fn read(&self, path: String) -> Result<String, CallError> {
        told(fs::read_to_string(path))
    }

    async fn write(&self, path: String) -> Result<(), CallError> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        told(file.and_then(|mut file| file.write_all(b"something")))
    }

    async fn remove(&self, path: String) -> Result<(), CallError> {
        told(fs::remove_file(path))
    }

    async fn make_disk(&self, path: String) -> Result<(), CallError> {
        use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
        let made = mknodat(CWD, path, FileType::BlockDevice, Mode::RUSR, makedev(1, 0));
        told(made.map_err(io::Error::from))
    }

    async fn connect(&self, address: String) -> Result<(), CallError> {
        told(TcpStream::connect(address).map(drop))
    }

    async fn allocate(&self, bytes: u64) -> Result<(), CallError> {
        let bytes = usize::try_from(bytes).expect("it is a machine of 64 bits");
        let mut memory = Vec::new();
        let refused = memory.try_reserve_exact(bytes);
        told(refused.map_err(|_| io::ErrorKind::OutOfMemory.into()))?;
        memory.resize(bytes, 1_u8);
        std::hint::black_box(memory);
        Ok(())
    }

    async fn open(&self, files: u32) -> Result<(), CallError> {
        let open = (0..files).map(|_| File::open("/dev/null"));
        told(open.collect::<io::Result<Vec<_>>>().map(drop))
    }

    async fn links(&self, directory: String) -> Result<Vec<String>, CallError> {
        let entries = told(fs::read_dir(directory))?.flatten();
        let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
        Ok(targets.map(|path| path.display().to_string()).collect())
    }

    async fn signal(&self, pid: u32) -> Result<(), CallError> {
        let pid = Pid::from_raw(pid as i32).expect("a process has a number");
        told(kill_process(pid, Signal::CONT).map_err(io::Error::from))
    }

    async fn privileges(&self) -> Result<String, CallError> {
        told(privileges())
    }

    async fn child(&self, args: Vec<String>) -> Result<String, CallError> {
        let own = told(std::env::current_exe())?;
        let output = told(Command::new(own).args(args).output())?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn spin(&self) -> Result<(), CallError> {
        loop {
            std::hint::spin_loop();
        }
    }
}

fn privileges() -> io::Result<String> {
    let gains = !rustix::thread::no_new_privs()?;
    let has = rustix::thread::capabilities(None)?.permitted;
    Ok(format!("gains: {gains}, has: {}", has.bits().count_ones()))
}

/// The kind of the error, or its number where it has no kind of its own.
fn told<T>(done: io::Result<T>) -> Result<T, CallError> {
    done.map_err(|error| {
        let kind = match error.raw_os_error() {
            Some(number @ 24) => format!("error {number}"),
            _ => format!("{:?}", error.kind()),
        };
        CallError::with_code(Code::Aborted, kind)
    })
}
