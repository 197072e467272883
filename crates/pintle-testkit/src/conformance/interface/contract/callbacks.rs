use pintle::{CallError, Callback};

/// What one side lends and the other calls.
#[pintle::interface(package = "pintle.testkit.v1")]
pub trait Guest {
    /// Gives the text back.
    async fn repeat(&self, text: String) -> Result<String, CallError>;
    /// Never answers.
    async fn wait(&self) -> Result<(), CallError>;
    /// Calls `back` with a guest of its own until nothing is left; the names of all on the way, the
    /// last one first.
    async fn bounce(&self, left: u32, back: Callback<dyn Guest>) -> Result<Vec<String>, CallError>;
}

/// Calls that are about guests.
#[pintle::interface(package = "pintle.testkit.v1")]
pub trait Callbacks {
    /// As [`Guest::bounce`].
    async fn bounce(&self, left: u32, back: Callback<dyn Guest>) -> Result<Vec<String>, CallError>;
    /// What the guest answers, if there is one.
    async fn repeat_by(
        &self,
        guest: Option<Callback<dyn Guest>>,
        text: String,
    ) -> Result<Option<String>, CallError>;
    /// Waits for the guest, which never answers.
    async fn wait_for(&self, guest: Callback<dyn Guest>) -> Result<(), CallError>;
    /// A guest of the plugin's.
    async fn lend(&self) -> Result<Callback<dyn Guest>, CallError>;
    /// A guest of the plugin's, or none.
    async fn lend_if(&self, there: bool) -> Result<Option<Callback<dyn Guest>>, CallError>;
    /// Answers once exactly so many guests of the plugin's are there.
    async fn lent(&self, exactly: u64) -> Result<(), CallError>;
    /// Gives back what it was given.
    async fn give_on(&self, guest: Callback<dyn Guest>) -> Result<Callback<dyn Guest>, CallError>;
    /// Keeps the guest.
    async fn keep(&self, guest: Callback<dyn Guest>) -> Result<(), CallError>;
    /// Keeps the guest, but fails.
    async fn keep_and_fail(&self, guest: Callback<dyn Guest>) -> Result<(), CallError>;
    /// Keeps the guest, but takes too long.
    #[pintle(deadline = "500ms")]
    async fn keep_and_wait(&self, guest: Callback<dyn Guest>) -> Result<(), CallError>;
    /// What the guest that was kept answers.
    async fn repeat_by_kept(&self, text: String) -> Result<String, CallError>;
    /// Drops what was kept.
    async fn forget(&self) -> Result<(), CallError>;
}
