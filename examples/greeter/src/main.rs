//! `cargo run -p greeter [-- --transport grpc|tarpc]`: launches a plugin, asks it for a greeting,
//! ends it.
//!
//! A plugin is usually a program of its own. Here one program is both, so that
//! one command builds everything: with the argument `plugin` it is the plugin.

mod host;
mod plugin;

use pintle::BoxError;

fn main() -> Result<(), BoxError> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["plugin"] => Ok(plugin::main()?),
        ["--transport", word] => host::run(pintle::transports().only(word)?),
        [] => host::run(pintle::transports()),
        _ => Err("usage: greeter [--transport grpc|tarpc]".into()),
    }
}
