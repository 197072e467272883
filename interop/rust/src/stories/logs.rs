//! The plugin's log, entry by entry, as the host hears it.

use pintle::LogEntry;
use serde_json::Value;

use super::kv::put;
use crate::{Failure, KvPlugin, Launched};

/// What the plugin is asked to log, once per level.
const MESSAGE: &str = "hello";

pub(super) async fn tell(launched: &mut Launched) -> Result<(), Failure> {
    let mut kv = launched.session.dispense::<KvPlugin>().await?;
    put(&mut kv, "log", MESSAGE.as_bytes()).await?;
    for _ in 0..5 {
        let entry = loop {
            let entry = launched.logs.recv().await.ok_or("the log ended")?;
            if entry.message == MESSAGE {
                break entry;
            }
        };
        let level = entry.level.as_str().to_lowercase();
        let (answer, name) = (field(&entry, "answer"), field(&entry, "name"));
        println!("log {level}: {} answer={answer} name={name}", entry.message);
    }

    // Only an ended plugin cannot log the same thing once more.
    launched.session.close().await?;
    while let Ok(entry) = launched.logs.try_recv() {
        if entry.message == MESSAGE {
            return Err("a log line came twice".into());
        }
    }
    Ok(())
}

/// A field as a person reads it: text without its quotes.
fn field(entry: &LogEntry, name: &str) -> String {
    match entry.fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}
