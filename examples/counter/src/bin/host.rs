//! The host: `counter-host [--transport grpc|tarpc] 1 2 3` adds the numbers up, each sum called
//! back by the plugin.
//!
//! The plugin is the program in `COUNTER_PLUGIN`, or the one built beside this.

use std::error::Error;
use std::path::PathBuf;

use counter::{AddHelper, Counter, HANDSHAKE};
use pintle::{CallError, Callback, Host};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let (transport, numbers) = match &words[..] {
        [option, word, rest @ ..] if option == "--transport" => (Some(word.as_str()), rest),
        all => (None, all),
    };
    let numbers = numbers.iter().map(|word| word.parse());
    let numbers: Vec<i64> = numbers.collect::<Result<_, _>>()?;

    let host = Host::new(HANDSHAKE);
    let transports = match transport {
        Some(word) => pintle::transports().only(word)?,
        None => pintle::transports(),
    };
    let session = host.command(plugin()?).launch(transports).await?;
    let counter = session.dispense::<dyn Counter>().await?;
    for number in numbers {
        let adder = Callback::new(Adder);
        counter.put(adder, "total".into(), number).await?;
    }
    println!("total: {}", counter.get("total".into()).await?);
    session.close().await?;
    Ok(())
}

struct Adder;

impl AddHelper for Adder {
    async fn sum(&self, a: i64, b: i64) -> Result<i64, CallError> {
        println!("the plugin asks for {a} + {b}");
        Ok(a.wrapping_add(b))
    }
}

fn plugin() -> std::io::Result<PathBuf> {
    match std::env::var_os("COUNTER_PLUGIN") {
        Some(program) => Ok(program.into()),
        None => Ok(std::env::current_exe()?.with_file_name("counter-plugin")),
    }
}
