use tokio_util::sync::CancellationToken;

/// Tells a plugin, once, to end. A clone is another handle to the same word.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

impl Shutdown {
    /// One that nobody has triggered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells everyone who waits; triggering again changes nothing.
    pub fn trigger(&self) {
        self.token.cancel();
    }

    /// Whether it has been triggered.
    pub fn is_triggered(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Resolves when it is triggered. Cancel-safe.
    pub async fn wait(&self) {
        self.token.cancelled().await;
    }
}
