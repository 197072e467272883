//! The host: `counter-host 1 2 3` adds the numbers up, each sum called back by the plugin.
//!
//! The plugin is the program in `COUNTER_PLUGIN`, or the one built beside this.

use std::error::Error;
use std::path::PathBuf;

use counter::{CounterPlugin, HANDSHAKE};
use pintle::{Grpc, Host};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<i64> = std::env::args()
        .skip(1)
        .map(|word| word.parse())
        .collect::<Result<_, _>>()?;

    let session = Host::new(HANDSHAKE).command(plugin()?).launch(Grpc).await?;
    let mut counter = session.dispense::<CounterPlugin>().await?;
    for number in numbers {
        let adder = |a: i64, b: i64| {
            println!("the plugin asks for {a} + {b}");
            a.wrapping_add(b)
        };
        counter.add("total", number, adder).await?;
    }
    println!("total: {}", counter.get("total").await?);
    session.close().await?;
    Ok(())
}

fn plugin() -> std::io::Result<PathBuf> {
    match std::env::var_os("COUNTER_PLUGIN") {
        Some(program) => Ok(program.into()),
        None => Ok(std::env::current_exe()?.with_file_name("counter-plugin")),
    }
}
