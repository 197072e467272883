use pintle::CallError;

/// Why a counter could not be read or added to.
#[pintle::message(package = "proto")]
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// Nobody added to the counter of that name.
    #[error("no such key: {0}")]
    #[pintle(code = "not_found")]
    NotFound(String),
    /// The plugin, or the adder, could not be asked.
    #[error("the call was lost")]
    Call(#[from] CallError),
}
