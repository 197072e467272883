//! `cargo run -p greeter`: launches a plugin, asks it for a greeting, ends it.
//!
//! A plugin is usually a program of its own. Here one program is both, so that
//! one command builds everything: with the argument `plugin` it is the plugin.

mod host;
mod plugin;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("plugin") => Ok(plugin::main()?),
        _ => host::main(),
    }
}
