use std::fmt;
use std::sync::{Mutex, PoisonError};

use pintle::{CallError, Callback};

use crate::conformance::interface::contract::{Callbacks, Guest};
use crate::open_calls::{OpenCall, OpenCalls};

/// The guests of one side: how many there are, and how many of their calls wait.
#[derive(Clone, Default)]
pub(in crate::conformance::interface) struct Guests {
    there: OpenCalls,
    waiting: OpenCalls,
}

impl Guests {
    /// One more.
    pub(in crate::conformance::interface) fn guest(
        &self,
        name: &'static str,
    ) -> Callback<dyn Guest> {
        Callback::new(Named {
            name,
            guests: self.clone(),
            _there: self.there.enter(),
        })
    }

    /// Waits until exactly so many are there.
    pub(in crate::conformance::interface) async fn there(&self, exactly: u64) {
        self.there.reach(exactly).await;
    }

    /// Waits until exactly so many calls wait.
    pub(in crate::conformance::interface) async fn waiting(&self, exactly: u64) {
        self.waiting.reach(exactly).await;
    }
}

/// A guest with a name.
struct Named {
    name: &'static str,
    guests: Guests,
    _there: OpenCall,
}

impl Guest for Named {
    async fn repeat(&self, text: String) -> Result<String, CallError> {
        Ok(text)
    }

    async fn wait(&self) -> Result<(), CallError> {
        let _waiting = self.guests.waiting.enter();
        std::future::pending().await
    }

    async fn bounce(&self, left: u32, back: Callback<dyn Guest>) -> Result<Vec<String>, CallError> {
        let mut names = match left.checked_sub(1) {
            None => Vec::new(),
            Some(left) => back.bounce(left, self.guests.guest(self.name)).await?,
        };
        names.push(self.name.to_owned());
        Ok(names)
    }
}

/// The suite's [`Callbacks`].
#[derive(Default)]
pub struct CallsBack {
    guests: Guests,
    kept: Mutex<Option<Callback<dyn Guest>>>,
}

impl CallsBack {
    fn keep_it(&self, guest: Option<Callback<dyn Guest>>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = guest;
    }
}

impl fmt::Debug for CallsBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallsBack").finish_non_exhaustive()
    }
}

#[pintle::plugin]
impl Callbacks for CallsBack {
    async fn bounce(&self, left: u32, back: Callback<dyn Guest>) -> Result<Vec<String>, CallError> {
        self.guests.guest("plugin").bounce(left, back).await
    }

    async fn repeat_by(
        &self,
        guest: Option<Callback<dyn Guest>>,
        text: String,
    ) -> Result<Option<String>, CallError> {
        match guest {
            None => Ok(None),
            Some(guest) => guest.repeat(text).await.map(Some),
        }
    }

    async fn wait_for(&self, guest: Callback<dyn Guest>) -> Result<(), CallError> {
        guest.wait().await
    }

    async fn lend(&self) -> Result<Callback<dyn Guest>, CallError> {
        Ok(self.guests.guest("plugin"))
    }

    async fn lend_if(&self, there: bool) -> Result<Option<Callback<dyn Guest>>, CallError> {
        Ok(there.then(|| self.guests.guest("plugin")))
    }

    async fn lent(&self, exactly: u64) -> Result<(), CallError> {
        self.guests.there(exactly).await;
        Ok(())
    }

    async fn give_on(&self, guest: Callback<dyn Guest>) -> Result<Callback<dyn Guest>, CallError> {
        Ok(guest)
    }

    async fn keep(&self, guest: Callback<dyn Guest>) -> Result<(), CallError> {
        self.keep_it(Some(guest));
        Ok(())
    }

    async fn keep_and_fail(&self, guest: Callback<dyn Guest>) -> Result<(), CallError> {
        self.keep_it(Some(guest));
        Err(CallError::failed("kept all the same"))
    }

    async fn keep_and_wait(&self, guest: Callback<dyn Guest>) -> Result<(), CallError> {
        self.keep_it(Some(guest.clone()));
        guest.wait().await
    }

    async fn repeat_by_kept(&self, text: String) -> Result<String, CallError> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let kept = kept.ok_or_else(|| CallError::failed("none was kept"))?;
        kept.repeat(text).await
    }

    async fn forget(&self) -> Result<(), CallError> {
        self.keep_it(None);
        Ok(())
    }
}
