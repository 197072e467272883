//! What a plugin should not do to the directory of the session's sockets.

use std::fs;
use std::io;
use std::path::PathBuf;

use pintle_testkit::Vice;

pub(super) fn misbehave(vice: Vice) -> io::Result<()> {
    let dir = std::env::var_os("PLUGIN_UNIX_SOCKET_DIR").expect("a host names the directory");
    let dir = PathBuf::from(dir);
    let sockets: Vec<_> = fs::read_dir(&dir)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    match vice {
        Vice::UnlinksItsSocket => sockets.iter().try_for_each(fs::remove_file),
        Vice::ReplacesItsSocket => sockets.iter().try_for_each(|socket| {
            fs::remove_file(socket)?;
            fs::create_dir(socket)?;
            fs::write(socket.join("file"), "mine")
        }),
        Vice::FillsTheDirectory => {
            for number in 0..2000 {
                fs::write(dir.join(format!("file{number}")), "mine")?;
            }
            fs::create_dir_all(dir.join("deep/".repeat(200)))
        }
        Vice::RemovesTheDirectory => fs::remove_dir_all(&dir),
        _ => unreachable!("{vice:?} does not show in files"),
    }
}
