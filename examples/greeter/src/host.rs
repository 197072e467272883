use greeter::pb::GreetRequest;
use greeter::{GreeterPlugin, HANDSHAKE};
use pintle::{Grpc, Host};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let program = std::env::current_exe()?;
    let session = Host::new(HANDSHAKE)
        .command(program)
        .arg("plugin")
        .launch(Grpc)
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

    let mut greeter = session.dispense::<GreeterPlugin>().await?;
    let answer = greeter
        .greet(GreetRequest {
            name: "world".to_owned(),
        })
        .await?;
    println!("answered  {}", answer.into_inner().greeting);

    let exit = session.close().await?;
    println!("ended     {exit}");
    Ok(())
}
