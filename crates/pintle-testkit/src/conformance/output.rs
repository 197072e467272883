//! What the plugin prints.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use pintle::OutputTo;

use super::{Ask, Mount, Printed};

/// All of it is there once the session is closed; what was printed last, too.
pub async fn what_the_plugin_prints_arrives_whole_and_in_order(mount: &Mount) {
    let (stdout, stderr) = (Heard::default(), Heard::default());
    let mounted = mount
        .launch_by(|host| host.stdout(stdout.output()).stderr(stderr.output()))
        .await;
    let mut said = [Vec::new(), Vec::new()];
    for turn in 0..100_u32 {
        for (to, said) in [Printed::Stdout, Printed::Stderr]
            .into_iter()
            .zip(&mut said)
        {
            let text = format!("{turn} {}\n", "x".repeat(turn as usize * 50));
            said.extend_from_slice(text.as_bytes());
            mounted.ask(Ask::Print(to, Bytes::from(text))).await;
        }
    }
    mounted.close().await;
    assert!(stdout.all() == said[0], "the standard output changed");
    assert!(stderr.all() == said[1], "the standard error changed");
}

/// Where a test's host puts what it hears.
#[derive(Clone, Default)]
pub(super) struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Heard {
    pub(super) fn output(&self) -> OutputTo {
        let heard = Arc::clone(&self.bytes);
        OutputTo::each(move |chunk| {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.extend_from_slice(chunk);
        })
    }

    pub(super) fn all(&self) -> Vec<u8> {
        let heard = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clone()
    }
}
