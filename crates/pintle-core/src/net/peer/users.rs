//! Several users, which only root can be; another is told so, and sees the tests pass.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::Uid;
use tokio::io::AsyncReadExt;

use crate::net::{Address, Net, NetError, Network, SameView};
use crate::security::Security;

const OWN: u32 = 54_321;
const OTHER: u32 = 54_322;

/// Runs `task` on a thread that is this user, and no other thread is.
fn as_user<T: Send>(uid: u32, task: impl FnOnce() -> T + Send) -> T {
    let uid = Uid::from_raw(uid);
    thread::scope(|scope| {
        let user = scope.spawn(|| {
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
            task()
        });
        user.join().unwrap()
    })
}

fn with_net<T>(dir: &Path, task: impl AsyncFnOnce(Net) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let network = Network::Unix {
        dir: dir.to_owned(),
        group: None,
    };
    let patience = Duration::from_secs(20);
    let net = Net::new(network, Security::Plain, patience, Arc::new(SameView));
    runtime.block_on(task(net))
}

/// A directory where everybody may make sockets, unless only root could tell.
fn open_dir() -> Option<tempfile::TempDir> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tested, as only root can be several users");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    Some(dir)
}

#[test]
fn a_socket_of_another_user_is_not_spoken_with() {
    let Some(dir) = open_dir() else { return };
    let path = dir.path().join("socket");
    let _listener = as_user(OTHER, || UnixListener::bind(&path).unwrap());
    std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let address = Address::unix(&path).unwrap();
    let dial = |uid| {
        as_user(uid, || {
            with_net(dir.path(), async |net| net.dial(&address).await.map(drop))
        })
    };
    match dial(OWN) {
        Err(NetError::Stranger { uid, expected, .. }) => {
            assert_eq!((uid, expected), (OTHER, OWN));
        }
        other => panic!("it should be a stranger: {other:?}"),
    }
    assert!(dial(OTHER).is_ok());
    assert!(dial(0).is_ok());
}

#[test]
fn a_connection_of_another_user_is_closed_and_the_next_accepted() {
    let Some(dir) = open_dir() else { return };
    let (tell, told) = mpsc::channel();
    let said = thread::scope(|scope| {
        let listening = scope.spawn(|| as_user(OWN, || with_net(dir.path(), listen(tell))));
        let path = told.recv().unwrap();
        let say = |word: &str| {
            let mut stream = UnixStream::connect(&path).unwrap();
            // A stranger may have been hung up on.
            let _ = stream.write_all(word.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
            // Until the other side has closed it.
            let _ = stream.read_to_end(&mut Vec::new());
        };
        as_user(OTHER, || say("stranger"));
        as_user(OWN, || say("friend"));
        listening.join().unwrap()
    });
    assert_eq!(said, "friend");
}

/// Tells where it listens, and returns what the first says whose connection is accepted.
fn listen(tell: mpsc::Sender<PathBuf>) -> impl AsyncFnOnce(Net) -> String {
    async move |net| {
        let listener = net.listen().await.unwrap();
        let Address::Unix(path) = listener.address().clone() else {
            panic!("it is no unix socket: {}", listener.address());
        };
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // As if the file did not keep strangers out.
        std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        tell.send(path).unwrap();
        let mut stream = listener.accept().await.secure().await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    }
}
