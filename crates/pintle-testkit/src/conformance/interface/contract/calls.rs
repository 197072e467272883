use pintle::CallError;

use super::Values;

/// Calls that need nothing but their messages.
#[pintle::interface(package = "pintle.testkit.v1")]
pub trait Calls {
    /// Gives the values back.
    async fn values(&self, values: Values) -> Result<Values, CallError>;
    /// Gives the bytes back.
    async fn repeat(&self, bytes: Vec<u8>) -> Result<Vec<u8>, CallError>;
    /// Keeps the text, and tells nobody.
    async fn note(&self, text: String);
    /// What was noted.
    async fn noted(&self) -> Result<Vec<String>, CallError>;
    /// Fails like this.
    async fn refuse(&self, with: Refusal) -> Result<(), Refusal>;
    /// Fails with a code of gRPC's and a text.
    async fn fail(&self, code: u32, text: String) -> Result<(), CallError>;
    /// Panics with this text.
    async fn panic(&self, text: String) -> Result<(), Refusal>;
    /// Never answers.
    async fn wait(&self) -> Result<(), CallError>;
    /// Never answers either.
    #[pintle(deadline = "200ms")]
    async fn wait_briefly(&self) -> Result<(), CallError>;
    /// Answers once exactly this many calls wait.
    async fn waiting(&self, exactly: u64) -> Result<(), CallError>;
    /// Gives the number back once this many calls of it are open.
    async fn gather(&self, number: u32, calls: u32) -> Result<u32, CallError>;
    /// What the plugin's process has open.
    async fn holdings(&self) -> Result<Holdings, CallError>;
}

/// How a call can fail, by its interface.
#[pintle::message]
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// For no reason.
    #[error("no")]
    Plain,
    /// For this one.
    #[error("there is no {0}")]
    #[pintle(code = "not_found")]
    Missing(String),
    /// For several.
    #[error("{code} reasons")]
    #[allow(missing_docs)]
    Detailed { code: u64, reasons: Vec<String> },
    /// The call had no result.
    #[error("the other side is gone")]
    Lost(#[from] CallError),
}

/// What a process has open.
#[pintle::message]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holdings {
    /// Tasks that have not ended.
    pub tasks: u64,
    /// File descriptors.
    pub descriptors: u64,
}
