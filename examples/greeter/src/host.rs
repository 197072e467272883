use greeter::{Greeter, HANDSHAKE};
use pintle::{BoxError, Host, Transports};

#[tokio::main]
pub(crate) async fn run(transports: Transports) -> Result<(), BoxError> {
    let program = std::env::current_exe()?;
    let session = Host::new(HANDSHAKE)
        .command(program)
        .arg("plugin")
        .launch(transports)
        .await?;
    println!(
        "launched  process {}, {}",
        session.pid().unwrap_or(0),
        session.address()
    );
    println!(
        "agreed    protocol version {}, {}, {}",
        session.version(),
        session.protocol(),
        if session.is_secure() {
            "mutual TLS"
        } else {
            "plaintext"
        },
    );

    let greeter = session.dispense::<dyn Greeter>().await?;
    println!("answered  {}", greeter.greet("world".into()).await?);

    let exit = session.close().await?;
    println!("ended     {exit}");
    Ok(())
}
