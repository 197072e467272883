//! `interop-proto FOLDER` writes the `.proto` files of the repository's interfaces below a folder, as
//! `cargo xtask proto` wants them: they are what a program in another language is compiled from.

use std::fs;
use std::path::Path;

use interop::Failure;
use pintle::interface::proto::ProtoFile;

fn main() -> Result<(), Failure> {
    let below = std::env::args().nth(1).ok_or("no folder to write to")?;
    for (folder, files) in interfaces() {
        for file in files {
            let path = Path::new(&below).join(folder).join(file.path);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, file.text)?;
        }
    }
    Ok(())
}

/// The folder of each interface, from the repository's root, and its files.
fn interfaces() -> [(&'static str, Vec<ProtoFile>); 4] {
    [
        (
            "examples/counter/proto",
            pintle::proto::<dyn counter::Counter>(),
        ),
        (
            "examples/greeter/proto",
            pintle::proto::<dyn greeter::Greeter>(),
        ),
        (
            "examples/transfer/proto",
            pintle::proto::<dyn transfer::Transfer>(),
        ),
        (
            "interop/proto",
            pintle::proto::<dyn interop::interface::Store>(),
        ),
    ]
}
