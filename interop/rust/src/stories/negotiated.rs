//! The version that both sides believe in is the one whose plugin answers.

use super::kv::{get, put};
use crate::{Failure, KvPlugin, Launched};

pub(super) async fn tell(launched: &Launched) -> Result<(), Failure> {
    println!("version: {}", launched.session.version());
    let mut kv = launched.session.dispense::<KvPlugin>().await?;
    put(&mut kv, "hello", b"world").await?;
    let value = get(&mut kv, "hello").await?;
    println!("get hello = {}", String::from_utf8(value)?);
    Ok(())
}
